#include "models/train/sets/detection_set.h"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <set>

#include "absl/strings/str_cat.h"
#include "common/artifact/json_fields.h"
#include "common/base/status_macros.h"
#include "models/train/data/annotate.h"
#include "models/train/sets/detection_layouts.h"

namespace sluice::train {
namespace {

using artifact::Quoted;

constexpr float kMaxOverhang = 1.0f;  // Pixels.

using ClassIndices = std::map<std::string, int, std::less<>>;

// What labels.txt of a tail can hold.
absl::Status CheckLabel(const std::string& label) {
  if (!label.empty() &&
      artifact::DumpJson(label, -1) == absl::StrCat("\"", label, "\"")) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      absl::StrCat("expected classes of UTF-8 without control characters, "
                   "quotes and backslashes, found ",
                   Quoted(label)));
}

// The names of all boxes, ascending.
std::vector<std::string> FindLabels(const std::vector<AnnotatedFile>& files) {
  std::set<std::string> names;
  for (const AnnotatedFile& file : files) {
    for (const NamedBox& box : file.boxes) names.insert(box.class_name);
  }
  return {names.begin(), names.end()};
}

absl::StatusOr<ClassIndices> IndexLabels(
    const std::vector<std::string>& labels) {
  ClassIndices indices;
  for (const std::string& label : labels) {
    SLUICE_RETURN_IF_ERROR(CheckLabel(label));
    const int index = static_cast<int>(indices.size());
    if (!indices.emplace(label, index).second) {
      return absl::InvalidArgumentError(absl::StrCat(
          "expected every label once, found ", Quoted(label), " twice"));
    }
  }
  if (indices.empty()) {
    return absl::InvalidArgumentError("expected a box or more, found none");
  }
  return indices;
}

// "10..20 by 5..8", for messages.
std::string Shown(const task::Box& box) {
  return absl::StrCat(box.x_min, "..", box.x_max, " by ", box.y_min, "..",
                      box.y_max);
}

bool IsDeclared(vision::Size size) { return size.width > 0; }

// Within the picture, or within any picture when the size is undeclared.
task::Box Clip(const task::Box& box, vision::Size size) {
  const auto max_x = static_cast<float>(
      IsDeclared(size) ? size.width : vision::kMaxPictureSide);
  const auto max_y = static_cast<float>(
      IsDeclared(size) ? size.height : vision::kMaxPictureSide);
  return {
      std::clamp(box.x_min, 0.0f, max_x), std::clamp(box.y_min, 0.0f, max_y),
      std::clamp(box.x_max, 0.0f, max_x), std::clamp(box.y_max, 0.0f, max_y)};
}

absl::StatusOr<std::vector<LabelledBox>> LabelBoxes(
    const AnnotatedFile& file, const ClassIndices& indices) {
  std::vector<LabelledBox> boxes;
  for (const NamedBox& named : file.boxes) {
    const std::string where =
        absl::StrCat("box ", boxes.size() + 1, " of ", file.boxes.size(), ": ");
    const auto found = indices.find(named.class_name);
    if (found == indices.end()) {
      return absl::InvalidArgumentError(
          absl::StrCat(where, "expected one of ", indices.size(),
                       " given classes, found ", Quoted(named.class_name)));
    }
    const task::Box box = Clip(named.box, file.size);
    if (task::Area(box) <= 0.0f) {
      return absl::InvalidArgumentError(
          absl::StrCat(where, "expected some of the picture in it, found ",
                       Shown(named.box)));
    }
    boxes.push_back({found->second, box, named.ignore});
  }
  return boxes;
}

}  // namespace

absl::StatusOr<DetectionSet> DetectionSet::Open(
    const std::filesystem::path& path, std::string_view split,
    std::span<const std::string> labels) {
  SLUICE_ASSIGN_OR_RETURN(FileSet files, FileSet::Open(path));
  absl::StatusOr<DetectionSet> set = Build(std::move(files), split, labels);
  if (!set.ok()) return Annotate(set.status(), path.string());
  return set;
}

absl::StatusOr<DetectionSet> DetectionSet::Build(
    FileSet files, std::string_view split,
    std::span<const std::string> labels) {
  SLUICE_ASSIGN_OR_RETURN(std::vector<AnnotatedFile> annotated,
                          ReadDetectionLayout(files, split));
  if (annotated.empty()) {
    return absl::InvalidArgumentError("expected a picture or more, found none");
  }
  std::vector<std::string> names(labels.begin(), labels.end());
  if (names.empty()) names = FindLabels(annotated);
  SLUICE_ASSIGN_OR_RETURN(const ClassIndices indices, IndexLabels(names));
  std::sort(annotated.begin(), annotated.end(),
            [](const AnnotatedFile& a, const AnnotatedFile& b) {
              return a.picture < b.picture;
            });
  std::vector<Entry> pictures;
  for (const AnnotatedFile& file : annotated) {
    const std::string where =
        absl::StrCat(file.annotation, ": picture ", files.name(file.picture));
    if (!pictures.empty() && pictures.back().file_index == file.picture) {
      return absl::InvalidArgumentError(
          absl::StrCat(where, ": expected one annotation, found two"));
    }
    absl::StatusOr<std::vector<LabelledBox>> boxes = LabelBoxes(file, indices);
    if (!boxes.ok()) return Annotate(boxes.status(), where);
    pictures.push_back({file.picture, file.size, *std::move(boxes)});
  }
  return DetectionSet(std::move(files), std::move(names), std::move(pictures));
}

absl::StatusOr<vision::Picture> DetectionSet::ReadPicture(size_t index) const {
  const Entry& entry = pictures_[index];
  SLUICE_ASSIGN_OR_RETURN(const std::vector<uint8_t> bytes,
                          files_.Read(entry.file_index));
  absl::StatusOr<vision::Picture> picture = vision::DecodePicture(bytes);
  if (!picture.ok()) return Annotate(picture.status(), name(index));
  const vision::Size size = picture->size();
  if (IsDeclared(entry.size) && entry.size != size) {
    return absl::InvalidArgumentError(absl::StrCat(
        name(index), ": expected the ", entry.size.width, " x ",
        entry.size.height, " pixels that its annotation declares, found ",
        size.width, " x ", size.height, " after EXIF rotation"));
  }
  for (const LabelledBox& labelled : entry.boxes) {
    const task::Box& box = labelled.box;
    if (box.x_max > static_cast<float>(size.width) + kMaxOverhang ||
        box.y_max > static_cast<float>(size.height) + kMaxOverhang) {
      return absl::InvalidArgumentError(
          absl::StrCat(name(index), ": expected boxes within ", size.width,
                       " x ", size.height, " pixels, found ", Shown(box)));
    }
  }
  return picture;
}

}  // namespace sluice::train
