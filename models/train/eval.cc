#include "models/train/eval.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/artifact/tail_artifact.h"
#include "common/base/float_tensor.h"
#include "common/base/status_macros.h"
#include "common/model/tail.h"
#include "common/model/teacher.h"
#include "models/train/labelled_set.h"
#include "models/train/loaded_codec.h"
#include "models/train/pixel_baseline.h"
#include "models/train/progress.h"
#include "models/train/tally.h"

namespace sluice::train {
namespace {

// Larger ones are slower on a CPU: their activations leave the caches.
constexpr size_t kBatchSize = 8;

using SteadyClock = std::chrono::steady_clock;

double MsSince(SteadyClock::time_point start) {
  return std::chrono::duration<double, std::milli>(SteadyClock::now() - start)
      .count();
}

struct RateTally {
  int rate;
  CostTally cost = {};
  ScoreTally score = {};
};

struct BaselineTally {
  PixelBaseline baseline;
  CostTally cost = {};
  ScoreTally ours = {};
  ScoreTally teacher = {};
};

struct TimeTally {
  Samples encode_ms;
  Samples entropy_encode_ms;
  Samples entropy_decode_ms;
  Samples decode_ms;
};

// Consecutive pictures whose network inputs have one shape.
struct Batch {
  std::vector<NetworkInput> pictures;
  std::vector<int> labels;

  vision::Size input_size() const { return pictures.front().geometry.padded; }
};

class Evaluation {
 public:
  static absl::StatusOr<Evaluation> Create(const EvalOptions& options);

  absl::StatusOr<EvalReport> Run();

 private:
  Evaluation(LoadedCodec codec, artifact::TailArtifact tail,
             std::unique_ptr<model::Tail> tail_network, LabelledSet set)
      : codec_(std::move(codec)),
        tail_(std::move(tail)),
        tail_network_(std::move(tail_network)),
        set_(std::move(set)) {}

  absl::Status SetRates(const std::vector<int>& rates);
  absl::Status SetTeacher(const std::filesystem::path& path);

  absl::StatusOr<NetworkInput> ReadInput(size_t index) const;
  absl::Status WarmUp(const NetworkInput& picture);
  absl::Status AddBatch(const Batch& batch);
  absl::Status AddRate(const Batch& batch,
                       const std::vector<base::FloatTensor>& latents,
                       const base::FloatTensor* teacher_logits,
                       RateTally* tally);
  absl::Status AddBaseline(const Batch& batch,
                           const base::FloatTensor* teacher_logits,
                           BaselineTally* tally);
  // Stacked inputs -> logits, by the pixel entrance and our tail.
  absl::StatusOr<base::FloatTensor> RunOurs(
      const base::FloatTensor& pictures) const;
  absl::StatusOr<base::FloatTensor> RunTeacher(
      const base::FloatTensor& pictures) const;
  EvalReport MakeReport() const;

  LoadedCodec codec_;
  artifact::TailArtifact tail_;
  std::unique_ptr<model::Tail> tail_network_;
  LabelledSet set_;
  std::unique_ptr<model::Teacher> teacher_;  // Null without one.
  size_t num_pictures_ = 0;
  vision::ViewRule view_;
  std::string data_name_;

  ScoreTally teacher_score_;
  ScoreTally uncompressed_;
  std::vector<RateTally> rates_;
  std::vector<BaselineTally> baselines_;
  TimeTally times_;
};

absl::StatusOr<Evaluation> Evaluation::Create(const EvalOptions& options) {
  if (options.limit < 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("limit must not be negative, found ", options.limit));
  }
  SLUICE_ASSIGN_OR_RETURN(
      LoadedCodec codec, LoadedCodec::Load(options.codec, options.num_threads));
  SLUICE_ASSIGN_OR_RETURN(artifact::TailArtifact tail,
                          artifact::LoadTail(options.tail));
  SLUICE_ASSIGN_OR_RETURN(std::unique_ptr<model::Tail> tail_network,
                          model::LoadTailNetwork(tail));
  SLUICE_ASSIGN_OR_RETURN(
      LabelledSet set,
      LabelledSet::Open(options.data, static_cast<int>(tail.labels.size())));

  Evaluation evaluation(std::move(codec), std::move(tail),
                        std::move(tail_network), std::move(set));
  evaluation.view_ = options.view;
  evaluation.data_name_ = options.data.filename().string();
  evaluation.num_pictures_ = evaluation.set_.size();
  if (options.limit > 0) {
    evaluation.num_pictures_ =
        std::min(evaluation.num_pictures_, static_cast<size_t>(options.limit));
  }
  SLUICE_RETURN_IF_ERROR(evaluation.SetRates(options.rates));
  if (options.teacher.has_value()) {
    SLUICE_RETURN_IF_ERROR(evaluation.SetTeacher(*options.teacher));
  }
  for (const vision::PictureFormat format : options.baselines) {
    for (const PixelBaseline& baseline : BaselineSweep(format)) {
      evaluation.baselines_.push_back({.baseline = baseline});
    }
  }
  return evaluation;
}

absl::Status Evaluation::SetRates(const std::vector<int>& rates) {
  for (const int rate : rates) {
    SLUICE_RETURN_IF_ERROR(codec_.CheckRate(rate));
    rates_.push_back({.rate = rate});
  }
  if (!rates.empty()) return absl::OkStatus();
  for (int rate = 0; rate < codec_.spec().num_rates; ++rate) {
    rates_.push_back({.rate = rate});
  }
  return absl::OkStatus();
}

absl::Status Evaluation::SetTeacher(const std::filesystem::path& path) {
  const artifact::CodecSpec defaults;
  const artifact::CodecSpec& spec = codec_.spec();
  if (spec.input_scale != defaults.input_scale ||
      spec.input_offset != defaults.input_offset) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the teacher needs pictures as x * ", defaults.input_scale, " + ",
        defaults.input_offset, ", codec ", spec.name, " makes x * ",
        spec.input_scale, " + ", spec.input_offset));
  }
  SLUICE_ASSIGN_OR_RETURN(teacher_, model::LoadTeacher(path));
  return absl::OkStatus();
}

absl::StatusOr<EvalReport> Evaluation::Run() {
  Progress progress =
      Progress::OnStderr("evaluating", static_cast<int64_t>(num_pictures_));
  Batch batch;
  for (size_t i = 0; i < num_pictures_; ++i) {
    SLUICE_ASSIGN_OR_RETURN(NetworkInput picture, ReadInput(i));
    if (i == 0) SLUICE_RETURN_IF_ERROR(WarmUp(picture));
    if (batch.labels.size() == kBatchSize ||
        (!batch.labels.empty() &&
         batch.input_size() != picture.geometry.padded)) {
      SLUICE_RETURN_IF_ERROR(AddBatch(batch));
      progress.Update(static_cast<int64_t>(i));
      batch = Batch();
    }
    batch.pictures.push_back(std::move(picture));
    batch.labels.push_back(set_.label(i));
  }
  SLUICE_RETURN_IF_ERROR(AddBatch(batch));
  progress.Update(static_cast<int64_t>(num_pictures_));
  return MakeReport();
}

absl::StatusOr<NetworkInput> Evaluation::ReadInput(size_t index) const {
  SLUICE_ASSIGN_OR_RETURN(const vision::Picture picture,
                          set_.ReadPicture(index));
  return codec_.MakeInput(picture, view_);
}

// The first run of a network allocates and compiles; no time counts it.
absl::Status Evaluation::WarmUp(const NetworkInput& picture) {
  return codec_.EncodeLatent(picture.input).status();
}

absl::Status Evaluation::AddBatch(const Batch& batch) {
  std::vector<base::FloatTensor> inputs;
  std::vector<base::FloatTensor> latents;
  for (const NetworkInput& picture : batch.pictures) {
    inputs.push_back(picture.input);
    const SteadyClock::time_point start = SteadyClock::now();
    SLUICE_ASSIGN_OR_RETURN(base::FloatTensor latent,
                            codec_.EncodeLatent(picture.input));
    times_.encode_ms.Add(MsSince(start));
    latents.push_back(std::move(latent));
  }
  SLUICE_ASSIGN_OR_RETURN(const base::FloatTensor pictures,
                          StackTensors(inputs));

  base::FloatTensor teacher_storage;
  const base::FloatTensor* teacher_logits = nullptr;
  if (teacher_ != nullptr) {
    SLUICE_ASSIGN_OR_RETURN(teacher_storage, RunTeacher(pictures));
    teacher_logits = &teacher_storage;
    teacher_score_.Add(teacher_storage, batch.labels, nullptr);
  }
  SLUICE_ASSIGN_OR_RETURN(const base::FloatTensor logits, RunOurs(pictures));
  uncompressed_.Add(logits, batch.labels, teacher_logits);

  for (RateTally& tally : rates_) {
    SLUICE_RETURN_IF_ERROR(AddRate(batch, latents, teacher_logits, &tally));
  }
  for (BaselineTally& tally : baselines_) {
    SLUICE_RETURN_IF_ERROR(AddBaseline(batch, teacher_logits, &tally));
  }
  return absl::OkStatus();
}

absl::Status Evaluation::AddRate(const Batch& batch,
                                 const std::vector<base::FloatTensor>& latents,
                                 const base::FloatTensor* teacher_logits,
                                 RateTally* tally) {
  std::vector<base::FloatTensor> y_hats;
  for (const base::FloatTensor& latent : latents) {
    SteadyClock::time_point start = SteadyClock::now();
    SLUICE_ASSIGN_OR_RETURN(const std::vector<uint8_t> frame,
                            codec_.LatentToFrame(latent, tally->rate));
    times_.entropy_encode_ms.Add(MsSince(start));
    tally->cost.Add(frame.size(), batch.input_size());
    start = SteadyClock::now();
    SLUICE_ASSIGN_OR_RETURN(codec::DecodedFrame decoded,
                            codec_.FrameToYHat(frame));
    times_.entropy_decode_ms.Add(MsSince(start));
    y_hats.push_back(
        {.shape = latent.shape, .values = std::move(decoded.y_hat)});
  }
  SLUICE_ASSIGN_OR_RETURN(const base::FloatTensor y_hat, StackTensors(y_hats));
  const std::vector<int> rates(y_hats.size(), tally->rate);
  const SteadyClock::time_point start = SteadyClock::now();
  SLUICE_ASSIGN_OR_RETURN(const base::FloatTensor features,
                          codec_.decoder().Decode(y_hat, rates));
  times_.decode_ms.Add(MsSince(start) / static_cast<double>(rates.size()));
  SLUICE_ASSIGN_OR_RETURN(const base::FloatTensor logits,
                          tail_network_->Run(features));
  tally->score.Add(logits, batch.labels, teacher_logits);
  return absl::OkStatus();
}

absl::Status Evaluation::AddBaseline(const Batch& batch,
                                     const base::FloatTensor* teacher_logits,
                                     BaselineTally* tally) {
  std::vector<base::FloatTensor> inputs;
  for (const NetworkInput& picture : batch.pictures) {
    SLUICE_ASSIGN_OR_RETURN(
        const std::vector<uint8_t> file,
        vision::EncodePicture(picture.view, tally->baseline.format,
                              tally->baseline.quality));
    tally->cost.Add(file.size(), batch.input_size());
    SLUICE_ASSIGN_OR_RETURN(const vision::Picture decoded,
                            vision::DecodePicture(file));
    SLUICE_ASSIGN_OR_RETURN(base::FloatTensor input,
                            codec_.ViewToInput(decoded, picture.geometry));
    inputs.push_back(std::move(input));
  }
  SLUICE_ASSIGN_OR_RETURN(const base::FloatTensor pictures,
                          StackTensors(inputs));
  SLUICE_ASSIGN_OR_RETURN(const base::FloatTensor logits, RunOurs(pictures));
  tally->ours.Add(logits, batch.labels, teacher_logits);
  if (teacher_ == nullptr) return absl::OkStatus();
  SLUICE_ASSIGN_OR_RETURN(const base::FloatTensor answers,
                          RunTeacher(pictures));
  tally->teacher.Add(answers, batch.labels, teacher_logits);
  return absl::OkStatus();
}

absl::StatusOr<base::FloatTensor> Evaluation::RunOurs(
    const base::FloatTensor& pictures) const {
  SLUICE_ASSIGN_OR_RETURN(const base::FloatTensor features,
                          codec_.decoder().Enter(pictures));
  return tail_network_->Run(features);
}

absl::StatusOr<base::FloatTensor> Evaluation::RunTeacher(
    const base::FloatTensor& pictures) const {
  SLUICE_ASSIGN_OR_RETURN(base::FloatTensor logits, teacher_->Run(pictures));
  const int64_t num_classes = static_cast<int64_t>(tail_.labels.size());
  if (logits.shape[1] != num_classes) {
    return absl::InvalidArgumentError(
        absl::StrCat("tail ", tail_.spec.name, " has ", num_classes,
                     " classes, the teacher ", logits.shape[1]));
  }
  return logits;
}

EvalReport Evaluation::MakeReport() const {
  EvalReport report;
  report.codec_name = codec_.spec().name;
  report.codec_id = codec_.artifact().id;
  report.tail_name = tail_.spec.name;
  report.data = data_name_;
  report.view = vision::ToString(view_);
  report.num_images = static_cast<int64_t>(num_pictures_);
  report.uncompressed = uncompressed_.ToScore();
  if (teacher_ != nullptr) report.teacher = teacher_score_.ToScore();
  for (const RateTally& tally : rates_) {
    report.points.push_back(
        {tally.rate, tally.cost.ToCost(), tally.score.ToScore()});
  }
  for (const BaselineTally& tally : baselines_) {
    BaselinePoint point = {.codec = BaselineName(tally.baseline.format),
                           .quality = tally.baseline.quality,
                           .cost = tally.cost.ToCost(),
                           .ours = tally.ours.ToScore()};
    if (teacher_ != nullptr) point.teacher = tally.teacher.ToScore();
    report.baselines.push_back(std::move(point));
  }
  report.compute = {
      .encoder_mmac_224 = codec_.encoder().Macs(224, 224) / 1e6,
      .decoder_mmac_224 = codec_.decoder().DecodeMacs(224, 224) / 1e6,
      .encode_ms = times_.encode_ms.Mean(),
      .entropy_encode_ms = times_.entropy_encode_ms.Mean(),
      .entropy_decode_ms = times_.entropy_decode_ms.Mean(),
      .decode_ms = times_.decode_ms.Mean(),
      .decode_batch_size = static_cast<int>(kBatchSize)};
  const std::vector<std::string>& ids = tail_.spec.codec_ids;
  if (std::find(ids.begin(), ids.end(), report.codec_id) == ids.end()) {
    report.warnings.push_back(absl::StrCat("tail ", tail_.spec.name,
                                           " was not made for codec id ",
                                           report.codec_id));
  }
  return report;
}

}  // namespace

absl::StatusOr<EvalReport> RunEval(const EvalOptions& options) {
  SLUICE_ASSIGN_OR_RETURN(Evaluation evaluation, Evaluation::Create(options));
  return evaluation.Run();
}

}  // namespace sluice::train
