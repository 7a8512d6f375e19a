#include "device/picture_encoder.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/codec/frame.h"
#include "common/codec/frame_price.h"
#include "common/vision/preprocess.h"
#include "common/wire/frame_proto.h"
#include "device/stopwatch.h"

namespace sluice::device {

absl::StatusOr<PreparedView> PrepareView(const vision::Picture& picture,
                                         const vision::ViewRule& rule,
                                         const artifact::CodecSpec& spec) {
  PreparedView prepared;
  SLUICE_ASSIGN_OR_RETURN(
      prepared.geometry,
      vision::MakeGeometry(picture.size(), rule, spec.pad_multiple));
  SLUICE_ASSIGN_OR_RETURN(prepared.view,
                          vision::MakeView(picture, prepared.geometry));
  SLUICE_ASSIGN_OR_RETURN(
      prepared.input, vision::ViewToInput(prepared.view, prepared.geometry,
                                          spec.input_scale, spec.input_offset));
  return prepared;
}

absl::StatusOr<RatedFrame> LatentToFrame(const base::FloatTensor& latent,
                                         const artifact::CodecArtifact& codec,
                                         int rate,
                                         std::optional<size_t> max_bytes) {
  if (latent.shape.size() != 3) {
    return absl::InternalError(absl::StrCat("expected a latent [C,H,W], found ",
                                            base::ShapeToString(latent.shape)));
  }
  const codec::LatentShape shape{static_cast<int>(latent.shape[0]),
                                 static_cast<int>(latent.shape[1]),
                                 static_cast<int>(latent.shape[2])};
  codec::CoderScratch scratch;
  RatedFrame frame = {.rate = rate, .bytes = {}};
  if (max_bytes) {
    SLUICE_ASSIGN_OR_RETURN(
        frame.rate,
        codec::EncodeFrameWithin(*max_bytes, latent.values, shape, codec.tables,
                                 codec.short_id, rate, scratch, frame.bytes));
  } else {
    SLUICE_RETURN_IF_ERROR(codec::EncodeFrame(latent.values, shape,
                                              codec.tables, codec.short_id,
                                              rate, scratch, frame.bytes));
  }
  return frame;
}

PictureEncoder::PictureEncoder(EncodingOptions options,
                               const artifact::CodecArtifact* codec,
                               model::Encoder* encoder)
    : options_(std::move(options)), codec_(codec), encoder_(encoder) {}

absl::Status PictureEncoder::WarmUp() const {
  if (options_.pixels) return absl::OkStatus();
  // Twice the view, so that it is resized as a camera's picture would be.
  const cv::Mat blank = cv::Mat::zeros(2 * options_.view.size.height,
                                       2 * options_.view.size.width, CV_8UC3);
  SLUICE_ASSIGN_OR_RETURN(const PreparedView prepared,
                          PrepareView({blank}, options_.view, codec_->spec));
  SLUICE_ASSIGN_OR_RETURN(const base::FloatTensor latent,
                          encoder_->Encode(prepared.input));
  return LatentToFrame(latent, *codec_, options_.rate, std::nullopt).status();
}

absl::StatusOr<PreparedView> PictureEncoder::Prepare(
    const vision::Picture& picture, PictureReport* report) const {
  Stopwatch stopwatch;
  SLUICE_ASSIGN_OR_RETURN(PreparedView prepared,
                          PrepareView(picture, options_.view, codec_->spec));
  report->timings.preprocess = stopwatch.Lap();
  report->view = options_.view;
  report->geometry = prepared.geometry;
  return prepared;
}

absl::StatusOr<v1::InferRequest> PictureEncoder::Encode(
    const PreparedView& prepared, PictureReport* report) const {
  v1::InferRequest request;
  request.set_sequence(report->sequence);
  request.set_timeout_ms(options_.timeout_ms);
  for (const std::string& tail : options_.tails) request.add_tails(tail);
  v1::ResultOptions* results = request.mutable_options();
  results->set_top_k(options_.top_k);
  results->set_score_threshold(options_.score_threshold);
  results->set_max_mask_side(options_.max_mask_side);
  SLUICE_RETURN_IF_ERROR(options_.pixels
                             ? AddImage(prepared, &request, report)
                             : AddFrame(prepared, &request, report));
  report->wire_bytes = request.ByteSizeLong();
  SLUICE_RETURN_IF_ERROR(CompareWithJpeg(prepared, report));
  return request;
}

absl::Status PictureEncoder::AddFrame(const PreparedView& prepared,
                                      v1::InferRequest* request,
                                      PictureReport* report) const {
  Stopwatch stopwatch;
  SLUICE_ASSIGN_OR_RETURN(const base::FloatTensor latent,
                          encoder_->Encode(prepared.input));
  report->timings.encode = stopwatch.Lap();
  absl::StatusOr<RatedFrame> frame =
      LatentToFrame(latent, *codec_, options_.rate, options_.max_bytes);
  if (absl::IsResourceExhausted(frame.status()) && options_.max_bytes) {
    return absl::ResourceExhaustedError(
        absl::StrCat("--max-bytes: ", frame.status().message()));
  }
  SLUICE_RETURN_IF_ERROR(frame.status());
  report->timings.entropy_code = stopwatch.Lap();
  report->rate = frame->rate;
  report->frame_bytes = frame->bytes.size();
  wire::FrameToProto(frame->bytes, prepared.geometry, request);
  return absl::OkStatus();
}

absl::Status PictureEncoder::AddImage(const PreparedView& prepared,
                                      v1::InferRequest* request,
                                      PictureReport* report) const {
  const PixelSending& pixels = *options_.pixels;
  Stopwatch stopwatch;
  SLUICE_ASSIGN_OR_RETURN(
      const std::vector<uint8_t> bytes,
      vision::EncodePicture(prepared.view, pixels.format, pixels.quality));
  report->timings.encode = stopwatch.Lap();
  report->image = SentImage{pixels.format, pixels.quality, bytes.size()};
  // The view is made already, so the server is to take the picture as it is.
  request->mutable_image()->set_data(bytes.data(), bytes.size());
  request->mutable_image()->set_codec_id(codec_->id);
  return absl::OkStatus();
}

absl::Status PictureEncoder::CompareWithJpeg(const PreparedView& prepared,
                                             PictureReport* report) const {
  if (!options_.compare_jpeg_quality) return absl::OkStatus();
  const int quality = *options_.compare_jpeg_quality;
  SLUICE_ASSIGN_OR_RETURN(
      const std::vector<uint8_t> jpeg,
      vision::EncodePicture(prepared.view, vision::PictureFormat::kJpeg,
                            quality));
  report->jpeg = JpegComparison{quality, jpeg.size()};
  return absl::OkStatus();
}

}  // namespace sluice::device
