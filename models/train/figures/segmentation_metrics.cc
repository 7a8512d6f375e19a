#include "models/train/figures/segmentation_metrics.h"

#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"

namespace sluice::train {
namespace {

std::string ToString(const vision::Size& size) {
  return absl::StrCat(size.width, " x ", size.height);
}

absl::Status CheckSizes(const task::Mask& truth, const task::Mask& predicted,
                        int num_classes) {
  if (num_classes < 1 || num_classes > task::kNoClass) {
    return absl::InvalidArgumentError(absl::StrCat(
        "expected 1..", task::kNoClass, " classes, found ", num_classes));
  }
  if (truth.size != predicted.size) {
    return absl::InvalidArgumentError(
        absl::StrCat("the true mask is ", ToString(truth.size),
                     ", the predicted one ", ToString(predicted.size)));
  }
  return absl::OkStatus();
}

absl::Status CheckMask(const std::string& what, const task::Mask& mask,
                       int num_classes) {
  const auto [width, height] = mask.size;
  if (width < 0 || height < 0 ||
      mask.classes.size() != static_cast<uint64_t>(width) * height) {
    return absl::InvalidArgumentError(
        absl::StrCat("the ", what, " mask of ", ToString(mask.size), " has ",
                     mask.classes.size(), " pixels"));
  }
  for (size_t i = 0; i < mask.classes.size(); ++i) {
    const int class_index = mask.classes[i];
    if (class_index < num_classes || class_index == task::kNoClass) continue;
    return absl::InvalidArgumentError(absl::StrCat(
        what, " class ", class_index, " at (", i % width, ", ", i / width,
        ") is neither in 0..", num_classes - 1, " nor ", task::kNoClass));
  }
  return absl::OkStatus();
}

// A fraction of nothing is absent.
std::optional<double> Share(uint64_t part, uint64_t whole) {
  if (whole == 0) return std::nullopt;
  return static_cast<double>(part) / static_cast<double>(whole);
}

}  // namespace

absl::StatusOr<ConfusionCounts> CountConfusion(const task::Mask& truth,
                                               const task::Mask& predicted,
                                               int num_classes) {
  SLUICE_RETURN_IF_ERROR(CheckSizes(truth, predicted, num_classes));
  SLUICE_RETURN_IF_ERROR(CheckMask("true", truth, num_classes));
  SLUICE_RETURN_IF_ERROR(CheckMask("predicted", predicted, num_classes));
  const size_t num_columns = static_cast<size_t>(num_classes) + 1;
  ConfusionCounts counts = {
      .num_classes = num_classes,
      .pixels = std::vector<uint64_t>(num_classes * num_columns)};
  for (size_t i = 0; i < truth.classes.size(); ++i) {
    if (truth.classes[i] == task::kNoClass) continue;
    const int column = predicted.classes[i] == task::kNoClass
                           ? num_classes
                           : predicted.classes[i];
    ++counts.pixels[truth.classes[i] * num_columns + column];
  }
  return counts;
}

ConfusionCounts SumConfusion(std::span<const ConfusionCounts> pictures,
                             std::span<const uint32_t> counts) {
  if (pictures.empty()) return {};
  ConfusionCounts sum = {
      .num_classes = pictures[0].num_classes,
      .pixels = std::vector<uint64_t>(pictures[0].pixels.size())};
  for (size_t i = 0; i < pictures.size(); ++i) {
    if (counts[i] == 0) continue;
    for (size_t k = 0; k < sum.pixels.size(); ++k) {
      sum.pixels[k] += counts[i] * pictures[i].pixels[k];
    }
  }
  return sum;
}

SegmentationFigures MakeSegmentationFigures(const ConfusionCounts& confusion) {
  const size_t num_classes = static_cast<size_t>(confusion.num_classes);
  std::vector<uint64_t> of_class(num_classes);
  std::vector<uint64_t> taken_for_class(num_classes + 1);
  for (size_t k = 0; k < num_classes; ++k) {
    for (size_t column = 0; column <= num_classes; ++column) {
      const uint64_t count = confusion.pixels[k * (num_classes + 1) + column];
      of_class[k] += count;
      taken_for_class[column] += count;
    }
  }

  SegmentationFigures figures;
  uint64_t num_right = 0;
  uint64_t num_labelled = 0;
  double sum_iou = 0.0;
  int num_with_pixels = 0;
  for (size_t k = 0; k < num_classes; ++k) {
    const uint64_t right = confusion.pixels[k * (num_classes + 1) + k];
    num_right += right;
    num_labelled += of_class[k];
    ClassIou result = {.num_pixels = of_class[k], .iou = {}};
    if (of_class[k] > 0) {
      result.iou = Share(right, of_class[k] + taken_for_class[k] - right);
      sum_iou += *result.iou;
      ++num_with_pixels;
    }
    figures.classes.push_back(result);
  }
  if (num_with_pixels > 0) figures.mean_iou = sum_iou / num_with_pixels;
  figures.pixel_accuracy = Share(num_right, num_labelled);
  return figures;
}

}  // namespace sluice::train
