#include "models/train/eval/learned_pair.h"

#include <algorithm>
#include <numeric>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "models/train/data/annotate.h"
#include "models/train/figures/task_words.h"

namespace sluice::train {
namespace {

absl::StatusOr<EncoderSize> SizeOf(const LoadedCodec& codec,
                                   const std::filesystem::path& folder) {
  EncoderSize size;
  for (const char* name : {"encoder.safetensors", "tables.safetensors"}) {
    std::error_code error;
    size.bytes += std::filesystem::file_size(folder / name, error);
    if (error) {
      return absl::DataLossError(
          absl::StrCat((folder / name).string(), ": ", error.message()));
    }
  }
  for (const auto& [name, tensor] : codec.artifact().encoder) {
    size.parameters += base::NumElements(tensor.shape);
  }
  size.mmac_224 = codec.encoder().Macs(224, 224) / 1e6;
  return size;
}

absl::Status CheckComparable(const LearnedPair& first,
                             const LearnedPair& other) {
  const artifact::CodecSpec& expected = first.codec().spec();
  const artifact::CodecSpec& found = other.codec().spec();
  if (DescribeInput(expected) != DescribeInput(found)) {
    return absl::InvalidArgumentError(
        absl::StrCat("codecs of one run see the same pictures: ", expected.name,
                     " sees ", DescribeInput(expected), ", ", found.name,
                     " sees ", DescribeInput(found)));
  }
  if (first.task() != other.task()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "tails of one section have one task: ", first.tail().spec.name,
        " is for ", first.tail().spec.task, ", ", other.tail().spec.name,
        " for ", other.tail().spec.task));
  }
  if (first.num_classes() != other.num_classes()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "tails of one run know the same classes: ", first.tail().spec.name,
        " has ", first.num_classes(), ", ", other.tail().spec.name, " has ",
        other.num_classes()));
  }
  if (first.task() != Task::kClassification &&
      first.tail().labels != other.tail().labels) {
    return absl::InvalidArgumentError(absl::StrCat(
        "tails of one section know the same classes in the same order: ",
        first.tail().spec.name, " and ", other.tail().spec.name,
        " have different labels"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<LearnedPair> LearnedPair::Load(
    const std::filesystem::path& codec, const std::filesystem::path& tail,
    const std::vector<int>& rates, int num_threads) {
  SLUICE_ASSIGN_OR_RETURN(LoadedCodec loaded,
                          LoadedCodec::Load(codec, num_threads));
  SLUICE_ASSIGN_OR_RETURN(artifact::TailArtifact artifact,
                          artifact::LoadTail(tail));
  SLUICE_ASSIGN_OR_RETURN(std::unique_ptr<model::Tail> network,
                          model::LoadTailNetwork(artifact));
  LearnedPair pair(std::move(loaded), std::move(artifact), std::move(network));
  SLUICE_RETURN_IF_ERROR(pair.ReadTask());
  SLUICE_RETURN_IF_ERROR(pair.SetRates(rates));
  SLUICE_ASSIGN_OR_RETURN(pair.encoder_size_, SizeOf(pair.codec_, codec));
  return pair;
}

absl::Status LearnedPair::SetRates(std::vector<int> rates) {
  for (const int rate : rates) SLUICE_RETURN_IF_ERROR(codec_.CheckRate(rate));
  if (rates.empty()) {
    rates.resize(codec_.spec().num_rates);
    std::iota(rates.begin(), rates.end(), 0);
  }
  std::sort(rates.begin(), rates.end());
  rates.erase(std::unique(rates.begin(), rates.end()), rates.end());
  rates_ = std::move(rates);
  return absl::OkStatus();
}

absl::Status LearnedPair::ReadTask() {
  const absl::StatusOr<Task> task = ParseTask(tail_.spec.task);
  if (!task.ok()) return Annotate(task.status(), tail_.spec.name);
  task_ = *task;
  const auto found = tail_.spec.network.find("ignore_index");
  if (found == tail_.spec.network.end()) return absl::OkStatus();
  if (!found->is_number_integer() || *found < 0 || *found > 255) {
    return absl::InvalidArgumentError(
        absl::StrCat(tail_.spec.name,
                     ": tail.json: network.ignore_index: expected a number "
                     "in 0..255, found ",
                     found->dump()));
  }
  ignore_index_ = found->get<int>();
  return absl::OkStatus();
}

bool LearnedPair::tail_knows_codec() const {
  const std::vector<std::string>& ids = tail_.spec.codec_ids;
  return std::find(ids.begin(), ids.end(), codec_.artifact().id) != ids.end();
}

absl::StatusOr<std::vector<model::NamedTensor>> LearnedPair::FramesToOutputs(
    std::span<const std::vector<uint8_t>> frames) const {
  std::vector<base::FloatTensor> y_hats;
  std::vector<int> rates;
  for (const std::vector<uint8_t>& frame : frames) {
    SLUICE_ASSIGN_OR_RETURN(codec::DecodedFrame decoded,
                            codec_.FrameToYHat(frame));
    y_hats.push_back({.shape = {decoded.shape.channels, decoded.shape.height,
                                decoded.shape.width},
                      .values = std::move(decoded.y_hat)});
    rates.push_back(decoded.header.rate);
  }
  SLUICE_ASSIGN_OR_RETURN(const base::FloatTensor y_hat, StackTensors(y_hats));
  SLUICE_ASSIGN_OR_RETURN(const base::FloatTensor features,
                          codec_.decoder().Decode(y_hat, rates));
  return network_->Run(features);
}

absl::StatusOr<std::vector<model::NamedTensor>> LearnedPair::PicturesToOutputs(
    const base::FloatTensor& pictures) const {
  SLUICE_ASSIGN_OR_RETURN(const base::FloatTensor features,
                          codec_.decoder().Enter(pictures));
  return network_->Run(features);
}

absl::Status CheckPairs(const std::vector<std::filesystem::path>& codecs,
                        const std::vector<std::filesystem::path>& tails) {
  if (!codecs.empty() && codecs.size() == tails.size()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "expected a tail for every codec and one pair at least, found ",
      codecs.size(), " codecs and ", tails.size(), " tails"));
}

absl::StatusOr<std::vector<LearnedPair>> LoadPairs(
    const std::vector<std::filesystem::path>& codecs,
    const std::vector<std::filesystem::path>& tails,
    const std::vector<int>& rates, int num_threads) {
  SLUICE_RETURN_IF_ERROR(CheckPairs(codecs, tails));
  std::vector<LearnedPair> pairs;
  for (size_t i = 0; i < codecs.size(); ++i) {
    SLUICE_ASSIGN_OR_RETURN(
        LearnedPair pair,
        LearnedPair::Load(codecs[i], tails[i], rates, num_threads));
    pairs.push_back(std::move(pair));
    SLUICE_RETURN_IF_ERROR(CheckComparable(pairs.front(), pairs.back()));
  }
  return pairs;
}

std::string DescribeInput(const artifact::CodecSpec& spec) {
  return absl::StrCat("x * ", spec.input_scale, " + ", spec.input_offset,
                      ", padded to a multiple of ", spec.pad_multiple);
}

}  // namespace sluice::train
