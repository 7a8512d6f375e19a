#include "models/train/codec_files.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/artifact/safetensors.h"
#include "common/base/file_io.h"
#include "common/base/status_macros.h"
#include "common/codec/frame.h"
#include "common/codec/limits.h"
#include "models/train/annotate.h"
#include "models/train/loaded_codec.h"

namespace sluice::train {

absl::StatusOr<std::vector<uint8_t>> ReadFrameFile(
    const std::filesystem::path& path) {
  return base::ReadFile(path,
                        codec::kFrameHeaderBytes + codec::kMaxPayloadBytes);
}

absl::StatusOr<std::string> EncodePictureFile(
    const EncodeFileOptions& options) {
  SLUICE_ASSIGN_OR_RETURN(LoadedCodec codec,
                          LoadedCodec::Load(options.codec, /*num_threads=*/0));
  const int rate = options.rate.value_or(codec.spec().default_rate);
  SLUICE_RETURN_IF_ERROR(codec.CheckRate(rate));
  SLUICE_ASSIGN_OR_RETURN(const vision::Picture picture,
                          vision::ReadPicture(options.picture));
  SLUICE_ASSIGN_OR_RETURN(const NetworkInput input,
                          codec.MakeInput(picture, options.view));
  SLUICE_ASSIGN_OR_RETURN(const base::FloatTensor latent,
                          codec.EncodeLatent(input.input));
  SLUICE_ASSIGN_OR_RETURN(const std::vector<uint8_t> frame,
                          codec.LatentToFrame(latent, rate));
  SLUICE_RETURN_IF_ERROR(base::WriteFileAtomically(options.out, frame));

  const vision::Size size = input.geometry.padded;
  const double bpp = 8.0 * static_cast<double>(frame.size()) /
                     (static_cast<double>(size.width) * size.height);
  return absl::StrFormat("%s: %d bytes, rate %d, latent %s, %dx%d, %.3f bpp",
                         options.out.string(), frame.size(), rate,
                         base::ShapeToString(latent.shape), size.width,
                         size.height, bpp);
}

absl::StatusOr<std::string> DecodeFrameFile(const DecodeFileOptions& options) {
  SLUICE_ASSIGN_OR_RETURN(const LoadedCodec codec,
                          LoadedCodec::Load(options.codec, /*num_threads=*/0));
  SLUICE_ASSIGN_OR_RETURN(const std::vector<uint8_t> bytes,
                          ReadFrameFile(options.frame));
  absl::StatusOr<codec::DecodedFrame> decoded = codec.FrameToYHat(bytes);
  if (!decoded.ok()) return Annotate(decoded.status(), options.frame.string());

  const codec::LatentShape& shape = decoded->shape;
  const base::FloatTensor y_hat = {
      .shape = {1, shape.channels, shape.height, shape.width},
      .values = std::move(decoded->y_hat)};
  const int rate = decoded->header.rate;
  SLUICE_ASSIGN_OR_RETURN(const base::FloatTensor features,
                          codec.decoder().Decode(y_hat, {&rate, 1}));

  artifact::TensorMap tensors;
  for (const auto& [name, tensor] :
       {std::pair("y_hat", &y_hat), std::pair("features", &features)}) {
    tensors[name] = artifact::MakeFloats(
        tensor->values, {tensor->shape.begin() + 1, tensor->shape.end()});
  }
  SLUICE_RETURN_IF_ERROR(artifact::WriteSafetensors(options.out, tensors));
  return absl::StrCat(options.out.string(), ": rate ", rate, ", y_hat ",
                      base::ShapeToString(tensors["y_hat"].shape),
                      ", features ",
                      base::ShapeToString(tensors["features"].shape));
}

}  // namespace sluice::train
