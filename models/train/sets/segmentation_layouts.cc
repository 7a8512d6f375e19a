#include "models/train/sets/segmentation_layouts.h"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "models/train/data/annotate.h"
#include "models/train/sets/picture_index.h"
#include "models/train/sets/voc_annotation.h"

namespace sluice::train {
namespace {

struct Folders {
  std::string pictures;
  std::string masks;
};

// Indices into the file set by name below the folder, without extension.
using ByStem = std::map<std::string, size_t, std::less<>>;

absl::StatusOr<ByStem> PicturesBelow(const FileSet& files,
                                     const std::string& folder) {
  ByStem found;
  for (const size_t index : FilesBelow(files, folder, "")) {
    const std::string& name = files.name(index);
    if (!IsPictureName(name)) continue;
    const auto [other, is_new] =
        found.emplace(WithoutExtension(name).substr(folder.size()), index);
    if (is_new) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("expected one picture of a name, found ",
                     files.name(other->second), " and ", name));
  }
  return found;
}

absl::StatusOr<std::vector<MaskedFile>> Pair(const std::set<std::string>& names,
                                             const Folders& folders,
                                             const ByStem& pictures,
                                             const ByStem& masks) {
  std::vector<MaskedFile> pairs;
  for (const std::string& name : names) {
    const auto picture = pictures.find(name);
    const auto mask = masks.find(name);
    if (picture == pictures.end() || mask == masks.end()) {
      const bool lacks_mask = mask == masks.end();
      return absl::InvalidArgumentError(
          absl::StrCat("expected a picture in ", folders.pictures,
                       " and its mask in ", folders.masks, ", found no ",
                       lacks_mask ? "mask" : "picture", " named ", name));
    }
    pairs.push_back({picture->second, mask->second});
  }
  return pairs;
}

// The names that ImageSets/Segmentation/<split>.txt lists.
absl::StatusOr<std::set<std::string>> VocNames(const FileSet& files,
                                               const std::string& list) {
  const std::optional<size_t> index = files.Find(list);
  if (!index.has_value()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "expected a list of the split's pictures, ", list, ", found none"));
  }
  SLUICE_ASSIGN_OR_RETURN(const std::vector<uint8_t> bytes, files.Read(*index));
  const absl::StatusOr<std::vector<std::string>> names = ParseVocImageSet(
      {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  if (!names.ok()) return Annotate(names.status(), list);
  return std::set<std::string>(names->begin(), names->end());
}

std::set<std::string> Names(const ByStem& files) {
  std::set<std::string> names;
  for (const auto& [name, index] : files) names.insert(name);
  return names;
}

std::vector<Folders> PlainLayouts(const std::string& root,
                                  const std::string& split) {
  const std::string images = root + "images/";
  const std::string masks = root + "masks/";
  if (split.empty()) return {{images, masks}};
  const std::string folder = root + split;
  return {{folder + "/", folder + "annot/"},
          {images + split + "/", masks + split + "/"},
          {folder + "/images/", folder + "/masks/"}};
}

}  // namespace

absl::StatusOr<std::vector<MaskedFile>> ReadSegmentationLayout(
    const FileSet& files, std::string_view split) {
  const std::string root = CommonFolder(files);
  for (const Folders& folders : PlainLayouts(root, std::string(split))) {
    SLUICE_ASSIGN_OR_RETURN(const ByStem masks,
                            PicturesBelow(files, folders.masks));
    if (masks.empty()) continue;
    SLUICE_ASSIGN_OR_RETURN(const ByStem pictures,
                            PicturesBelow(files, folders.pictures));
    std::set<std::string> names = Names(pictures);
    names.merge(Names(masks));
    return Pair(names, folders, pictures, masks);
  }
  const Folders voc = {root + "JPEGImages/", root + "SegmentationClass/"};
  SLUICE_ASSIGN_OR_RETURN(const ByStem masks, PicturesBelow(files, voc.masks));
  if (masks.empty()) {
    const std::string name(split);
    return absl::InvalidArgumentError(absl::StrCat(
        "expected pictures with masks: ",
        split.empty() ? "images/ and masks/"
                      : absl::StrCat(name, "/ and ", name, "annot/, images/",
                                     name, "/ and masks/", name, "/"),
        " or JPEGImages/ and SegmentationClass/; found ", files.size(),
        " files and none of these"));
  }
  SLUICE_ASSIGN_OR_RETURN(const ByStem pictures,
                          PicturesBelow(files, voc.pictures));
  if (split.empty()) return Pair(Names(masks), voc, pictures, masks);
  SLUICE_ASSIGN_OR_RETURN(
      const std::set<std::string> names,
      VocNames(files, absl::StrCat(root, "ImageSets/Segmentation/",
                                   std::string(split), ".txt")));
  return Pair(names, voc, pictures, masks);
}

}  // namespace sluice::train
