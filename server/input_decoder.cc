#include "server/input_decoder.h"

#include <cstdint>
#include <string>
#include <utility>

#include "common/base/status_macros.h"
#include "common/codec/frame.h"
#include "common/vision/picture.h"
#include "common/vision/preprocess.h"

namespace sluice::server {
namespace {

absl::StatusOr<DecodedInput> DecodeLatent(const InferPlan& plan) {
  const artifact::CodecArtifact& codec = plan.codec->artifact;
  codec::CoderScratch scratch;
  codec::DecodedFrame frame;
  SLUICE_RETURN_IF_ERROR(codec::DecodeFrame(plan.frame, codec.tables,
                                            codec.short_id, scratch, frame));
  const codec::LatentShape& shape = frame.shape;
  return DecodedInput{
      .tensor = {.shape = {shape.channels, shape.height, shape.width},
                 .values = std::move(frame.y_hat)},
      .rate = frame.header.rate};
}

absl::StatusOr<DecodedInput> DecodePixels(const v1::EncodedImage& image,
                                          const InferPlan& plan) {
  const std::string& data = image.data();
  SLUICE_ASSIGN_OR_RETURN(
      const vision::Picture picture,
      vision::DecodePicture(
          {reinterpret_cast<const uint8_t*>(data.data()), data.size()}));
  SLUICE_ASSIGN_OR_RETURN(const vision::Picture view,
                          vision::MakeView(picture, plan.geometry));
  const artifact::CodecSpec& spec = plan.codec->artifact.spec;
  SLUICE_ASSIGN_OR_RETURN(
      base::FloatTensor input,
      vision::ViewToInput(view, plan.geometry, spec.input_scale,
                          spec.input_offset));
  return DecodedInput{.tensor = std::move(input)};
}

}  // namespace

absl::StatusOr<DecodedInput> DecodeInput(const v1::InferRequest& request,
                                         const InferPlan& plan) {
  switch (plan.entrance) {
    case Entrance::kLatent:
      return DecodeLatent(plan);
    case Entrance::kPixels:
      return DecodePixels(request.image(), plan);
  }
  return absl::InternalError("no such entrance");
}

}  // namespace sluice::server
