#include "models/train/eval/eval.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/model/compute.h"
#include "common/model/teacher.h"
#include "models/train/data/parallel_for.h"
#include "models/train/data/progress.h"
#include "models/train/eval/eval_description.h"
#include "models/train/eval/eval_latency.h"
#include "models/train/eval/eval_set.h"
#include "models/train/eval/learned_pair.h"
#include "models/train/eval/operating_points.h"

namespace sluice::train {
namespace {

// Larger ones are slower on a CPU: their activations leave the caches.
constexpr size_t kBatchSize = 8;

absl::Status CheckOptions(const EvalOptions& options) {
  if (options.limit < 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("limit must not be negative, found ", options.limit));
  }
  if (options.num_latency_pictures < 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("latency pictures must not be negative, found ",
                     options.num_latency_pictures));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<model::Teacher>> LoadTeacherFor(
    const LearnedPair& pair, const std::filesystem::path& path) {
  if (pair.task() != Task::kClassification) {
    return absl::InvalidArgumentError(
        absl::StrCat("a teacher is for classification, tail ",
                     pair.tail().spec.name, " for ", pair.tail().spec.task));
  }
  const artifact::CodecSpec defaults;
  const artifact::CodecSpec& spec = pair.codec().spec();
  if (DescribeInput(spec) != DescribeInput(defaults)) {
    return absl::InvalidArgumentError(
        absl::StrCat("the teacher needs pictures as ", DescribeInput(defaults),
                     ", codec ", spec.name, " makes ", DescribeInput(spec)));
  }
  return model::LoadTeacher(path);
}

void SortByBytes(std::vector<OperatingPoint>* points) {
  const auto total = [](const OperatingPoint& point) {
    uint64_t bytes = 0;
    for (const Outcome& outcome : point.outcomes) bytes += outcome.bytes;
    return bytes;
  };
  std::stable_sort(points->begin(), points->end(),
                   [&](const OperatingPoint& a, const OperatingPoint& b) {
                     return total(a) < total(b);
                   });
}

OperatingPoint WithoutContainer(OperatingPoint point,
                                const std::vector<uint32_t>& container_bytes) {
  for (size_t i = 0; i < point.outcomes.size(); ++i) {
    point.outcomes[i].bytes -= container_bytes[i];
  }
  return point;
}

// `options` must outlive it.
class EvalRun {
 public:
  static absl::StatusOr<EvalRun> Create(const EvalOptions& options);

  absl::Status MeasurePictures();
  absl::Status MeasureLatencies();
  Evaluation Finish();

 private:
  EvalRun(const EvalOptions& options, std::vector<LearnedPair> pairs,
          EvalSet set)
      : options_(options), pairs_(std::move(pairs)), set_(std::move(set)) {}

  void PlanPoints();
  absl::StatusOr<NetworkInput> ReadInput(size_t index) const;
  EvalBatch EmptyBatch() const;
  absl::Status AddBatch(EvalBatch batch);
  absl::Status ScoreUncompressed(EvalBatch* batch);
  absl::Status MeasurePoints(
      const std::vector<std::vector<base::FloatTensor>>& latents,
      const EvalBatch& batch);

  const EvalOptions& options_;
  std::vector<LearnedPair> pairs_;
  EvalSet set_;
  std::unique_ptr<model::Teacher> teacher_;  // Null without one.
  // Methods are those of pairs_, then of options_.baselines.
  Evaluation evaluation_;
  std::vector<RatePoint> rate_points_;
  std::vector<QualityPoint> quality_points_;
};

absl::StatusOr<EvalRun> EvalRun::Create(const EvalOptions& options) {
  SLUICE_RETURN_IF_ERROR(CheckOptions(options));
  SLUICE_ASSIGN_OR_RETURN(std::vector<LearnedPair> pairs,
                          LoadPairs(options.codecs, options.tails,
                                    options.rates, options.num_threads));
  const LearnedPair& first = pairs.front();
  SLUICE_ASSIGN_OR_RETURN(
      EvalSet set, EvalSet::Open({.task = first.task(),
                                  .data = options.data,
                                  .split = options.split,
                                  .only = options.only,
                                  .limit = options.limit,
                                  .labels = first.tail().labels,
                                  .ignore_index = first.ignore_index()}));
  EvalRun run(options, std::move(pairs), std::move(set));
  if (options.teacher.has_value()) {
    SLUICE_ASSIGN_OR_RETURN(
        run.teacher_, LoadTeacherFor(run.pairs_.front(), *options.teacher));
  }
  run.evaluation_ = DescribeEvaluation(options, run.pairs_);
  run.PlanPoints();
  return run;
}

void EvalRun::PlanPoints() {
  for (size_t p = 0; p < pairs_.size(); ++p) {
    for (const int rate : pairs_[p].rates()) {
      rate_points_.push_back({.pair = p, .rate = rate, .measured = {}});
    }
  }
  for (const PixelCodec codec : options_.baselines) {
    for (const int quality : QualitySweep(codec)) {
      QualityPoint point;
      point.codec = codec;
      point.quality = quality;
      quality_points_.push_back(std::move(point));
    }
  }
}

absl::StatusOr<NetworkInput> EvalRun::ReadInput(size_t index) const {
  SLUICE_ASSIGN_OR_RETURN(const vision::Picture picture,
                          set_.ReadPicture(index));
  return pairs_.front().codec().MakeInput(picture, options_.view);
}

EvalBatch EvalRun::EmptyBatch() const {
  EvalBatch batch;
  batch.task = pairs_.front().task();
  batch.num_classes = pairs_.front().num_classes();
  return batch;
}

absl::Status EvalRun::MeasurePictures() {
  Progress progress =
      Progress::OnStderr("evaluating", static_cast<int64_t>(set_.size()));
  EvalBatch batch = EmptyBatch();
  for (size_t i = 0; i < set_.size(); ++i) {
    SLUICE_ASSIGN_OR_RETURN(NetworkInput picture, ReadInput(i));
    const vision::Size size = picture.geometry.padded;
    if (batch.pictures.size() == kBatchSize ||
        (!batch.pictures.empty() &&
         batch.pictures.front().geometry.padded != size)) {
      SLUICE_RETURN_IF_ERROR(AddBatch(std::move(batch)));
      progress.Update(static_cast<int64_t>(i));
      batch = EmptyBatch();
    }
    SLUICE_ASSIGN_OR_RETURN(Truth truth, set_.ReadTruth(i));
    batch.pictures.push_back(std::move(picture));
    batch.truths.push_back(std::move(truth));
    batch.about.push_back(
        {.name = set_.name(i),
         .label = set_.label(i),
         .pixels = static_cast<uint32_t>(size.width * size.height)});
  }
  SLUICE_RETURN_IF_ERROR(AddBatch(std::move(batch)));
  progress.Update(static_cast<int64_t>(set_.size()));
  return absl::OkStatus();
}

absl::Status EvalRun::AddBatch(EvalBatch batch) {
  std::vector<base::FloatTensor> inputs;
  for (const NetworkInput& picture : batch.pictures) {
    inputs.push_back(picture.input);
  }
  SLUICE_ASSIGN_OR_RETURN(batch.inputs, StackTensors(inputs));
  SLUICE_RETURN_IF_ERROR(ScoreUncompressed(&batch));

  std::vector<std::vector<base::FloatTensor>> latents(pairs_.size());
  for (size_t p = 0; p < pairs_.size(); ++p) {
    for (const base::FloatTensor& input : inputs) {
      SLUICE_ASSIGN_OR_RETURN(base::FloatTensor latent,
                              pairs_[p].codec().EncodeLatent(input));
      latents[p].push_back(std::move(latent));
    }
  }
  SLUICE_RETURN_IF_ERROR(MeasurePoints(latents, batch));
  evaluation_.pictures.insert(evaluation_.pictures.end(), batch.about.begin(),
                              batch.about.end());
  return absl::OkStatus();
}

absl::Status EvalRun::ScoreUncompressed(EvalBatch* batch) {
  if (teacher_ != nullptr) {
    SLUICE_ASSIGN_OR_RETURN(base::FloatTensor logits,
                            teacher_->Run(batch->inputs));
    const LearnedPair& pair = pairs_.front();
    if (logits.shape[1] != pair.num_classes()) {
      return absl::InvalidArgumentError(absl::StrCat(
          "tail ", pair.tail().spec.name, " has ", pair.num_classes(),
          " classes, the teacher ", logits.shape[1]));
    }
    batch->teacher_logits = std::move(logits);
    AddOutcomes(*batch->teacher_logits, *batch, {},
                &evaluation_.teacher->outcomes);
  }
  for (size_t p = 0; p < pairs_.size(); ++p) {
    SLUICE_ASSIGN_OR_RETURN(const std::vector<model::NamedTensor> outputs,
                            pairs_[p].PicturesToOutputs(batch->inputs));
    SLUICE_RETURN_IF_ERROR(
        AddAnswers(outputs, *batch, {}, &evaluation_.uncompressed[p]));
  }
  return absl::OkStatus();
}

// One thread per operating point: that keeps every core busy, where networks
// and pixel codecs that take turns on several threads do not.
absl::Status EvalRun::MeasurePoints(
    const std::vector<std::vector<base::FloatTensor>>& latents,
    const EvalBatch& batch) {
  return ParallelFor(rate_points_.size() + quality_points_.size(),
                     options_.num_threads, [&](size_t i) {
                       model::SetComputeThreads(1);
                       if (i < rate_points_.size()) {
                         RatePoint* point = &rate_points_[i];
                         return MeasureRate(pairs_[point->pair],
                                            latents[point->pair], batch, point);
                       }
                       return MeasureQuality(
                           pairs_.front(), teacher_.get(), batch,
                           &quality_points_[i - rate_points_.size()]);
                     });
}

absl::Status EvalRun::MeasureLatencies() {
  const size_t count =
      std::min(set_.size(), static_cast<size_t>(options_.num_latency_pictures));
  if (count == 0) return absl::OkStatus();
  std::vector<NetworkInput> pictures;
  for (size_t i = 0; i < count; ++i) {
    SLUICE_ASSIGN_OR_RETURN(NetworkInput picture, ReadInput(i));
    pictures.push_back(std::move(picture));
  }
  std::vector<int> thread_counts = {1};
  const int all_threads = ThreadCount(options_.num_threads);
  if (all_threads > 1) thread_counts.push_back(all_threads);
  const size_t num_measured = pairs_.size() + options_.baselines.size();
  Progress progress = Progress::OnStderr(
      "timing", static_cast<int64_t>(num_measured * thread_counts.size()));
  int64_t done = 0;
  for (const int num_threads : thread_counts) {
    // Loading decides the number of threads.
    SLUICE_ASSIGN_OR_RETURN(std::vector<LearnedPair> pairs,
                            LoadPairs(options_.codecs, options_.tails,
                                      options_.rates, num_threads));
    for (size_t i = 0; i < num_measured; ++i) {
      SLUICE_ASSIGN_OR_RETURN(
          const std::vector<Latency> latencies,
          i < pairs.size()
              ? MeasureRateLatencies(&pairs[i], pictures, num_threads)
              : MeasureQualityLatencies(pairs.front(),
                                        options_.baselines[i - pairs.size()],
                                        pictures, num_threads));
      std::vector<Latency>* all = &evaluation_.methods[i].latencies;
      all->insert(all->end(), latencies.begin(), latencies.end());
      progress.Update(++done);
    }
  }
  return absl::OkStatus();
}

Evaluation EvalRun::Finish() {
  for (RatePoint& point : rate_points_) {
    point.measured.setting = RateSetting(point.rate);
    point.measured.scored_by = "tail";
    evaluation_.methods[point.pair].points.push_back(std::move(point.measured));
  }
  Evaluation evaluation = std::move(evaluation_);
  std::vector<Method> pixel_methods(
      evaluation.methods.begin() + static_cast<int64_t>(pairs_.size()),
      evaluation.methods.end());
  evaluation.methods.resize(pairs_.size());
  for (size_t b = 0; b < options_.baselines.size(); ++b) {
    Method whole = std::move(pixel_methods[b]);
    Method bare;
    bare.name = whole.name + kNoContainer;
    bool has_container = false;
    for (const QualityPoint& point : quality_points_) {
      if (point.codec != options_.baselines[b]) continue;
      whole.points.push_back(BetterNetwork(point));
      bare.points.push_back(
          WithoutContainer(whole.points.back(), point.container_bytes));
      has_container |= point.container_bytes.front() > 0;
    }
    evaluation.methods.push_back(std::move(whole));
    if (has_container) evaluation.methods.push_back(std::move(bare));
  }
  for (Method& method : evaluation.methods) SortByBytes(&method.points);
  return evaluation;
}

}  // namespace

absl::StatusOr<std::vector<Evaluation>> RunEval(
    const std::vector<EvalOptions>& sections) {
  std::vector<EvalRun> runs;
  for (const EvalOptions& options : sections) {
    SLUICE_ASSIGN_OR_RETURN(EvalRun run, EvalRun::Create(options));
    runs.push_back(std::move(run));
  }
  std::vector<Evaluation> evaluations;
  for (EvalRun& run : runs) {
    SLUICE_RETURN_IF_ERROR(run.MeasurePictures());
    SLUICE_RETURN_IF_ERROR(run.MeasureLatencies());
    evaluations.push_back(run.Finish());
  }
  return evaluations;
}

}  // namespace sluice::train
