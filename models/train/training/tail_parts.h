// What training any tail begins and ends with.
#pragma once

#include <ATen/core/Tensor.h>

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/model/weights.h"
#include "models/train/training/frozen_codec.h"
#include "models/train/training/recipe.h"
#include "models/train/training/train.h"

namespace sluice::train {

// The codecs that a tail goes behind.
struct TailCodecs {
  std::vector<FrozenCodec> networks;
  std::vector<std::string> ids;
};
absl::StatusOr<TailCodecs> OpenTailCodecs(const Recipe& recipe,
                                          at::Device device);

// The labels of a file, one per line.
absl::StatusOr<std::vector<std::string>> ReadLabelLines(
    const std::filesystem::path& path);

// Where a tail starts: that of options.init, or the teacher's body with what
// `add_head` adds.
absl::StatusOr<model::Weights> StartTail(
    const Recipe& recipe, const TrainOptions& options, at::Device device,
    const std::function<void(const at::Generator&, model::Weights*)>& add_head);

// Whether a phase trains a weight of a tail: kHead leaves the body alone.
bool TrainsTailWeight(const Phase& phase, const std::string& name);

// out/artifact; says so on stdout.
absl::Status ExportTail(const Recipe& recipe, const TrainOptions& options,
                        const std::string& task, const TailCodecs& codecs,
                        const std::vector<std::string>& labels,
                        size_t num_pictures, const model::Weights& weights);

}  // namespace sluice::train
