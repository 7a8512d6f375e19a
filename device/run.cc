#include "device/run.h"

#include <algorithm>
#include <optional>
#include <string>

#include "common/base/status_macros.h"
#include "device/annotate.h"
#include "device/annotated_output.h"
#include "device/pipeline.h"
#include "device/report.h"
#include "device/source.h"
#include "device/table.h"
#include "spdlog/spdlog.h"

namespace sluice::device {
namespace {

PipelineOptions MakePipelineOptions(const Options& options,
                                    const artifact::CodecArtifact& codec) {
  PipelineOptions pipeline;
  pipeline.view = options.view;
  pipeline.rate = options.rate.value_or(codec.spec.default_rate);
  pipeline.tails = options.tails;
  pipeline.top_k = static_cast<uint32_t>(options.top_k);
  if (!options.save.empty() || !options.contact_sheet.empty()) {
    pipeline.top_k = std::max<uint32_t>(pipeline.top_k, kMaxAnnotatedLabels);
  }
  pipeline.timeout_ms = static_cast<uint32_t>(options.deadline.count());
  if (options.send == Send::kPixels) {
    pipeline.pixels = PixelSending{options.pixel_format, options.quality};
  }
  pipeline.compare_jpeg_quality = options.compare_jpeg_quality;
  return pipeline;
}

bool EndsTheRun(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsFailedPrecondition(status);
}

}  // namespace

ExitCode ExitCodeOf(const absl::Status& status) {
  if (status.ok()) return ExitCode::kOk;
  if (absl::IsFailedPrecondition(status)) return ExitCode::kCodecMismatch;
  if (absl::IsNotFound(status) || absl::IsInvalidArgument(status)) {
    return ExitCode::kUsage;
  }
  return ExitCode::kNoServer;
}

ExitCode RunDevice(const Options& options, const artifact::CodecArtifact& codec,
                   model::Encoder* encoder, ServerClient* client,
                   std::ostream* out) {
  absl::StatusOr<AnnotatedOutput> annotated =
      AnnotatedOutput::Create(options.save, options.contact_sheet);
  if (!annotated.ok()) {
    spdlog::error("{}", std::string(annotated.status().message()));
    return ExitCode::kUsage;
  }
  Pipeline pipeline(MakePipelineOptions(options, codec), &codec, encoder,
                    client);
  if (absl::Status status = pipeline.WarmUp(); !status.ok()) {
    spdlog::error("the encoder fails on a blank view: {}",
                  std::string(status.message()));
    return ExitCode::kBadCodec;
  }

  TableWriter table(out, options.top_k, options.compare_jpeg_quality);
  ExitCode exit_code = ExitCode::kOk;
  PictureSource source(options.inputs);
  while (std::optional<SourcePicture> item = source.Next()) {
    const PictureReport report = pipeline.Process(*item);
    if (options.json) {
      *out << ToJsonLine(report) << std::endl;
    } else {
      table.Add(report);
    }
    if (!report.ok()) exit_code = ExitCode::kSomeFailed;
    if (EndsTheRun(report.status)) {
      exit_code = ExitCodeOf(report.status);
      spdlog::error("giving up: {}", std::string(report.status.message()));
      break;
    }
    if (!report.status.ok()) continue;
    if (absl::Status saved = annotated->Add(*item->picture, report);
        !saved.ok()) {
      spdlog::error("{}: not saved: {}", item->source,
                    std::string(saved.message()));
      exit_code = ExitCode::kSomeFailed;
    }
  }
  if (!options.json) table.WriteSummary();
  if (absl::Status sheet = annotated->Finish(); !sheet.ok()) {
    spdlog::error("no contact sheet: {}", std::string(sheet.message()));
    if (exit_code == ExitCode::kOk) exit_code = ExitCode::kSomeFailed;
  }
  return exit_code;
}

}  // namespace sluice::device
