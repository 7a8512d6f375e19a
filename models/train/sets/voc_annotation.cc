#include "models/train/sets/voc_annotation.h"

#include <array>
#include <optional>
#include <pugixml.hpp>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/artifact/json_fields.h"
#include "common/base/status_macros.h"

namespace sluice::train {
namespace {

using artifact::Quoted;

absl::Status Unexpected(const std::string& where, const std::string& expected,
                        const std::string& found) {
  return absl::InvalidArgumentError(
      absl::StrCat(where, ": expected ", expected, ", found ", found));
}

// Of parent's child `name`, which has to be there.
absl::StatusOr<float> Number(const pugi::xml_node& parent, const char* name,
                             const std::string& where) {
  const pugi::xml_node child = parent.child(name);
  const std::string field = absl::StrCat(where, ".", name);
  if (!child) return Unexpected(field, "a number", "nothing");
  const std::optional<float> value = ParseCoordinate(child.child_value());
  if (!value.has_value()) {
    return Unexpected(field, "a number", Quoted(child.child_value()));
  }
  return *value;
}

// Some tools write 0 x 0 when they do not know: undeclared.
absl::StatusOr<vision::Size> ParseSize(const pugi::xml_node& annotation) {
  const pugi::xml_node size = annotation.child("size");
  if (!size) return vision::Size{};
  std::array<int, 2> sides;
  for (const size_t i : {0, 1}) {
    const char* name = i == 0 ? "width" : "height";
    SLUICE_ASSIGN_OR_RETURN(const float side, Number(size, name, "size"));
    if (side < 0 || side > vision::kMaxPictureSide ||
        side != static_cast<float>(static_cast<int>(side))) {
      return Unexpected(
          absl::StrCat("size.", name),
          absl::StrCat("a whole number in 0..", vision::kMaxPictureSide),
          absl::StrCat(side));
    }
    sides[i] = static_cast<int>(side);
  }
  if (sides[0] == 0 || sides[1] == 0) return vision::Size{};
  return vision::Size{sides[0], sides[1]};
}

absl::StatusOr<NamedBox> ParseObject(const pugi::xml_node& object,
                                     const std::string& where) {
  NamedBox box;
  box.class_name = std::string(
      absl::StripAsciiWhitespace(object.child("name").child_value()));
  if (box.class_name.empty()) {
    return Unexpected(where + ".name", "a class name", "nothing");
  }
  const pugi::xml_node corners = object.child("bndbox");
  const std::string corners_where = where + ".bndbox";
  SLUICE_ASSIGN_OR_RETURN(const float x_min,
                          Number(corners, "xmin", corners_where));
  SLUICE_ASSIGN_OR_RETURN(const float y_min,
                          Number(corners, "ymin", corners_where));
  SLUICE_ASSIGN_OR_RETURN(const float x_max,
                          Number(corners, "xmax", corners_where));
  SLUICE_ASSIGN_OR_RETURN(const float y_max,
                          Number(corners, "ymax", corners_where));
  box.box = {x_min - 1.0f, y_min - 1.0f, x_max, y_max};
  if (object.child("difficult")) {
    SLUICE_ASSIGN_OR_RETURN(const float difficult,
                            Number(object, "difficult", where));
    if (difficult != 0.0f && difficult != 1.0f) {
      return Unexpected(where + ".difficult", "0 or 1",
                        absl::StrCat(difficult));
    }
    box.ignore = difficult == 1.0f;
  }
  return box;
}

}  // namespace

absl::StatusOr<BoxAnnotation> ParseVocAnnotation(std::string_view xml) {
  if (xml.size() > kMaxVocXmlBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("expected at most ", kMaxVocXmlBytes,
                     " bytes of XML, found ", xml.size()));
  }
  pugi::xml_document document;
  const pugi::xml_parse_result parsed =
      document.load_buffer(xml.data(), xml.size(), pugi::parse_default);
  if (!parsed) {
    return absl::InvalidArgumentError(
        absl::StrCat("expected XML, found a mistake at byte ", parsed.offset,
                     ": ", parsed.description()));
  }
  const pugi::xml_node root = document.child("annotation");
  if (!root) {
    return Unexpected("the XML", "an element <annotation>",
                      Quoted(document.document_element().name()));
  }
  BoxAnnotation annotation;
  SLUICE_ASSIGN_OR_RETURN(annotation.size, ParseSize(root));
  for (const pugi::xml_node& object : root.children("object")) {
    SLUICE_ASSIGN_OR_RETURN(
        NamedBox box,
        ParseObject(object,
                    absl::StrCat("object ", annotation.boxes.size() + 1)));
    annotation.boxes.push_back(std::move(box));
  }
  return annotation;
}

absl::StatusOr<std::vector<std::string>> ParseVocImageSet(
    std::string_view text) {
  std::vector<std::string> names;
  std::set<std::string> seen;
  int line = 0;
  for (absl::string_view row :
       absl::StrSplit(absl::string_view(text.data(), text.size()), '\n')) {
    ++line;
    row = absl::StripAsciiWhitespace(row);
    if (row.empty()) continue;
    const std::string name(row);
    if (!seen.insert(name).second) {
      return Unexpected(absl::StrCat("line ", line), "every name once",
                        Quoted(name) + " twice");
    }
    names.push_back(name);
  }
  if (names.empty()) {
    return absl::InvalidArgumentError("expected at least one name, found none");
  }
  return names;
}

}  // namespace sluice::train
