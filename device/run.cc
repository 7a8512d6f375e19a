#include "device/run.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "device/annotate.h"
#include "device/annotated_output.h"
#include "device/report.h"
#include "device/table.h"
#include "spdlog/spdlog.h"

namespace sluice::device {
namespace {

bool Annotates(const Options& options) {
  return !options.save.empty() || !options.contact_sheet.empty();
}

ExitCode FailToStart(const absl::Status& status) {
  spdlog::error("{}", std::string(status.message()));
  return absl::IsInternal(status) ? ExitCode::kBadCodec : ExitCodeOf(status);
}

// Reports the pictures of the pipeline to its end.
ExitCode ReportAll(const Options& options, bool is_live, Pipeline* pipeline,
                   AnnotatedOutput* annotated, TableWriter* table,
                   std::ostream* out) {
  ExitCode exit_code = ExitCode::kOk;
  while (std::optional<FinishedPicture> picture = pipeline->Next()) {
    const PictureReport& report = picture->report;
    if (options.json) {
      *out << ToJsonLine(report, options.json_masks ? JsonMasks::kRunLengths
                                                    : JsonMasks::kShares)
           << std::endl;
    } else {
      table->Add(report);
    }
    if (!report.ok() && !is_live) exit_code = ExitCode::kSomeFailed;
    if (!report.status.ok() || !Annotates(options)) continue;
    if (const absl::Status saved = annotated->Add(picture->picture, report);
        !saved.ok()) {
      spdlog::error("{}: not saved: {}", report.source,
                    std::string(saved.message()));
      exit_code = ExitCode::kSomeFailed;
    }
  }
  if (const absl::Status end = pipeline->status(); !end.ok()) {
    spdlog::error("giving up: {}", std::string(end.message()));
    return ExitCodeOf(end);
  }
  return exit_code;
}

}  // namespace

absl::StatusOr<EncodingOptions> MakeEncodingOptions(
    const Options& options, const artifact::CodecSpec& spec) {
  EncodingOptions encoding;
  encoding.view = options.view;
  encoding.rate = options.rate.value_or(options.max_bytes ? spec.num_rates - 1
                                                          : spec.default_rate);
  encoding.max_bytes = options.max_bytes;
  if (encoding.rate < 0 || encoding.rate >= spec.num_rates) {
    return absl::InvalidArgumentError(
        absl::StrCat("--rate: expected 0 to ", spec.num_rates - 1, " for ",
                     spec.name, ", found ", encoding.rate));
  }
  encoding.tails = options.tails;
  encoding.top_k = static_cast<uint32_t>(options.top_k);
  if (Annotates(options)) {
    encoding.top_k = std::max<uint32_t>(encoding.top_k, kMaxAnnotatedLabels);
  }
  encoding.score_threshold = options.score_threshold;
  encoding.max_mask_side = static_cast<uint32_t>(options.mask_side);
  encoding.timeout_ms = static_cast<uint32_t>(options.deadline.count());
  if (options.send == Send::kPixels) {
    encoding.pixels = PixelSending{options.pixel_format, options.quality};
  }
  encoding.compare_jpeg_quality = options.compare_jpeg_quality;
  return encoding;
}

ExitCode ExitCodeOf(const absl::Status& status) {
  if (status.ok()) return ExitCode::kOk;
  if (absl::IsFailedPrecondition(status)) return ExitCode::kCodecMismatch;
  if (absl::IsNotFound(status) || absl::IsInvalidArgument(status)) {
    return ExitCode::kUsage;
  }
  return ExitCode::kNoServer;
}

ExitCode RunDevice(const Options& options, CurrentCodec* codec, Source* source,
                   const StartLink& start_link, std::ostream* out) {
  absl::StatusOr<AnnotatedOutput> annotated = AnnotatedOutput::Create(
      options.save, options.contact_sheet,
      source->is_live() ? VideoTime::kAsCaptured : VideoTime::kEveryPicture);
  if (!annotated.ok()) {
    spdlog::error("{}", std::string(annotated.status().message()));
    return ExitCode::kUsage;
  }
  absl::StatusOr<std::unique_ptr<Pipeline>> pipeline = Pipeline::Start(
      source, codec, start_link,
      Annotates(options) ? KeepPictures::kYes : KeepPictures::kNo);
  if (!pipeline.ok()) return FailToStart(pipeline.status());

  TableWriter table(out, options.top_k, options.compare_jpeg_quality);
  ExitCode exit_code = ReportAll(options, source->is_live(), pipeline->get(),
                                 &*annotated, &table, out);
  if (!options.json) table.WriteSummary();
  if (const absl::Status finished = annotated->Finish(); !finished.ok()) {
    spdlog::error("not saved: {}", std::string(finished.message()));
    if (exit_code == ExitCode::kOk) exit_code = ExitCode::kSomeFailed;
  }
  return exit_code;
}

}  // namespace sluice::device
