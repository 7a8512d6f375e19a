// The way of one picture to the request: view -> latent -> frame -> request.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/artifact/codec_artifact.h"
#include "common/base/float_tensor.h"
#include "common/model/encoder.h"
#include "common/vision/geometry.h"
#include "common/vision/picture.h"
#include "device/report.h"
#include "sluice/v1/inference.pb.h"

namespace sluice::device {

// Sends the view as a compressed picture instead of a frame: the baseline.
struct PixelSending {
  vision::PictureFormat format = vision::PictureFormat::kJpeg;
  int quality = 75;  // 1..100
};

struct EncodingOptions {
  vision::ViewRule view;
  int rate = 0;                     // With max_bytes, the highest allowed.
  std::optional<size_t> max_bytes;  // Of each frame.
  std::vector<std::string> tails;   // Empty: the server's default tail.
  uint32_t top_k = 5;
  float score_threshold = 0;   // 0: the server's, of each task.
  uint32_t max_mask_side = 0;  // Pixels; 0: the server's.
  uint32_t timeout_ms = 2000;
  std::optional<PixelSending> pixels;
  std::optional<int> compare_jpeg_quality;  // 1..100
};

// The part of a picture that is encoded, in both forms.
struct PreparedView {
  vision::Geometry geometry;
  vision::Picture view;     // geometry.valid pixels.
  base::FloatTensor input;  // float32 [3,H,W], geometry.padded, preprocessed.
};

absl::StatusOr<PreparedView> PrepareView(const vision::Picture& picture,
                                         const vision::ViewRule& rule,
                                         const artifact::CodecSpec& spec);

struct RatedFrame {
  int rate = 0;
  std::vector<uint8_t> bytes;
};

// Quantizes and entropy-codes float32 [C,H,W] into one frame: at `rate`, or
// with `max_bytes` at the highest rate up to it that keeps to them.
// InvalidArgument when the codec does not have the rate; ResourceExhausted when
// no frame is that small.
absl::StatusOr<RatedFrame> LatentToFrame(const base::FloatTensor& latent,
                                         const artifact::CodecArtifact& codec,
                                         int rate,
                                         std::optional<size_t> max_bytes);

// The stages of a picture, with what they take and make written into its
// report. Prepare() and Encode() may run at the same time, each on one thread.
class PictureEncoder {
 public:
  // The pointers must outlive the encoder; `encoder` may be null when pixels
  // are sent.
  PictureEncoder(EncodingOptions options, const artifact::CodecArtifact* codec,
                 model::Encoder* encoder);

  // Encodes one blank picture, so that the first picture's time is not that of
  // waking the network up. On the thread that will encode: LibTorch's threads
  // belong to it.
  absl::Status WarmUp() const;

  absl::StatusOr<PreparedView> Prepare(const vision::Picture& picture,
                                       PictureReport* report) const;
  // REQUIRES: report->sequence is set. ResourceExhausted when the picture has
  // no frame of options.max_bytes: another picture may.
  absl::StatusOr<v1::InferRequest> Encode(const PreparedView& prepared,
                                          PictureReport* report) const;

 private:
  absl::Status AddFrame(const PreparedView& prepared, v1::InferRequest* request,
                        PictureReport* report) const;
  absl::Status AddImage(const PreparedView& prepared, v1::InferRequest* request,
                        PictureReport* report) const;
  absl::Status CompareWithJpeg(const PreparedView& prepared,
                               PictureReport* report) const;

  EncodingOptions options_;
  const artifact::CodecArtifact* codec_;
  model::Encoder* encoder_;
};

}  // namespace sluice::device
