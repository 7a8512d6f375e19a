#include "models/train/tools/loaded_codec.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/vision/preprocess.h"

namespace sluice::train {

absl::StatusOr<LoadedCodec> LoadedCodec::Load(
    const std::filesystem::path& folder, int num_threads) {
  SLUICE_ASSIGN_OR_RETURN(
      artifact::CodecArtifact artifact,
      artifact::LoadCodec(folder, artifact::CodecHalf::kBoth));
  SLUICE_ASSIGN_OR_RETURN(std::unique_ptr<model::Encoder> encoder,
                          model::LoadEncoder(artifact, num_threads));
  SLUICE_ASSIGN_OR_RETURN(std::unique_ptr<model::FeatureDecoder> decoder,
                          model::LoadFeatureDecoder(artifact));
  return LoadedCodec(std::move(artifact), std::move(encoder),
                     std::move(decoder));
}

absl::Status LoadedCodec::CheckRate(int rate) const {
  if (rate < 0 || rate >= spec().num_rates) {
    return absl::InvalidArgumentError(
        absl::StrCat("codec ", spec().name, " has rates 0..",
                     spec().num_rates - 1, ", found ", rate));
  }
  return absl::OkStatus();
}

absl::StatusOr<NetworkInput> LoadedCodec::MakeInput(
    const vision::Picture& picture, const vision::ViewRule& rule) const {
  NetworkInput result;
  SLUICE_ASSIGN_OR_RETURN(
      result.geometry,
      vision::MakeGeometry(picture.size(), rule, spec().pad_multiple));
  SLUICE_ASSIGN_OR_RETURN(result.view,
                          vision::MakeView(picture, result.geometry));
  SLUICE_ASSIGN_OR_RETURN(result.input,
                          ViewToInput(result.view, result.geometry));
  return result;
}

absl::StatusOr<base::FloatTensor> LoadedCodec::ViewToInput(
    const vision::Picture& view, const vision::Geometry& geometry) const {
  return vision::ViewToInput(view, geometry, spec().input_scale,
                             spec().input_offset);
}

absl::StatusOr<base::FloatTensor> LoadedCodec::EncodeLatent(
    const base::FloatTensor& input) {
  return encoder_->Encode(input);
}

absl::StatusOr<std::vector<uint8_t>> LoadedCodec::LatentToFrame(
    const base::FloatTensor& latent, int rate) const {
  SLUICE_RETURN_IF_ERROR(CheckRate(rate));
  const codec::LatentShape shape = {.channels = int(latent.shape[0]),
                                    .height = int(latent.shape[1]),
                                    .width = int(latent.shape[2])};
  return codec::EncodeFrame(latent.values, shape, artifact_.tables,
                            artifact_.short_id, rate);
}

absl::StatusOr<codec::DecodedFrame> LoadedCodec::FrameToYHat(
    std::span<const uint8_t> frame) const {
  return codec::DecodeFrame(frame, artifact_.tables, artifact_.short_id);
}

absl::StatusOr<base::FloatTensor> StackTensors(
    std::span<const base::FloatTensor> tensors) {
  if (tensors.empty()) {
    return absl::InvalidArgumentError("cannot stack no tensors");
  }
  base::FloatTensor stacked;
  stacked.shape = tensors.front().shape;
  stacked.shape.insert(stacked.shape.begin(),
                       static_cast<int64_t>(tensors.size()));
  stacked.values.reserve(tensors.size() * tensors.front().values.size());
  for (const base::FloatTensor& tensor : tensors) {
    if (tensor.shape != tensors.front().shape) {
      return absl::InvalidArgumentError(
          absl::StrCat("cannot stack ", base::ShapeToString(tensor.shape),
                       " on ", base::ShapeToString(tensors.front().shape)));
    }
    stacked.values.insert(stacked.values.end(), tensor.values.begin(),
                          tensor.values.end());
  }
  return stacked;
}

}  // namespace sluice::train
