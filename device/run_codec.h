// The codec of a run with what encodes by it; a server may change it under way.
#pragma once

#include <memory>

#include "absl/status/status.h"
#include "common/artifact/codec_artifact.h"
#include "common/base/mutex.h"
#include "common/model/encoder.h"
#include "device/picture_encoder.h"

namespace sluice::device {

// One codec, ready to encode.
class RunCodec {
 public:
  // `network` may be null when pixels are sent.
  RunCodec(EncodingOptions options, artifact::CodecArtifact artifact,
           std::shared_ptr<model::Encoder> network);
  RunCodec(const RunCodec&) = delete;
  RunCodec& operator=(const RunCodec&) = delete;

  const artifact::CodecArtifact& artifact() const { return artifact_; }
  const PictureEncoder& encoder() const { return encoder_; }

  // Makes the input anew of a view whose input is gone or was made for another
  // codec: the view is the same for all, its padding and scaling are not.
  absl::Status PrepareAgain(PreparedView* prepared) const;

 private:
  const vision::ViewRule view_;
  const artifact::CodecArtifact artifact_;
  const std::shared_ptr<model::Encoder> network_;
  const PictureEncoder encoder_;
};

// The codec that pictures are to be encoded with from now on. Thread-safe.
class CurrentCodec {
 public:
  explicit CurrentCodec(std::shared_ptr<const RunCodec> codec);

  std::shared_ptr<const RunCodec> Get();
  void Set(std::shared_ptr<const RunCodec> codec);

 private:
  base::Mutex mutex_;
  std::shared_ptr<const RunCodec> codec_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace sluice::device
