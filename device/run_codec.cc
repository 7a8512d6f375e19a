#include "device/run_codec.h"

#include <utility>

#include "common/base/status_macros.h"
#include "common/vision/preprocess.h"

namespace sluice::device {

RunCodec::RunCodec(EncodingOptions options, artifact::CodecArtifact artifact,
                   std::shared_ptr<model::Encoder> network)
    : view_(options.view),
      artifact_(std::move(artifact)),
      network_(std::move(network)),
      encoder_(std::move(options), &artifact_, network_.get()) {}

absl::Status RunCodec::PrepareAgain(PreparedView* prepared) const {
  const artifact::CodecSpec& spec = artifact_.spec;
  SLUICE_ASSIGN_OR_RETURN(prepared->geometry,
                          vision::MakeGeometry(prepared->geometry.source, view_,
                                               spec.pad_multiple));
  SLUICE_ASSIGN_OR_RETURN(
      prepared->input,
      vision::ViewToInput(prepared->view, prepared->geometry, spec.input_scale,
                          spec.input_offset));
  return absl::OkStatus();
}

CurrentCodec::CurrentCodec(std::shared_ptr<const RunCodec> codec)
    : codec_(std::move(codec)) {}

std::shared_ptr<const RunCodec> CurrentCodec::Get() {
  base::MutexLock lock(mutex_);
  return codec_;
}

void CurrentCodec::Set(std::shared_ptr<const RunCodec> codec) {
  base::MutexLock lock(mutex_);
  codec_ = std::move(codec);
}

}  // namespace sluice::device
