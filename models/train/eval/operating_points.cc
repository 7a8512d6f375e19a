#include "models/train/eval/operating_points.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "models/train/data/annotate.h"

namespace sluice::train {
namespace {

// The view of `picture` as the codec gives it back, and what it costs.
absl::Status CodeAndDecode(const LoadedCodec& codec,
                           const NetworkInput& picture, QualityPoint* point,
                           uint32_t* bytes, base::FloatTensor* input) {
  SLUICE_ASSIGN_OR_RETURN(
      const CodedPicture coded,
      CodePicture(picture.view, point->codec, point->quality));
  SLUICE_ASSIGN_OR_RETURN(
      const vision::Picture decoded,
      DecodeCoded(coded.file, point->codec, picture.view.size()));
  SLUICE_ASSIGN_OR_RETURN(*input, codec.ViewToInput(decoded, picture.geometry));
  *bytes = static_cast<uint32_t>(coded.file.size());
  point->container_bytes.push_back(
      static_cast<uint32_t>(coded.container_bytes));
  return absl::OkStatus();
}

bool AnswersBetter(const std::vector<Outcome>& a,
                   const std::vector<Outcome>& b) {
  const auto num_right = [](const std::vector<Outcome>& outcomes) {
    return std::count_if(outcomes.begin(), outcomes.end(),
                         [](const Outcome& o) { return o.rank == 0; });
  };
  const auto divergence = [](const std::vector<Outcome>& outcomes) {
    double sum = 0.0;
    for (const Outcome& outcome : outcomes) sum += outcome.kl;
    return sum;
  };
  if (num_right(a) != num_right(b)) return num_right(a) > num_right(b);
  return divergence(a) < divergence(b);
}

}  // namespace

absl::Status MeasureRate(const LearnedPair& pair,
                         const std::vector<base::FloatTensor>& latents,
                         const EvalBatch& batch, RatePoint* point) {
  std::vector<std::vector<uint8_t>> frames;
  std::vector<uint32_t> bytes;
  for (const base::FloatTensor& latent : latents) {
    SLUICE_ASSIGN_OR_RETURN(std::vector<uint8_t> frame,
                            pair.codec().LatentToFrame(latent, point->rate));
    bytes.push_back(static_cast<uint32_t>(frame.size()));
    frames.push_back(std::move(frame));
  }
  SLUICE_ASSIGN_OR_RETURN(const std::vector<model::NamedTensor> outputs,
                          pair.FramesToOutputs(frames));
  return AddAnswers(outputs, batch, bytes, &point->measured);
}

absl::Status MeasureQuality(const LearnedPair& pair,
                            const model::Teacher* teacher,
                            const EvalBatch& batch, QualityPoint* point) {
  std::vector<base::FloatTensor> inputs(batch.pictures.size());
  std::vector<uint32_t> bytes(batch.pictures.size());
  for (size_t i = 0; i < batch.pictures.size(); ++i) {
    const absl::Status coded = CodeAndDecode(pair.codec(), batch.pictures[i],
                                             point, &bytes[i], &inputs[i]);
    if (!coded.ok()) {
      return Annotate(
          coded,
          absl::StrCat(batch.about[i].name, ", ", DisplayName(point->codec),
                       ", ", QualitySetting(point->codec, point->quality)));
    }
  }
  SLUICE_ASSIGN_OR_RETURN(const base::FloatTensor pictures,
                          StackTensors(inputs));
  SLUICE_ASSIGN_OR_RETURN(const std::vector<model::NamedTensor> outputs,
                          pair.PicturesToOutputs(pictures));
  SLUICE_RETURN_IF_ERROR(
      AddAnswers(outputs, batch, bytes, &point->by_entrance));
  if (teacher == nullptr) return absl::OkStatus();
  SLUICE_ASSIGN_OR_RETURN(const base::FloatTensor answers,
                          teacher->Run(pictures));
  AddOutcomes(answers, batch, bytes, &point->by_teacher);
  return absl::OkStatus();
}

std::string RateSetting(int rate) { return absl::StrCat("rate ", rate); }

std::string QualitySetting(PixelCodec codec, int quality) {
  if (codec.kind == PixelCodec::Kind::kPng) return "lossless";
  return absl::StrCat("quality ", quality);
}

OperatingPoint BetterNetwork(const QualityPoint& point) {
  const bool entrance_wins =
      point.by_teacher.empty() ||
      AnswersBetter(point.by_entrance.outcomes, point.by_teacher);
  OperatingPoint better = point.by_entrance;
  if (!entrance_wins) better.outcomes = point.by_teacher;
  better.setting = QualitySetting(point.codec, point.quality);
  better.scored_by = entrance_wins ? "pixel entrance" : "teacher";
  return better;
}

}  // namespace sluice::train
