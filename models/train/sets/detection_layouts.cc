#include "models/train/sets/detection_layouts.h"

#include <cstdint>
#include <map>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/artifact/json_fields.h"
#include "common/base/status_macros.h"
#include "models/train/data/annotate.h"
#include "models/train/sets/boxes_csv.h"
#include "models/train/sets/coco_annotation.h"
#include "models/train/sets/picture_index.h"
#include "models/train/sets/voc_annotation.h"

namespace sluice::train {
namespace {

constexpr std::string_view kBoxesCsv = "boxes.csv";
constexpr std::string_view kXml = ".xml";

// Paths inside a file set.
std::string Join(std::string_view folder, std::string_view name) {
  return std::string(folder) + std::string(name);
}

// What `parse` makes of a file's text; errors name the file.
template <typename Parse>
auto ParseFile(const FileSet& files, size_t index, const Parse& parse)
    -> decltype(parse(std::string_view())) {
  SLUICE_ASSIGN_OR_RETURN(const std::vector<uint8_t> bytes, files.Read(index));
  auto parsed = parse(std::string_view(
      reinterpret_cast<const char*>(bytes.data()), bytes.size()));
  if (!parsed.ok()) return Annotate(parsed.status(), files.name(index));
  return parsed;
}

absl::StatusOr<std::vector<AnnotatedFile>> ReadCsvLayout(
    const FileSet& files, const std::string& root, size_t csv,
    std::string_view split) {
  SLUICE_ASSIGN_OR_RETURN(std::vector<BoxRow> rows,
                          ParseFile(files, csv, [split](std::string_view text) {
                            return ParseBoxesCsv(text, split);
                          }));
  const std::string folder = Join(root, split) + "/";
  std::map<size_t, AnnotatedFile> by_picture;
  for (const size_t picture : FilesBelow(files, folder, "")) {
    if (!IsPictureName(files.name(picture))) continue;
    AnnotatedFile& file = by_picture[picture];
    file.picture = picture;
    file.annotation = files.name(csv);
  }
  const PictureIndex pictures(files);
  for (BoxRow& row : rows) {
    const absl::StatusOr<size_t> picture = pictures.Find(folder + row.image);
    if (!picture.ok()) return Annotate(picture.status(), files.name(csv));
    by_picture[*picture].boxes.push_back(std::move(row.box));
  }
  std::vector<AnnotatedFile> annotated;
  for (auto& [picture, file] : by_picture) annotated.push_back(std::move(file));
  return annotated;
}

// The XML files that a split lists, or all there are.
absl::StatusOr<std::vector<size_t>> VocXmlFiles(const FileSet& files,
                                                const std::string& root,
                                                std::string_view split) {
  const std::string folder = root + "Annotations/";
  if (split.empty()) return FilesBelow(files, folder, kXml);
  const std::string list = Join(root + "ImageSets/Main/", split) + ".txt";
  const std::optional<size_t> list_index = files.Find(list);
  if (!list_index.has_value()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "expected a list of the split's pictures, ", list, ", found none"));
  }
  SLUICE_ASSIGN_OR_RETURN(const std::vector<std::string> names,
                          ParseFile(files, *list_index, ParseVocImageSet));
  std::vector<size_t> found;
  for (const std::string& name : names) {
    const std::string xml = Join(folder + name, kXml);
    const std::optional<size_t> index = files.Find(xml);
    if (!index.has_value()) {
      return absl::InvalidArgumentError(
          absl::StrCat(list, ": expected ", xml, ", found none"));
    }
    found.push_back(*index);
  }
  return found;
}

absl::StatusOr<std::vector<AnnotatedFile>> ReadVocLayout(
    const FileSet& files, const std::string& root, std::string_view split) {
  SLUICE_ASSIGN_OR_RETURN(const std::vector<size_t> xml_files,
                          VocXmlFiles(files, root, split));
  const bool has_voc_folder =
      !FilesBelow(files, root + "JPEGImages/", "").empty();
  const std::string images =
      root + (has_voc_folder ? "JPEGImages/" : "images/");
  const size_t prefix_length = root.size() + std::string("Annotations/").size();
  const PictureIndex pictures(files);
  std::vector<AnnotatedFile> annotated;
  for (const size_t xml : xml_files) {
    const std::string& name = files.name(xml);
    const absl::StatusOr<size_t> picture = pictures.Find(
        Join(images, WithoutExtension(name).substr(prefix_length)));
    if (!picture.ok()) return Annotate(picture.status(), name);
    SLUICE_ASSIGN_OR_RETURN(BoxAnnotation annotation,
                            ParseFile(files, xml, ParseVocAnnotation));
    annotated.push_back({.picture = *picture,
                         .annotation = name,
                         .boxes = std::move(annotation.boxes),
                         .size = annotation.size});
  }
  return annotated;
}

absl::StatusOr<std::vector<AnnotatedFile>> ReadCocoLayout(
    const FileSet& files, const std::string& root, size_t json,
    std::string_view split) {
  SLUICE_ASSIGN_OR_RETURN(std::vector<BoxAnnotation> annotations,
                          ParseFile(files, json, ParseCocoAnnotations));
  std::vector<std::string> folders = {root + "images/", root};
  if (!split.empty()) {
    folders.insert(folders.begin(), {Join(root, split) + "/",
                                     Join(root + "images/", split) + "/"});
  }
  std::vector<AnnotatedFile> annotated;
  for (BoxAnnotation& annotation : annotations) {
    std::optional<size_t> picture;
    for (const std::string& folder : folders) {
      picture = files.Find(folder + annotation.picture);
      if (picture.has_value()) break;
    }
    if (!picture.has_value()) {
      return absl::InvalidArgumentError(
          absl::StrCat(files.name(json), ": expected the picture ",
                       artifact::Quoted(annotation.picture), " in one of ",
                       absl::StrJoin(folders, ", "), ", found none"));
    }
    annotated.push_back({.picture = *picture,
                         .annotation = files.name(json),
                         .boxes = std::move(annotation.boxes),
                         .size = annotation.size});
  }
  return annotated;
}

}  // namespace

absl::StatusOr<std::vector<AnnotatedFile>> ReadDetectionLayout(
    const FileSet& files, std::string_view split) {
  const std::string root = CommonFolder(files);
  const std::optional<size_t> csv = files.Find(Join(root, kBoxesCsv));
  if (csv.has_value()) return ReadCsvLayout(files, root, *csv, split);
  if (!FilesBelow(files, root + "Annotations/", kXml).empty()) {
    return ReadVocLayout(files, root, split);
  }
  const std::string instances = "instances_" + std::string(split) + ".json";
  const std::vector<std::string> coco_files =
      split.empty()
          ? std::vector<std::string>{"annotations.json"}
          : std::vector<std::string>{"annotations/" + instances, instances};
  for (const std::string& name : coco_files) {
    const std::optional<size_t> json = files.Find(root + name);
    if (json.has_value()) return ReadCocoLayout(files, root, *json, split);
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "expected pictures with boxes: boxes.csv, Annotations/*.xml or ",
      absl::StrJoin(coco_files, " or "), "; found ", files.size(),
      " files and none of these"));
}

}  // namespace sluice::train
