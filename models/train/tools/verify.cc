#include "models/train/tools/verify.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <opencv2/core.hpp>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/artifact/tail_artifact.h"
#include "common/base/status_macros.h"
#include "common/codec/frame.h"
#include "common/codec/quantizer.h"
#include "common/model/torchscript_tail.h"
#include "models/train/data/annotate.h"
#include "models/train/tools/codec_files.h"
#include "models/train/tools/loaded_codec.h"

namespace sluice::train {
namespace {

// Neither square nor a multiple of any padding.
constexpr vision::ViewRule kSyntheticView = {vision::ViewRule::Kind::kFit,
                                             {200, 136}};

// Colour ramps with a weave on top: smooth and busy in one.
vision::Picture SyntheticPicture() {
  const vision::Size size = kSyntheticView.size;
  cv::Mat bgr(size.height, size.width, CV_8UC3);
  for (int y = 0; y < size.height; ++y) {
    for (int x = 0; x < size.width; ++x) {
      bgr.at<cv::Vec3b>(y, x) = {static_cast<uint8_t>(x),
                                 static_cast<uint8_t>(y),
                                 static_cast<uint8_t>((x * y) ^ (x + y))};
    }
  }
  return {bgr};
}

// A dimension of -1 in `expected` accepts anything.
absl::Status CheckShape(const base::FloatTensor& tensor,
                        const std::vector<int64_t>& expected,
                        const std::string& what) {
  const bool matches =
      std::equal(expected.begin(), expected.end(), tensor.shape.begin(),
                 tensor.shape.end(), [](int64_t dimension, int64_t found) {
                   return dimension < 0 || dimension == found;
                 });
  if (!matches) {
    return absl::InvalidArgumentError(
        absl::StrCat(what, ": expected ", base::ShapeToString(expected),
                     ", found ", base::ShapeToString(tensor.shape)));
  }
  const bool is_finite =
      std::all_of(tensor.values.begin(), tensor.values.end(),
                  [](float value) { return std::isfinite(value); });
  if (!is_finite) {
    return absl::InvalidArgumentError(
        absl::StrCat(what, ": expected finite values, found NaN or infinity"));
  }
  return absl::OkStatus();
}

// Checks the synthetic picture's way through the codec at one rate; returns
// the features [1,F,h,w].
absl::StatusOr<base::FloatTensor> CheckRate(
    const LoadedCodec& codec, const base::FloatTensor& latent,
    const std::vector<int64_t>& features_shape, int rate) {
  SLUICE_ASSIGN_OR_RETURN(const std::vector<uint8_t> frame,
                          codec.LatentToFrame(latent, rate));
  SLUICE_ASSIGN_OR_RETURN(codec::DecodedFrame decoded,
                          codec.FrameToYHat(frame));
  const auto channels = codec.artifact().tables.rate(rate);
  std::vector<int32_t> symbols;
  SLUICE_RETURN_IF_ERROR(
      codec::QuantizeLatent(latent.values, decoded.shape, channels, symbols));
  std::vector<float> expected;
  SLUICE_RETURN_IF_ERROR(
      codec::DequantizeLatent(symbols, decoded.shape, channels, expected));
  if (decoded.y_hat != expected) {
    return absl::InternalError(
        "the decoded frame differs from what was encoded");
  }
  const base::FloatTensor y_hat = {
      .shape = {1, latent.shape[0], latent.shape[1], latent.shape[2]},
      .values = std::move(decoded.y_hat)};
  SLUICE_ASSIGN_OR_RETURN(base::FloatTensor features,
                          codec.decoder().Decode(y_hat, {&rate, 1}));
  SLUICE_RETURN_IF_ERROR(CheckShape(features, features_shape, "features"));
  return features;
}

// Checks every rate and the pixel entrance; returns the features of the
// default rate.
absl::StatusOr<base::FloatTensor> CheckCodec(LoadedCodec* codec) {
  const artifact::CodecSpec& spec = codec->spec();
  SLUICE_ASSIGN_OR_RETURN(const NetworkInput picture,
                          codec->MakeInput(SyntheticPicture(), kSyntheticView));
  const vision::Size size = picture.geometry.padded;
  const std::vector<int64_t> features_shape = {
      1, spec.features_channels, size.height / spec.features_stride,
      size.width / spec.features_stride};

  SLUICE_ASSIGN_OR_RETURN(const base::FloatTensor latent,
                          codec->EncodeLatent(picture.input));
  SLUICE_RETURN_IF_ERROR(
      CheckShape(latent,
                 {spec.latent_channels, artifact::LatentSide(spec, size.height),
                  artifact::LatentSide(spec, size.width)},
                 "latent"));
  SLUICE_ASSIGN_OR_RETURN(const base::FloatTensor pictures,
                          StackTensors({&picture.input, 1}));
  SLUICE_ASSIGN_OR_RETURN(const base::FloatTensor entered,
                          codec->decoder().Enter(pictures));
  SLUICE_RETURN_IF_ERROR(
      CheckShape(entered, features_shape, "features of the pixel entrance"));

  base::FloatTensor default_features;
  for (int rate = 0; rate < spec.num_rates; ++rate) {
    absl::StatusOr<base::FloatTensor> features =
        CheckRate(*codec, latent, features_shape, rate);
    if (!features.ok()) {
      return Annotate(features.status(), absl::StrCat("rate ", rate));
    }
    if (rate == spec.default_rate) default_features = *std::move(features);
  }
  return default_features;
}

absl::StatusOr<std::string> VerifyCodec(const std::filesystem::path& folder) {
  SLUICE_ASSIGN_OR_RETURN(LoadedCodec codec,
                          LoadedCodec::Load(folder, /*num_threads=*/0));
  SLUICE_RETURN_IF_ERROR(CheckCodec(&codec).status());
  return absl::StrCat("verified codec ", codec.spec().name, ", id ",
                      codec.artifact().id,
                      ": digests, tables, both networks and a round trip at ",
                      codec.spec().num_rates, " rates");
}

struct NamedShape {
  std::string name;
  std::vector<int64_t> shape;
};

// What model::Tail promises of one picture.
std::vector<NamedShape> ExpectedOutputs(const std::string& task,
                                        int64_t num_labels) {
  if (task == "detection") {
    return {{"scores", {1, -1, num_labels}}, {"boxes", {1, -1, 4}}};
  }
  if (task == "segmentation") return {{"logits", {1, num_labels, -1, -1}}};
  return {{"logits", {1, num_labels}}};
}

absl::Status CheckOutputs(const artifact::TailArtifact& tail,
                          const std::vector<model::NamedTensor>& outputs) {
  if (artifact::IsTorchScript(tail.spec)) {  // Of any names and shapes.
    for (const model::NamedTensor& output : outputs) {
      SLUICE_RETURN_IF_ERROR(
          CheckShape(output.tensor, output.tensor.shape, output.name));
    }
    return absl::OkStatus();
  }
  const std::vector<NamedShape> expected =
      ExpectedOutputs(tail.spec.task, static_cast<int64_t>(tail.labels.size()));
  for (size_t i = 0; i < expected.size(); ++i) {
    if (i >= outputs.size() || outputs[i].name != expected[i].name) {
      return absl::InvalidArgumentError(absl::StrCat(
          "output ", i, ": expected ", expected[i].name, ", found ",
          i < outputs.size() ? outputs[i].name : "none"));
    }
    SLUICE_RETURN_IF_ERROR(
        CheckShape(outputs[i].tensor, expected[i].shape, expected[i].name));
  }
  return absl::OkStatus();
}

absl::Status CheckTailBehindCodec(const artifact::TailArtifact& tail,
                                  const model::Tail& network,
                                  LoadedCodec* codec) {
  const std::vector<std::string>& ids = tail.spec.codec_ids;
  const std::string& id = codec->artifact().id;
  if (std::find(ids.begin(), ids.end(), id) == ids.end()) {
    return absl::FailedPreconditionError(absl::StrCat(
        "tail ", tail.spec.name, " was not made for codec id ", id));
  }
  SLUICE_ASSIGN_OR_RETURN(const base::FloatTensor features, CheckCodec(codec));
  SLUICE_ASSIGN_OR_RETURN(const std::vector<model::NamedTensor> outputs,
                          network.Run(features));
  return CheckOutputs(tail, outputs);
}

absl::StatusOr<std::string> VerifyTail(const VerifyOptions& options) {
  SLUICE_ASSIGN_OR_RETURN(const artifact::TailArtifact tail,
                          artifact::LoadTail(options.artifact));
  SLUICE_ASSIGN_OR_RETURN(
      const std::unique_ptr<model::Tail> network,
      model::LoadAnyTail(tail, options.allow_torchscript
                                   ? model::TorchScriptRule::kAllowed
                                   : model::TorchScriptRule::kRefused));
  std::string verified = absl::StrCat("verified tail ", tail.spec.name,
                                      ": digest, labels and network");
  if (!options.codec.has_value()) return verified;
  SLUICE_ASSIGN_OR_RETURN(LoadedCodec codec,
                          LoadedCodec::Load(*options.codec, 0));
  SLUICE_RETURN_IF_ERROR(CheckTailBehindCodec(tail, *network, &codec));
  return absl::StrCat(verified, ", run behind codec ", codec.spec().name);
}

absl::StatusOr<std::string> VerifyFrame(const VerifyOptions& options) {
  SLUICE_ASSIGN_OR_RETURN(const std::vector<uint8_t> bytes,
                          ReadFrameFile(options.artifact));
  if (!options.codec.has_value()) {
    SLUICE_RETURN_IF_ERROR(codec::ReadFrame(bytes).status());
    return "verified frame: header and checksum";
  }
  SLUICE_ASSIGN_OR_RETURN(const LoadedCodec codec,
                          LoadedCodec::Load(*options.codec, 0));
  SLUICE_RETURN_IF_ERROR(codec.FrameToYHat(bytes).status());
  return absl::StrCat("verified frame: header, checksum and payload, of codec ",
                      codec.spec().name);
}

absl::StatusOr<std::string> Verify(const VerifyOptions& options) {
  std::error_code error;
  if (!std::filesystem::is_directory(options.artifact, error)) {
    return VerifyFrame(options);
  }
  SLUICE_ASSIGN_OR_RETURN(const artifact::ArtifactKind kind,
                          artifact::KindOf(options.artifact));
  return kind == artifact::ArtifactKind::kCodec ? VerifyCodec(options.artifact)
                                                : VerifyTail(options);
}

}  // namespace

absl::StatusOr<std::string> VerifyArtifact(const VerifyOptions& options) {
  absl::StatusOr<std::string> verified = Verify(options);
  if (!verified.ok()) {
    return Annotate(verified.status(), options.artifact.string());
  }
  return verified;
}

}  // namespace sluice::train
