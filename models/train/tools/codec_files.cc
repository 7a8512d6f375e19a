#include "models/train/tools/codec_files.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/artifact/safetensors.h"
#include "common/base/file_io.h"
#include "common/base/status_macros.h"
#include "common/codec/frame.h"
#include "common/codec/frame_price.h"
#include "common/codec/limits.h"
#include "models/train/data/annotate.h"
#include "models/train/tools/loaded_codec.h"

namespace sluice::train {
namespace {

// Returns the rate: the highest up to `max_rate` whose frame fits.
absl::StatusOr<int> EncodeWithin(const LoadedCodec& codec,
                                 const base::FloatTensor& latent, int max_rate,
                                 size_t max_bytes,
                                 std::vector<uint8_t>& frame) {
  const codec::LatentShape shape = {.channels = int(latent.shape[0]),
                                    .height = int(latent.shape[1]),
                                    .width = int(latent.shape[2])};
  codec::CoderScratch scratch;
  return codec::EncodeFrameWithin(
      max_bytes, latent.values, shape, codec.artifact().tables,
      codec.artifact().short_id, max_rate, scratch, frame);
}

}  // namespace

absl::StatusOr<std::vector<uint8_t>> ReadFrameFile(
    const std::filesystem::path& path) {
  return base::ReadFile(path,
                        codec::kFrameHeaderBytes + codec::kMaxPayloadBytes);
}

absl::StatusOr<std::string> EncodePictureFile(
    const EncodeFileOptions& options) {
  SLUICE_ASSIGN_OR_RETURN(LoadedCodec codec,
                          LoadedCodec::Load(options.codec, /*num_threads=*/0));
  int rate =
      options.rate.value_or(options.max_bytes ? codec.spec().num_rates - 1
                                              : codec.spec().default_rate);
  SLUICE_RETURN_IF_ERROR(codec.CheckRate(rate));
  SLUICE_ASSIGN_OR_RETURN(const vision::Picture picture,
                          vision::ReadPicture(options.picture));
  SLUICE_ASSIGN_OR_RETURN(const NetworkInput input,
                          codec.MakeInput(picture, options.view));
  SLUICE_ASSIGN_OR_RETURN(const base::FloatTensor latent,
                          codec.EncodeLatent(input.input));
  std::vector<uint8_t> frame;
  if (options.max_bytes) {
    SLUICE_ASSIGN_OR_RETURN(
        rate, EncodeWithin(codec, latent, rate, *options.max_bytes, frame));
  } else {
    SLUICE_ASSIGN_OR_RETURN(frame, codec.LatentToFrame(latent, rate));
  }
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
