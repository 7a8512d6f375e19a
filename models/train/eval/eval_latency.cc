#include "models/train/eval/eval_latency.h"

#include <algorithm>
#include <chrono>
#include <functional>
#include <string>
#include <utility>

#include "common/base/status_macros.h"
#include "models/train/eval/operating_points.h"
#include "models/train/figures/samples.h"

namespace sluice::train {
namespace {

using SteadyClock = std::chrono::steady_clock;

double MsBetween(SteadyClock::time_point start, SteadyClock::time_point end) {
  return std::chrono::duration<double, std::milli>(end - start).count();
}

// What crosses the link.
using Bytes = std::vector<uint8_t>;

absl::StatusOr<Latency> Time(
    std::string setting, int num_threads,
    std::span<const NetworkInput> pictures,
    const std::function<absl::StatusOr<Bytes>(const NetworkInput&)>& encode,
    const std::function<absl::Status(const Bytes&, const NetworkInput&)>&
        answer) {
  Samples encode_ms;
  Samples answer_ms;
  SLUICE_ASSIGN_OR_RETURN(const Bytes first, encode(pictures.front()));
  SLUICE_RETURN_IF_ERROR(answer(first, pictures.front()));
  for (const NetworkInput& picture : pictures) {
    const SteadyClock::time_point start = SteadyClock::now();
    SLUICE_ASSIGN_OR_RETURN(const Bytes coded, encode(picture));
    const SteadyClock::time_point sent = SteadyClock::now();
    SLUICE_RETURN_IF_ERROR(answer(coded, picture));
    encode_ms.Add(MsBetween(start, sent));
    answer_ms.Add(MsBetween(sent, SteadyClock::now()));
  }
  return Latency{.setting = std::move(setting),
                 .num_threads = num_threads,
                 .encode_ms = encode_ms.Percentile(0.5),
                 .answer_ms = answer_ms.Percentile(0.5)};
}

absl::StatusOr<Bytes> EncodeAtRate(LearnedPair* pair,
                                   const NetworkInput& picture, int rate) {
  SLUICE_ASSIGN_OR_RETURN(
      const base::FloatTensor input,
      pair->codec().ViewToInput(picture.view, picture.geometry));
  SLUICE_ASSIGN_OR_RETURN(const base::FloatTensor latent,
                          pair->codec().EncodeLatent(input));
  return pair->codec().LatentToFrame(latent, rate);
}

absl::Status AnswerFile(const LearnedPair& pair, PixelCodec codec,
                        const Bytes& file, const NetworkInput& picture) {
  SLUICE_ASSIGN_OR_RETURN(const vision::Picture decoded,
                          DecodeCoded(file, codec, picture.view.size()));
  SLUICE_ASSIGN_OR_RETURN(const base::FloatTensor input,
                          pair.codec().ViewToInput(decoded, picture.geometry));
  SLUICE_ASSIGN_OR_RETURN(const base::FloatTensor batch,
                          StackTensors(std::span(&input, 1)));
  return pair.PicturesToOutputs(batch).status();
}

// Sorted values, each once.
std::vector<int> Distinct(std::vector<int> values) {
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
  return values;
}

}  // namespace

absl::StatusOr<std::vector<Latency>> MeasureRateLatencies(
    LearnedPair* pair, std::span<const NetworkInput> pictures,
    int num_threads) {
  const std::vector<int>& all = pair->rates();
  std::vector<int> rates = {all.front(), all.back()};
  const int usual = pair->codec().spec().default_rate;
  if (std::binary_search(all.begin(), all.end(), usual)) {
    rates.push_back(usual);
  }
  std::vector<Latency> latencies;
  for (const int rate : Distinct(std::move(rates))) {
    SLUICE_ASSIGN_OR_RETURN(
        Latency latency,
        Time(
            RateSetting(rate), num_threads, pictures,
            [&](const NetworkInput& picture) {
              return EncodeAtRate(pair, picture, rate);
            },
            [&](const Bytes& frame, const NetworkInput&) {
              return pair->FramesToOutputs(std::span(&frame, 1)).status();
            }));
    latencies.push_back(std::move(latency));
  }
  return latencies;
}

absl::StatusOr<std::vector<Latency>> MeasureQualityLatencies(
    const LearnedPair& pair, PixelCodec codec,
    std::span<const NetworkInput> pictures, int num_threads) {
  const std::vector<int> all = QualitySweep(codec);
  std::vector<Latency> latencies;
  for (const int quality :
       Distinct({all.front(), all[all.size() / 2], all.back()})) {
    const auto encode =
        [&](const NetworkInput& picture) -> absl::StatusOr<Bytes> {
      SLUICE_ASSIGN_OR_RETURN(CodedPicture coded,
                              CodePicture(picture.view, codec, quality));
      return std::move(coded.file);
    };
    SLUICE_ASSIGN_OR_RETURN(
        Latency latency,
        Time(QualitySetting(codec, quality), num_threads, pictures, encode,
             [&](const Bytes& file, const NetworkInput& picture) {
               return AnswerFile(pair, codec, file, picture);
             }));
    latencies.push_back(std::move(latency));
  }
  return latencies;
}

}  // namespace sluice::train
