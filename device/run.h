// A whole run: every picture of the inputs through the pipeline, reported.
#pragma once

#include <ostream>

#include "common/artifact/codec_artifact.h"
#include "common/model/encoder.h"
#include "device/options.h"
#include "device/server_client.h"

namespace sluice::device {

// Writes results to `out` as they come and what went wrong otherwise to the
// log. Stops early only when the server is gone or has another codec.
// `encoder` may be null when pixels are sent.
ExitCode RunDevice(const Options& options, const artifact::CodecArtifact& codec,
                   model::Encoder* encoder, ServerClient* client,
                   std::ostream* out);

// What an error of connecting to the server means for the run; after the start,
// only kNoServer and kCodecMismatch end it.
ExitCode ExitCodeOf(const absl::Status& status);

}  // namespace sluice::device
