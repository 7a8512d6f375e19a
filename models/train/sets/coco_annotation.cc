#include "models/train/sets/coco_annotation.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/artifact/json_fields.h"
#include "common/base/status_macros.h"
#include "nlohmann/json.hpp"

namespace sluice::train {
namespace {

using artifact::DumpJson;
using artifact::JsonObject;
using artifact::Quoted;
using ::nlohmann::json;

constexpr double kMaxCoordinate = 1e6;  // Far beyond any picture.

constexpr std::array<std::string_view, 3> kLists = {"images", "annotations",
                                                    "categories"};
constexpr std::array<std::string_view, 9> kFields = {
    "id",       "file_name",   "width", "height", "name",
    "image_id", "category_id", "bbox",  "iscrowd"};

template <size_t N>
bool IsAmong(const std::array<std::string_view, N>& names,
             const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// The integer in `name`, which has to be there.
absl::StatusOr<int64_t> Id(const JsonObject& record, const char* name) {
  const auto found = record.value().find(name);
  if (found == record.value().end()) {
    return record.Error(name, "an integer", "no such field");
  }
  const std::optional<int64_t> id = artifact::IntegerOf(*found);
  if (!id.has_value()) {
    return record.Error(name, "an integer", Quoted(DumpJson(*found, -1)));
  }
  return *id;
}

absl::StatusOr<task::Box> Box(const JsonObject& record) {
  SLUICE_ASSIGN_OR_RETURN(const json* array, record.Array("bbox"));
  std::array<float, 4> numbers = {};
  bool is_box = array->size() == numbers.size();
  for (size_t i = 0; is_box && i < numbers.size(); ++i) {
    const json& element = (*array)[i];
    is_box = element.is_number() &&
             std::abs(element.get<double>()) <= kMaxCoordinate;
    if (is_box) numbers[i] = element.get<float>();
  }
  if (!is_box) {
    return record.Error(
        "bbox", absl::StrCat("x, y, width and height, within ", kMaxCoordinate),
        Quoted(DumpJson(*array, -1)));
  }
  const auto [x, y, width, height] = numbers;
  return task::Box{x, y, x + width, y + height};
}

// Takes the file's records one by one and lets the parser drop each of them.
class CocoReader {
 public:
  // For nlohmann's parser: false drops the value. Depth 0 is the file's object,
  // 1 a list, 2 a record of it, 3 a field of that.
  bool OnEvent(int depth, json::parse_event_t event, json& value) {
    if (!status_.ok()) return false;
    using Event = json::parse_event_t;
    if (depth == 1 && event == Event::key) {
      list_ = value.get<std::string>();
      is_wanted_ = IsAmong(kLists, list_);
      return is_wanted_;
    }
    if (depth == 0 || !is_wanted_) return depth == 0;
    if (depth == 1) {
      if (event == Event::array_start) num_records_ = 0;
      return event == Event::array_start || event == Event::array_end ||
             Fail("a list");
    }
    if (depth == 2) {
      if (event == Event::object_start) return true;
      if (event != Event::object_end) return Fail("objects alone");
      status_ = TakeRecord(value);
      return false;
    }
    if (depth == 3 && event == Event::key) {
      is_field_wanted_ = IsAmong(kFields, value.get<std::string>());
    }
    const bool is_nested = event == Event::key || event == Event::array_start ||
                           event == Event::object_start;
    if (depth > 3 && is_field_wanted_ && is_nested) {
      return Fail("records of plain fields");
    }
    return is_field_wanted_;
  }

  absl::StatusOr<std::vector<BoxAnnotation>> Finish() {
    SLUICE_RETURN_IF_ERROR(status_);
    for (const PendingBox& pending : boxes_) {
      const auto picture = picture_by_id_.find(pending.image_id);
      const auto category = category_by_id_.find(pending.category_id);
      if (picture == picture_by_id_.end()) {
        return Unknown(pending, "image_id", pending.image_id, "images");
      }
      if (category == category_by_id_.end()) {
        return Unknown(pending, "category_id", pending.category_id,
                       "categories");
      }
      pictures_[picture->second].boxes.push_back(
          {category->second, pending.box, pending.is_crowd});
    }
    return std::move(pictures_);
  }

 private:
  struct PendingBox {
    size_t record = 0;
    int64_t image_id = 0;
    int64_t category_id = 0;
    task::Box box;
    bool is_crowd = false;
  };

  bool Fail(const char* expected) {
    status_ = absl::InvalidArgumentError(
        absl::StrCat(list_, ": expected ", expected, ", found something else"));
    return false;
  }

  static absl::Status Unknown(const PendingBox& box, const char* field,
                              int64_t id, const char* list) {
    return absl::InvalidArgumentError(
        absl::StrCat("annotations[", box.record, "]: ", field,
                     ": expected an id among the ", list, ", found ", id));
  }

  absl::Status TakeRecord(const json& value) {
    SLUICE_ASSIGN_OR_RETURN(
        const JsonObject record,
        JsonObject::Create(value, absl::StrCat(list_, "[", num_records_, "]")));
    ++num_records_;
    if (list_ == "images") return TakeImage(record);
    if (list_ == "categories") return TakeCategory(record);
    return TakeBox(record);
  }

  absl::Status TakeImage(const JsonObject& record) {
    BoxAnnotation picture;
    SLUICE_ASSIGN_OR_RETURN(const int64_t id, Id(record, "id"));
    SLUICE_ASSIGN_OR_RETURN(picture.picture, record.String("file_name"));
    if (record.value().contains("width")) {
      SLUICE_ASSIGN_OR_RETURN(picture.size.width,
                              record.Int("width", 1, vision::kMaxPictureSide));
      SLUICE_ASSIGN_OR_RETURN(picture.size.height,
                              record.Int("height", 1, vision::kMaxPictureSide));
    }
    if (!picture_by_id_.emplace(id, pictures_.size()).second) {
      return record.Error("id", "every id once", absl::StrCat(id, " twice"));
    }
    pictures_.push_back(std::move(picture));
    return absl::OkStatus();
  }

  absl::Status TakeCategory(const JsonObject& record) {
    SLUICE_ASSIGN_OR_RETURN(const int64_t id, Id(record, "id"));
    SLUICE_ASSIGN_OR_RETURN(std::string name, record.String("name"));
    if (!category_by_id_.emplace(id, std::move(name)).second) {
      return record.Error("id", "every id once", absl::StrCat(id, " twice"));
    }
    return absl::OkStatus();
  }

  absl::Status TakeBox(const JsonObject& record) {
    PendingBox pending;
    pending.record = num_records_ - 1;
    SLUICE_ASSIGN_OR_RETURN(pending.image_id, Id(record, "image_id"));
    SLUICE_ASSIGN_OR_RETURN(pending.category_id, Id(record, "category_id"));
    SLUICE_ASSIGN_OR_RETURN(pending.box, Box(record));
    if (record.value().contains("iscrowd")) {
      SLUICE_ASSIGN_OR_RETURN(const int crowd, record.Int("iscrowd", 0, 1));
      pending.is_crowd = crowd == 1;
    }
    boxes_.push_back(pending);
    return absl::OkStatus();
  }

  absl::Status status_;  // The first mistake; all the rest is dropped then.
  std::string list_;     // The one at hand, one of kLists if it is wanted.
  bool is_wanted_ = false;
  bool is_field_wanted_ = false;  // Of the record's field at hand.
  size_t num_records_ = 0;        // Of the list at hand.
  std::vector<BoxAnnotation> pictures_;
  std::vector<PendingBox> boxes_;
  std::unordered_map<int64_t, size_t> picture_by_id_;
  std::unordered_map<int64_t, std::string> category_by_id_;
};

}  // namespace

absl::StatusOr<std::vector<BoxAnnotation>> ParseCocoAnnotations(
    std::string_view text) {
  CocoReader reader;
  json left;
  try {
    left = json::parse(text,
                       [&](int depth, json::parse_event_t event, json& value) {
                         return reader.OnEvent(depth, event, value);
                       });
  } catch (const json::parse_error& e) {
    return absl::InvalidArgumentError(
        absl::StrCat("expected JSON, found a mistake at byte ", e.byte));
  } catch (const json::exception& e) {
    return absl::InvalidArgumentError(
        absl::StrCat("expected JSON, found ", Quoted(e.what())));
  }
  SLUICE_ASSIGN_OR_RETURN(std::vector<BoxAnnotation> pictures, reader.Finish());
  for (const std::string_view list : kLists) {
    if (left.is_object() && left.contains(std::string(list))) continue;
    return absl::InvalidArgumentError(absl::StrCat(
        "expected an object with \"", std::string(list), "\", found none"));
  }
  return pictures;
}

}  // namespace sluice::train
