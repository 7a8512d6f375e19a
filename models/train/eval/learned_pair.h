// A codec with the tail behind it: one learned method of an evaluation.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/artifact/tail_artifact.h"
#include "common/base/float_tensor.h"
#include "common/model/tail.h"
#include "models/train/figures/evaluation.h"
#include "models/train/tools/loaded_codec.h"

namespace sluice::train {

// const functions are safe from several threads.
class LearnedPair {
 public:
  // `rates` are those to measure, none standing for all. InvalidArgument for a
  // rate that the codec has not, a tail of a task without figures, or an
  // ignore_index in tail.json that is no number in 0..255; otherwise errors as
  // LoadedCodec::Load's and artifact::LoadTail's. `num_threads` as for
  // model::LoadEncoder.
  static absl::StatusOr<LearnedPair> Load(const std::filesystem::path& codec,
                                          const std::filesystem::path& tail,
                                          const std::vector<int>& rates,
                                          int num_threads);

  LoadedCodec& codec() { return codec_; }
  const LoadedCodec& codec() const { return codec_; }
  const artifact::TailArtifact& tail() const { return tail_; }
  Task task() const { return task_; }
  int num_classes() const { return static_cast<int>(tail_.labels.size()); }
  // What masks hold where they do not count, by tail.json's network.
  std::optional<int> ignore_index() const { return ignore_index_; }
  // Ascending.
  const std::vector<int>& rates() const { return rates_; }
  const EncoderSize& encoder_size() const { return encoder_size_; }
  // Whether tail.json lists the codec's id.
  bool tail_knows_codec() const;

  // Frames of one size and rate -> what the tail says of N pictures.
  absl::StatusOr<std::vector<model::NamedTensor>> FramesToOutputs(
      std::span<const std::vector<uint8_t>> frames) const;
  // Pictures [N,3,H,W] through the pixel entrance -> the same.
  absl::StatusOr<std::vector<model::NamedTensor>> PicturesToOutputs(
      const base::FloatTensor& pictures) const;

 private:
  LearnedPair(LoadedCodec codec, artifact::TailArtifact tail,
              std::unique_ptr<model::Tail> network)
      : codec_(std::move(codec)),
        tail_(std::move(tail)),
        network_(std::move(network)) {}

  absl::Status SetRates(std::vector<int> rates);
  absl::Status ReadTask();

  LoadedCodec codec_;
  artifact::TailArtifact tail_;
  std::unique_ptr<model::Tail> network_;
  Task task_ = Task::kClassification;
  std::optional<int> ignore_index_;
  std::vector<int> rates_;
  EncoderSize encoder_size_;
};

// InvalidArgument for other numbers of codecs and tails than one or more pairs.
absl::Status CheckPairs(const std::vector<std::filesystem::path>& codecs,
                        const std::vector<std::filesystem::path>& tails);

// Pairs that one set of pictures and labels serves: the i-th tail stands behind
// the i-th codec. InvalidArgument for other numbers of codecs and tails than
// one or more pairs, codecs of different preprocessing, tails of different
// tasks or numbers of classes, and of different classes where those are not a
// classification's; otherwise errors as LearnedPair::Load's.
absl::StatusOr<std::vector<LearnedPair>> LoadPairs(
    const std::vector<std::filesystem::path>& codecs,
    const std::vector<std::filesystem::path>& tails,
    const std::vector<int>& rates, int num_threads);

// How a codec wants its pictures: "x * 0.00784314 + -1, padded to a multiple of
// 32".
std::string DescribeInput(const artifact::CodecSpec& spec);

}  // namespace sluice::train
