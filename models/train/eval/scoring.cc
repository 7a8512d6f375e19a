#include "models/train/eval/scoring.h"

#include <span>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/task/detection.h"
#include "models/train/data/annotate.h"
#include "models/train/figures/metrics.h"

namespace sluice::train {
namespace {

// Sample i of [N,...].
std::span<const float> Row(const base::FloatTensor& tensor, size_t i) {
  const size_t size = tensor.values.size() / tensor.shape[0];
  return std::span(tensor.values).subspan(i * size, size);
}

// The output of that name, of `rank` dimensions: a row per picture and `size`
// in another dimension, the classes of most.
absl::StatusOr<const base::FloatTensor*> FindOutput(
    const std::vector<model::NamedTensor>& outputs, size_t num_pictures,
    const std::string& name, size_t rank, size_t dimension, int64_t size) {
  for (const auto& [output_name, tensor] : outputs) {
    if (output_name != name) continue;
    if (tensor.shape.size() != rank ||
        tensor.shape[0] != static_cast<int64_t>(num_pictures) ||
        tensor.shape[dimension] != size) {
      return absl::InternalError(absl::StrCat(
          "output ", name, ": expected ", rank, " dimensions, ", num_pictures,
          " in the first and ", size, " in dimension ", dimension,
          ", the tail returned ", base::ShapeToString(tensor.shape)));
    }
    return &tensor;
  }
  return absl::InternalError(absl::StrCat("expected the tail to return ", name,
                                          ", it returned ", outputs.size(),
                                          " other tensors"));
}

absl::StatusOr<PictureMatches> ScoreBoxes(std::span<const float> scores,
                                          std::span<const float> boxes,
                                          const EvalBatch& batch, size_t i) {
  SLUICE_ASSIGN_OR_RETURN(
      const std::vector<task::Detection> in_view,
      task::SelectDetections(scores, boxes, batch.num_classes,
                             task::SelectOptions()));
  return MatchPicture(task::ToSource(in_view, batch.pictures[i].geometry),
                      batch.truths[i].objects, batch.num_classes);
}

absl::Status AddBoxes(const std::vector<model::NamedTensor>& outputs,
                      const EvalBatch& batch, OperatingPoint* point) {
  SLUICE_ASSIGN_OR_RETURN(const base::FloatTensor* scores,
                          FindOutput(outputs, batch.about.size(), "scores", 3,
                                     2, batch.num_classes));
  SLUICE_ASSIGN_OR_RETURN(
      const base::FloatTensor* boxes,
      FindOutput(outputs, batch.about.size(), "boxes", 3, 2, 4));
  for (size_t i = 0; i < batch.about.size(); ++i) {
    absl::StatusOr<PictureMatches> matches =
        ScoreBoxes(Row(*scores, i), Row(*boxes, i), batch, i);
    if (!matches.ok()) return Annotate(matches.status(), batch.about[i].name);
    point->matches.push_back(*std::move(matches));
  }
  return absl::OkStatus();
}

absl::StatusOr<ConfusionCounts> ScoreMask(std::span<const float> logits,
                                          const std::vector<int64_t>& shape,
                                          const EvalBatch& batch, size_t i) {
  const vision::Geometry& geometry = batch.pictures[i].geometry;
  SLUICE_ASSIGN_OR_RETURN(const task::Mask mask,
                          task::MaskFromLogits(logits, batch.num_classes,
                                               static_cast<int>(shape[2]),
                                               static_cast<int>(shape[3]),
                                               geometry, geometry.source));
  return CountConfusion(batch.truths[i].mask, mask, batch.num_classes);
}

absl::Status AddMasks(const std::vector<model::NamedTensor>& outputs,
                      const EvalBatch& batch, OperatingPoint* point) {
  SLUICE_ASSIGN_OR_RETURN(const base::FloatTensor* logits,
                          FindOutput(outputs, batch.about.size(), "logits", 4,
                                     1, batch.num_classes));
  for (size_t i = 0; i < batch.about.size(); ++i) {
    absl::StatusOr<ConfusionCounts> counts =
        ScoreMask(Row(*logits, i), logits->shape, batch, i);
    if (!counts.ok()) return Annotate(counts.status(), batch.about[i].name);
    point->confusions.push_back(*std::move(counts));
  }
  return absl::OkStatus();
}

void AddBytes(const EvalBatch& batch, const std::vector<uint32_t>& bytes,
              std::vector<Outcome>* outcomes) {
  for (size_t i = 0; i < batch.about.size(); ++i) {
    outcomes->push_back({.bytes = bytes.empty() ? 0 : bytes[i]});
  }
}

}  // namespace

absl::Status AddAnswers(const std::vector<model::NamedTensor>& outputs,
                        const EvalBatch& batch,
                        const std::vector<uint32_t>& bytes,
                        OperatingPoint* point) {
  switch (batch.task) {
    case Task::kDetection:
      SLUICE_RETURN_IF_ERROR(AddBoxes(outputs, batch, point));
      break;
    case Task::kSegmentation:
      SLUICE_RETURN_IF_ERROR(AddMasks(outputs, batch, point));
      break;
    case Task::kClassification: {
      SLUICE_ASSIGN_OR_RETURN(const base::FloatTensor* logits,
                              FindOutput(outputs, batch.about.size(), "logits",
                                         2, 1, batch.num_classes));
      AddOutcomes(*logits, batch, bytes, &point->outcomes);
      return absl::OkStatus();
    }
  }
  AddBytes(batch, bytes, &point->outcomes);
  return absl::OkStatus();
}

void AddOutcomes(const base::FloatTensor& logits, const EvalBatch& batch,
                 const std::vector<uint32_t>& bytes,
                 std::vector<Outcome>* outcomes) {
  for (size_t i = 0; i < batch.about.size(); ++i) {
    Outcome outcome;
    if (!bytes.empty()) outcome.bytes = bytes[i];
    outcome.rank =
        static_cast<uint32_t>(RankOf(Row(logits, i), batch.about[i].label));
    if (batch.teacher_logits.has_value()) {
      outcome.kl = static_cast<float>(
          KlDivergence(Row(*batch.teacher_logits, i), Row(logits, i)));
    }
    outcomes->push_back(outcome);
  }
}

}  // namespace sluice::train
