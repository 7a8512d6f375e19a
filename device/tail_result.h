// What a tail says of one picture.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "common/task/detection.h"
#include "common/task/segmentation.h"

namespace sluice::device {

struct RankedLabel {
  uint32_t index = 0;
  std::string label;
  float score = 0;  // Probability, 0..1.
};

struct LabelledBox {
  std::string label;
  float score = 0.0f;   // 0..1
  int class_index = 0;  // Decides the colour.
  task::Box box;        // In pixels of the source picture.
};

// Covers the source picture, with pixels of its own.
struct LabelledMask {
  task::Mask mask;
  std::vector<std::string> labels;  // Of class 0, 1, ...
};

// A raw tensor, without its float32 values.
struct TensorSummary {
  std::string name;
  std::vector<int64_t> shape;
  size_t bytes = 0;
};

// Labels and boxes have the best first.
using TailOutput =
    std::variant<std::vector<RankedLabel>, std::vector<LabelledBox>,
                 LabelledMask, std::vector<TensorSummary>>;

struct TailResult {
  std::string tail;
  absl::Status status;
  TailOutput output;  // Says nothing unless `status` is OK.
  size_t bytes = 0;   // On the wire.
};

// "class 7" when it has no label.
std::string ClassName(std::span<const std::string> labels, int class_index);

// Pixels of each class; none of kNoClass.
std::array<size_t, 256> CountPixels(const task::Mask& mask);

struct ClassShare {
  int class_index = 0;
  double share = 0;  // Of the pixels that have a class, 0..1.
};

// The classes that some pixel has, most pixels first.
std::vector<ClassShare> SharesOf(const task::Mask& mask);

}  // namespace sluice::device
