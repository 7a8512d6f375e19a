#include "server/codec_sender.h"

#include <algorithm>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common/wire/grpc_status.h"

namespace sluice::server {
namespace {

constexpr size_t kChunkBytes = 256u << 10;

}  // namespace

CodecSender::CodecSender(const ModelStore& store, const std::string& codec_id)
    : codec_(store.FindCodec(codec_id)) {
  if (codec_ == nullptr) {
    Finish(wire::ToGrpcStatus(absl::NotFoundError(
        absl::StrCat("codec \"", codec_id,
                     "\" is not loaded; loaded: ", store.DescribeCodecs()))));
  } else if (codec_->device_half.empty()) {
    Finish(wire::ToGrpcStatus(absl::NotFoundError(
        absl::StrCat("codec ", codec_->artifact.spec.name, " (", codec_id,
                     ") is here without its device half"))));
  } else {
    SendNext();
  }
}

void CodecSender::OnWriteDone(bool ok) {
  if (ok) {
    SendNext();
  } else {
    Finish(wire::ToGrpcStatus(absl::CancelledError("the device is gone")));
  }
}

void CodecSender::SendNext() {
  if (file_ == codec_->device_half.size()) {
    Finish(grpc::Status::OK);
    return;
  }
  const artifact::CodecFile& file = codec_->device_half[file_];
  const size_t num_bytes = std::min(kChunkBytes, file.bytes.size() - offset_);
  chunk_.set_file(file.name);
  chunk_.set_file_bytes(file.bytes.size());
  chunk_.set_offset(offset_);
  chunk_.set_data(file.bytes.data() + offset_, num_bytes);
  offset_ += num_bytes;
  if (offset_ == file.bytes.size()) {
    ++file_;
    offset_ = 0;
  }
  StartWrite(&chunk_);
}

}  // namespace sluice::server
