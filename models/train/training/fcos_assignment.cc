#include "models/train/training/fcos_assignment.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>

namespace sluice::train {
namespace {

constexpr float kCentreRadius = 1.5f;  // Strides.
// Strides of the longer side: 64 pixels on stride 8.
constexpr double kLargestSide = 8.0;

// Of positions with one stride.
struct Level {
  float stride = 0.0f;
  size_t begin = 0;
  size_t end = 0;
};

std::vector<Level> FindLevels(std::span<const FcosPosition> positions) {
  std::vector<Level> levels;
  for (size_t i = 0; i < positions.size(); ++i) {
    const float stride = positions[i].stride;
    if (levels.empty() || levels.back().stride != stride) {
      levels.push_back({.stride = stride, .begin = i});
    }
    levels.back().end = i + 1;
  }
  return levels;
}

// In double, so that no finite box overflows.
double Width(const task::Box& box) {
  return static_cast<double>(box.x_max) - box.x_min;
}
double Height(const task::Box& box) {
  return static_cast<double>(box.y_max) - box.y_min;
}

bool IsInside(const FcosPosition& position, const task::Box& box) {
  return position.x > box.x_min && position.x < box.x_max &&
         position.y > box.y_min && position.y < box.y_max;
}

// The objects to be found, smallest first.
std::vector<int> BySize(std::span<const GroundTruth> truths) {
  std::vector<int> objects;
  for (size_t i = 0; i < truths.size(); ++i) {
    const task::Box& box = truths[i].box;
    if (!truths[i].ignore && Width(box) > 0 && Height(box) > 0) {
      objects.push_back(static_cast<int>(i));
    }
  }
  const auto area = [&](int i) {
    return Width(truths[i].box) * Height(truths[i].box);
  };
  std::stable_sort(objects.begin(), objects.end(),
                   [&](int a, int b) { return area(a) < area(b); });
  return objects;
}

const Level& LevelFor(const task::Box& box, std::span<const Level> levels) {
  const double side = std::max(Width(box), Height(box));
  for (const Level& level : levels) {
    if (side <= kLargestSide * level.stride) return level;
  }
  return levels.back();
}

// Gives `object` those of its positions that no smaller one has.
void Claim(std::span<const FcosPosition> positions, const Level& level,
           const task::Box& box, int object, std::span<int> answers) {
  const double x = (static_cast<double>(box.x_min) + box.x_max) / 2;
  const double y = (static_cast<double>(box.y_min) + box.y_max) / 2;
  const double radius = kCentreRadius * level.stride;
  const auto claim = [&](size_t i) {
    if (answers[i] == kNoObject) answers[i] = object;
  };
  bool is_covered = false;
  size_t nearest = level.begin;
  double least = std::numeric_limits<double>::infinity();
  for (size_t i = level.begin; i < level.end; ++i) {
    const double dx = std::abs(positions[i].x - x);
    const double dy = std::abs(positions[i].y - y);
    if (std::max(dx, dy) < radius && IsInside(positions[i], box)) {
      is_covered = true;
      claim(i);
    } else if (dx * dx + dy * dy < least) {
      least = dx * dx + dy * dy;
      nearest = i;
    }
  }
  if (!is_covered) claim(nearest);
}

}  // namespace

std::vector<int> AssignPositions(std::span<const FcosPosition> positions,
                                 std::span<const GroundTruth> truths) {
  std::vector<int> answers(positions.size(), kNoObject);
  if (positions.empty()) return answers;
  const std::vector<Level> levels = FindLevels(positions);
  for (const int i : BySize(truths)) {
    const task::Box& box = truths[i].box;
    Claim(positions, LevelFor(box, levels), box, i, answers);
  }
  for (const GroundTruth& truth : truths) {
    if (!truth.ignore) continue;
    for (size_t i = 0; i < positions.size(); ++i) {
      if (answers[i] == kNoObject && IsInside(positions[i], truth.box)) {
        answers[i] = kNeitherWay;
      }
    }
  }
  return answers;
}

}  // namespace sluice::train
