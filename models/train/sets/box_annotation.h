// What annotation files say of one picture, whichever format they have.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/task/detection.h"
#include "common/vision/geometry.h"

namespace sluice::train {

struct NamedBox {
  std::string class_name;
  task::Box box;  // As annotated: neither ordered nor within the picture yet.
  bool ignore = false;  // VOC's "difficult", COCO's "iscrowd".
};

struct BoxAnnotation {
  std::string picture;  // As the annotations name it.
  vision::Size size;    // 0 x 0 when they do not declare it.
  std::vector<NamedBox> boxes;
};

// A finite decimal number, spaces around it allowed; nullopt for all else.
std::optional<float> ParseCoordinate(std::string_view text);

}  // namespace sluice::train
