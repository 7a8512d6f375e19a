#include "device/codec_download.h"

#include <array>
#include <chrono>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/wire/grpc_status.h"
#include "grpcpp/client_context.h"

namespace sluice::device {
namespace {

constexpr std::array<const char*, 3> kFiles = {
    "codec.json", "encoder.safetensors", "tables.safetensors"};
// A device half of usual size takes less over the slowest of links.
constexpr std::chrono::minutes kDownloadDeadline{10};

}  // namespace

absl::Status ChunkCollector::Add(const v1::CodecChunk& chunk) {
  const bool begins =
      files_.empty() || files_.back().bytes.size() == file_bytes_;
  if (begins) {
    if (files_.size() == kFiles.size()) {
      return absl::DataLossError(absl::StrCat("expected the end after ",
                                              kFiles.back(), ", found more"));
    }
    total_bytes_ += chunk.file_bytes();
    if (chunk.file_bytes() > artifact::kMaxDeviceHalfBytes ||
        total_bytes_ > artifact::kMaxDeviceHalfBytes) {
      return absl::ResourceExhaustedError(absl::StrCat(
          "expected a device half of at most ", artifact::kMaxDeviceHalfBytes,
          " bytes, found ", chunk.file_bytes(), " in ", chunk.file()));
    }
    file_bytes_ = chunk.file_bytes();
    files_.push_back({kFiles[files_.size()], {}});
  }
  artifact::CodecFile& file = files_.back();
  if (chunk.file() != file.name || chunk.offset() != file.bytes.size() ||
      chunk.file_bytes() != file_bytes_) {
    return absl::DataLossError(absl::StrCat(
        "expected byte ", file.bytes.size(), " of ", file_bytes_, " of ",
        file.name, ", found byte ", chunk.offset(), " of ", chunk.file_bytes(),
        " of '", chunk.file().substr(0, 64), "'"));
  }
  if (chunk.data().empty() ||
      chunk.data().size() > file_bytes_ - file.bytes.size()) {
    return absl::DataLossError(absl::StrCat(
        file.name, ": expected 1 to ", file_bytes_ - file.bytes.size(),
        " bytes at ", file.bytes.size(), ", found ", chunk.data().size()));
  }
  file.bytes.insert(file.bytes.end(), chunk.data().begin(), chunk.data().end());
  return absl::OkStatus();
}

absl::StatusOr<std::vector<artifact::CodecFile>> ChunkCollector::Finish() {
  if (files_.size() < kFiles.size() ||
      files_.back().bytes.size() < file_bytes_) {
    const bool between =
        files_.empty() || files_.back().bytes.size() == file_bytes_;
    return absl::DataLossError(
        between ? absl::StrCat("expected ", kFiles[files_.size()],
                               ", found the end")
                : absl::StrCat("expected ", file_bytes_, " bytes of ",
                               files_.back().name, ", found ",
                               files_.back().bytes.size()));
  }
  return std::move(files_);
}

absl::StatusOr<std::vector<artifact::CodecFile>> DownloadCodec(
    v1::Inference::Stub* stub, const std::string& id) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + kDownloadDeadline);
  v1::FetchCodecRequest request;
  request.set_codec_id(id);
  const std::unique_ptr<grpc::ClientReader<v1::CodecChunk>> reader =
      stub->FetchCodec(&context, request);
  ChunkCollector collector;
  v1::CodecChunk chunk;
  while (reader->Read(&chunk)) {
    if (absl::Status status = collector.Add(chunk); !status.ok()) {
      context.TryCancel();
      reader->Finish();
      return status;
    }
  }
  const absl::Status status = wire::FromGrpcStatus(reader->Finish());
  if (absl::IsNotFound(status)) {
    return absl::FailedPreconditionError(status.message());
  }
  SLUICE_RETURN_IF_ERROR(status);
  return collector.Finish();
}

}  // namespace sluice::device
