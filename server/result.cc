#include "server/result.h"

#include <algorithm>
#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/task/segmentation.h"
#include "common/wire/grpc_status.h"
#include "server/classification.h"
#include "server/detection.h"
#include "server/segmentation.h"
#include "server/tensors.h"

namespace sluice::server {
namespace {

using base::FloatTensor;
using model::NamedTensor;

// For what a response holds beside results, and an error in place of one.
constexpr size_t kBytesAside = 512;
// A class or box without its label, a label's own overhead, and more than that.
constexpr size_t kEntryBytes = 64;
// A run of one pixel: its class takes two bytes, its length one.
constexpr size_t kMaskPixelBytes = 3;

absl::StatusOr<v1::Segmentation> Segment(const LoadedTail& tail,
                                         const FloatTensor& logits, size_t row,
                                         const InferPlan& plan) {
  return SegmentPicture(RowOf(logits, row), static_cast<int>(logits.shape[2]),
                        static_cast<int>(logits.shape[3]), tail.artifact.labels,
                        plan.geometry, plan.mask);
}

absl::Status SetOutput(const LoadedTail& tail,
                       const std::vector<NamedTensor>& outputs, size_t row,
                       const InferPlan& plan, v1::Result* result) {
  const std::vector<std::string>& labels = tail.artifact.labels;
  const FloatTensor& first = outputs.front().tensor;
  switch (tail.task) {
    case TailTask::kClassification: {
      SLUICE_ASSIGN_OR_RETURN(*result->mutable_classification(),
                              ClassifyLogits(RowOf(first, row), labels,
                                             plan.top_k, plan.score_threshold));
      return absl::OkStatus();
    }
    case TailTask::kDetection: {
      SLUICE_ASSIGN_OR_RETURN(
          *result->mutable_detection(),
          DetectObjects(RowOf(first, row), RowOf(outputs[1].tensor, row),
                        labels, plan.geometry, plan.score_threshold));
      return absl::OkStatus();
    }
    case TailTask::kSegmentation: {
      SLUICE_ASSIGN_OR_RETURN(*result->mutable_segmentation(),
                              Segment(tail, first, row, plan));
      return absl::OkStatus();
    }
    case TailTask::kTensors:
      *result->mutable_tensors() = TensorsToProto(outputs, row);
      return absl::OkStatus();
  }
  return absl::InternalError("no such task");
}

absl::Status CheckSize(const v1::InferResponse& response,
                       size_t max_message_bytes) {
  const size_t num_bytes = response.ByteSizeLong() + kBytesAside;
  if (num_bytes <= max_message_bytes) return absl::OkStatus();
  return absl::ResourceExhaustedError(
      absl::StrCat("this result makes the response ", num_bytes,
                   " bytes, limit ", max_message_bytes));
}

size_t LongestLabel(const LoadedTail& tail) {
  size_t longest = 0;
  for (const std::string& label : tail.artifact.labels) {
    longest = std::max(longest, label.size());
  }
  return longest;
}

size_t MaxSegmentationBytes(const LoadedTail& tail, const InferPlan& plan) {
  const vision::Size size =
      task::MaskSize(plan.geometry.source, plan.mask.max_side);
  size_t num_bytes =
      kMaskPixelBytes * static_cast<size_t>(size.width) * size.height;
  for (const std::string& label : tail.artifact.labels) {
    num_bytes += label.size() + kEntryBytes;
  }
  return num_bytes;
}

}  // namespace

void AddResult(const LoadedTail& tail,
               const absl::StatusOr<std::vector<NamedTensor>>& outputs,
               size_t row, const InferPlan& plan, size_t max_message_bytes,
               v1::InferResponse* response) {
  v1::Result* result = response->add_results();
  result->set_tail(tail.name());
  absl::Status status = outputs.status();
  if (status.ok()) status = SetOutput(tail, *outputs, row, plan, result);
  if (status.ok()) status = CheckSize(*response, max_message_bytes);
  if (status.ok()) return;
  result->clear_output();
  wire::StatusToProto(status, result);
}

size_t MaxResultBytes(const LoadedTail& tail, const InferPlan& plan) {
  switch (tail.task) {
    case TailTask::kClassification:
      return std::min<size_t>(plan.top_k, tail.artifact.labels.size()) *
             (LongestLabel(tail) + kEntryBytes);
    case TailTask::kDetection:
      return kMaxBoxes * (LongestLabel(tail) + kEntryBytes);
    case TailTask::kSegmentation:
      return MaxSegmentationBytes(tail, plan);
    case TailTask::kTensors:
      break;
  }
  return SIZE_MAX;
}

}  // namespace sluice::server
