// The device half of a codec, as a server sends it: any server, so every chunk
// is checked before it is kept.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/artifact/codec_artifact.h"
#include "sluice/v1/inference.grpc.pb.h"

namespace sluice::device {

// Puts chunks together. Never holds more than kMaxDeviceHalfBytes.
class ChunkCollector {
 public:
  // DataLoss for a chunk that does not continue what came before, in the order
  // codec.json, encoder.safetensors, tables.safetensors; ResourceExhausted for
  // files larger than a device half may be.
  absl::Status Add(const v1::CodecChunk& chunk);

  // The three files. DataLoss unless all are complete.
  absl::StatusOr<std::vector<artifact::CodecFile>> Finish();

 private:
  std::vector<artifact::CodecFile> files_;
  uint64_t file_bytes_ = 0;   // Declared, of the last file.
  uint64_t total_bytes_ = 0;  // Declared, of all files.
};

// Asks for codec `id`. The content is not verified. Errors are
// ChunkCollector's; FailedPrecondition when the server has no such codec;
// Unavailable when the server went away, DeadlineExceeded when it is too slow.
absl::StatusOr<std::vector<artifact::CodecFile>> DownloadCodec(
    v1::Inference::Stub* stub, const std::string& id);

}  // namespace sluice::device
