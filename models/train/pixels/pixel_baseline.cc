#include "models/train/pixels/pixel_baseline.h"

#include <webp/encode.h>

#include <algorithm>
#include <memory>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/status_macros.h"
#include "common/vision/picture_header.h"
#include "models/train/pixels/heif_layout.h"
#include "models/train/pixels/heif_picture.h"

namespace sluice::train {
namespace {

using Kind = PixelCodec::Kind;

struct NamedCodec {
  const char* name;
  const char* display_name;
  PixelCodec codec;
};
constexpr NamedCodec kCodecs[] = {
    {"jpeg", "JPEG", {Kind::kJpeg}},
    {"webp", "WebP", {Kind::kWebp}},
    {"heic", "HEIC", {Kind::kHeic}},
    {"avif", "AVIF", {Kind::kAvif}},
    {"png", "PNG", {Kind::kPng}},
    {"jpeg-half", "JPEG, half size", {Kind::kJpeg, 2}},
    {"webp-half", "WebP, half size", {Kind::kWebp, 2}},
};

std::string ToText(vision::Size size) {
  return absl::StrCat(size.width, " x ", size.height, " pixels");
}

absl::Status CheckView(const vision::Picture& view, PixelCodec codec) {
  const vision::Size size = view.size();
  if (view.bgr.type() != CV_8UC3 || view.bgr.empty() ||
      std::max(size.width, size.height) > vision::kMaxViewSide) {
    return absl::InvalidArgumentError(absl::StrCat(
        DisplayName(codec), ": expected an 8-bit BGR picture with sides of 1..",
        vision::kMaxViewSide, ", found ", ToText(size), " with ",
        view.bgr.channels(), " channels"));
  }
  return absl::OkStatus();
}

absl::Status CheckQuality(PixelCodec codec, int quality) {
  if (codec.kind == Kind::kPng) return absl::OkStatus();
  const int lowest = codec.kind == Kind::kJpeg ? 1 : 0;
  if (quality >= lowest && quality <= 100) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(DisplayName(codec), ": expected a quality in ", lowest,
                   "..100, found ", quality));
}

absl::Status CheckDownscale(PixelCodec codec) {
  if (codec.downscale >= 1 && codec.downscale <= 16) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "pixel codec: expected a downscale of 1..16, found ", codec.downscale));
}

// What is coded of a view of `size` pixels.
vision::Size CodedSize(vision::Size size, int downscale) {
  return {(size.width + downscale - 1) / downscale,
          (size.height + downscale - 1) / downscale};
}

vision::Picture Resize(const vision::Picture& picture, vision::Size size,
                       cv::InterpolationFlags interpolation) {
  vision::Picture resized;
  cv::resize(picture.bgr, resized.bgr, cv::Size(size.width, size.height), 0, 0,
             interpolation);
  return resized;
}

// OpenCV writes WebP by the same call, but raises quality 0 to 1.
absl::StatusOr<std::vector<uint8_t>> EncodeWebp(const vision::Picture& picture,
                                                int quality) {
  uint8_t* written = nullptr;
  const size_t num_bytes =
      WebPEncodeBGR(picture.bgr.data, picture.bgr.cols, picture.bgr.rows,
                    static_cast<int>(picture.bgr.step),
                    static_cast<float>(quality), &written);
  const std::unique_ptr<uint8_t, decltype(&WebPFree)> owner(written, WebPFree);
  if (num_bytes == 0) {
    return absl::InternalError(absl::StrCat("coding ", ToText(picture.size()),
                                            " as WebP of quality ", quality,
                                            " failed"));
  }
  return std::vector<uint8_t>(written, written + num_bytes);
}

absl::StatusOr<CodedPicture> CodeHeif(const vision::Picture& picture,
                                      HeifCoding coding, int quality) {
  CodedPicture coded;
  SLUICE_ASSIGN_OR_RETURN(coded.file, EncodeHeif(picture, coding, quality));
  SLUICE_ASSIGN_OR_RETURN(const HeifLayout layout, ReadHeifLayout(coded.file));
  coded.container_bytes = coded.file.size() - layout.coded_bytes;
  return coded;
}

absl::StatusOr<CodedPicture> CodeAsIs(const vision::Picture& picture, Kind kind,
                                      int quality) {
  CodedPicture coded;
  switch (kind) {
    case Kind::kHeic:
      return CodeHeif(picture, HeifCoding::kHevc, quality);
    case Kind::kAvif:
      return CodeHeif(picture, HeifCoding::kAv1, quality);
    case Kind::kWebp: {
      SLUICE_ASSIGN_OR_RETURN(coded.file, EncodeWebp(picture, quality));
      return coded;
    }
    case Kind::kJpeg: {
      SLUICE_ASSIGN_OR_RETURN(
          coded.file, vision::EncodePicture(
                          picture, vision::PictureFormat::kJpeg, quality));
      return coded;
    }
    case Kind::kPng: {
      SLUICE_ASSIGN_OR_RETURN(
          coded.file,
          vision::EncodePicture(picture, vision::PictureFormat::kPng, quality));
      return coded;
    }
  }
  return absl::InternalError("unknown pixel codec");
}

absl::StatusOr<vision::Picture> DecodeHeifAs(std::span<const uint8_t> file,
                                             PixelCodec codec,
                                             vision::Size size) {
  SLUICE_ASSIGN_OR_RETURN(const HeifLayout layout, ReadHeifLayout(file));
  if ((layout.coding == HeifCoding::kHevc) != (codec.kind == Kind::kHeic)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "expected a file of ", DisplayName(codec), ", found one of ",
        layout.coding == HeifCoding::kHevc ? "HEIC" : "AVIF"));
  }
  return DecodeHeif(file, size);
}

vision::PictureFormat PlainFormat(Kind kind) {
  switch (kind) {
    case Kind::kWebp:
      return vision::PictureFormat::kWebp;
    case Kind::kPng:
      return vision::PictureFormat::kPng;
    default:
      return vision::PictureFormat::kJpeg;
  }
}

absl::StatusOr<vision::Picture> DecodeAsIs(std::span<const uint8_t> file,
                                           PixelCodec codec,
                                           vision::Size size) {
  if (codec.kind == Kind::kHeic || codec.kind == Kind::kAvif) {
    return DecodeHeifAs(file, codec, size);
  }
  SLUICE_ASSIGN_OR_RETURN(const vision::PictureHeader header,
                          vision::ReadPictureHeader(file));
  if (header.format != PlainFormat(codec.kind)) {
    return absl::InvalidArgumentError(
        absl::StrCat("expected a file of ", DisplayName(codec),
                     ", found one of another format"));
  }
  SLUICE_ASSIGN_OR_RETURN(vision::Picture picture, vision::DecodePicture(file));
  if (picture.size() != size) {
    return absl::DataLossError(
        absl::StrCat(DisplayName(codec), ": expected a picture of ",
                     ToText(size), ", found one of ", ToText(picture.size())));
  }
  return picture;
}

}  // namespace

std::vector<std::string> PixelCodecNames() {
  std::vector<std::string> names;
  for (const NamedCodec& named : kCodecs) names.push_back(named.name);
  return names;
}

absl::StatusOr<PixelCodec> ParsePixelCodec(std::string_view name) {
  for (const NamedCodec& named : kCodecs) {
    if (name == named.name) return named.codec;
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "pixel codec: expected one of ", absl::StrJoin(PixelCodecNames(), ", "),
      "; found \"", std::string(name), "\""));
}

std::string DisplayName(PixelCodec codec) {
  for (const NamedCodec& named : kCodecs) {
    if (codec == named.codec) return named.display_name;
  }
  return absl::StrCat(DisplayName({codec.kind}), ", 1/", codec.downscale,
                      " size");
}

std::vector<int> QualitySweep(PixelCodec codec) {
  switch (codec.kind) {
    case Kind::kJpeg:
      return codec.downscale == 1
                 ? std::vector<int>{4, 5, 8, 10, 15, 20, 30, 45, 60, 75, 85}
                 : std::vector<int>{4, 8, 15, 25, 40, 60, 75, 85, 92, 96};
    case Kind::kWebp:
      return codec.downscale == 1
                 ? std::vector<int>{0, 1, 2, 5, 10, 18, 30, 45, 65, 80, 88}
                 : std::vector<int>{0, 5, 15, 30, 50, 75, 85, 92, 96};
    case Kind::kHeic:
      return {0, 4, 8, 12, 16, 20, 26, 32, 40, 50, 58};
    case Kind::kAvif:
      return {0, 4, 8, 14, 20, 28, 38, 50, 64, 78};
    case Kind::kPng:
      return {100};
  }
  return {};
}

absl::StatusOr<CodedPicture> CodePicture(const vision::Picture& view,
                                         PixelCodec codec, int quality) {
  SLUICE_RETURN_IF_ERROR(CheckDownscale(codec));
  SLUICE_RETURN_IF_ERROR(CheckView(view, codec));
  SLUICE_RETURN_IF_ERROR(CheckQuality(codec, quality));
  if (codec.downscale == 1) return CodeAsIs(view, codec.kind, quality);
  return CodeAsIs(
      Resize(view, CodedSize(view.size(), codec.downscale), cv::INTER_AREA),
      codec.kind, quality);
}

absl::StatusOr<vision::Picture> DecodeCoded(std::span<const uint8_t> file,
                                            PixelCodec codec,
                                            vision::Size size) {
  SLUICE_RETURN_IF_ERROR(CheckDownscale(codec));
  if (std::min(size.width, size.height) < 1 ||
      std::max(size.width, size.height) > vision::kMaxViewSide) {
    return absl::InvalidArgumentError(
        absl::StrCat(DisplayName(codec), ": expected a view with sides of 1..",
                     vision::kMaxViewSide, ", found ", ToText(size)));
  }
  SLUICE_ASSIGN_OR_RETURN(
      vision::Picture picture,
      DecodeAsIs(file, codec, CodedSize(size, codec.downscale)));
  if (codec.downscale == 1) return picture;
  return Resize(picture, size, cv::INTER_CUBIC);
}

}  // namespace sluice::train
