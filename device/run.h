// A whole run: every picture of the source through the pipeline, reported.
#pragma once

#include <ostream>

#include "common/artifact/codec_artifact.h"
#include "common/model/encoder.h"
#include "device/options.h"
#include "device/pipeline.h"
#include "device/source.h"

namespace sluice::device {

// Writes results to `out` as they come and what went wrong otherwise to the
// log. Ends with the source, or early when the server is gone or has another
// codec. Pictures of a camera may fail without making the run a failure.
// `encoder` may be null when pixels are sent.
ExitCode RunDevice(const Options& options, const artifact::CodecArtifact& codec,
                   model::Encoder* encoder, Source* source,
                   const StartLink& start_link, std::ostream* out);

// What an error of connecting to the server means for the run.
ExitCode ExitCodeOf(const absl::Status& status);

}  // namespace sluice::device
