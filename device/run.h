// A whole run: every picture of the source through the pipeline, reported.
#pragma once

#include <ostream>

#include "common/artifact/codec_artifact.h"
#include "device/options.h"
#include "device/picture_encoder.h"
#include "device/pipeline.h"
#include "device/run_codec.h"
#include "device/source.h"

namespace sluice::device {

// What the options ask of encoding by this codec. InvalidArgument when it does
// not have the rate.
absl::StatusOr<EncodingOptions> MakeEncodingOptions(
    const Options& options, const artifact::CodecSpec& spec);

// Writes results to `out` as they come and what went wrong otherwise to the
// log. Ends with the source, or early when the server is gone or has another
// codec for good. Pictures of a camera may fail without making the run a
// failure.
ExitCode RunDevice(const Options& options, CurrentCodec* codec, Source* source,
                   const StartLink& start_link, std::ostream* out);

// What an error of connecting to the server means for the run.
ExitCode ExitCodeOf(const absl::Status& status);

}  // namespace sluice::device
