#include "models/train/pixels/heif_picture.h"

#include <libheif/heif.h>

#include <memory>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"

namespace sluice::train {
namespace {

template <auto kRelease>
struct Releaser {
  template <typename T>
  void operator()(T* object) const {
    kRelease(object);
  }
};
using Context = std::unique_ptr<heif_context, Releaser<heif_context_free>>;
using Encoder = std::unique_ptr<heif_encoder, Releaser<heif_encoder_release>>;
using Handle =
    std::unique_ptr<heif_image_handle, Releaser<heif_image_handle_release>>;
using Image = std::unique_ptr<heif_image, Releaser<heif_image_release>>;
using EncodingOptions = std::unique_ptr<heif_encoding_options,
                                        Releaser<heif_encoding_options_free>>;
using DecodingOptions = std::unique_ptr<heif_decoding_options,
                                        Releaser<heif_decoding_options_free>>;

absl::Status ToStatus(const heif_error& error, absl::StatusCode code,
                      const std::string& what) {
  if (error.code == heif_error_Ok) return absl::OkStatus();
  return absl::Status(code, absl::StrCat(what, ": ", error.message));
}

absl::StatusOr<Image> ToImage(const vision::Picture& picture) {
  const vision::Size size = picture.size();
  heif_image* created = nullptr;
  SLUICE_RETURN_IF_ERROR(
      ToStatus(heif_image_create(size.width, size.height, heif_colorspace_RGB,
                                 heif_chroma_interleaved_RGB, &created),
               absl::StatusCode::kInternal, "creating a HEIF picture"));
  Image image(created);
  SLUICE_RETURN_IF_ERROR(
      ToStatus(heif_image_add_plane(image.get(), heif_channel_interleaved,
                                    size.width, size.height, 8),
               absl::StatusCode::kInternal, "creating a HEIF picture"));
  int stride = 0;
  uint8_t* plane =
      heif_image_get_plane(image.get(), heif_channel_interleaved, &stride);
  cv::Mat rgb(size.height, size.width, CV_8UC3, plane, stride);
  cv::cvtColor(picture.bgr, rgb, cv::COLOR_BGR2RGB);
  return image;
}

struct Parameter {
  const char* name;
  const char* value;
};
constexpr Parameter kHevcParameters[] = {{"preset", "slow"},
                                         {"tune", "ssim"},
                                         {"chroma", "420"},
                                         {"x265:pools", "none"},
                                         {"x265:frame-threads", "1"}};
constexpr Parameter kAv1Parameters[] = {
    {"speed", "6"}, {"chroma", "420"}, {"threads", "1"}};

absl::StatusOr<Encoder> MakeEncoder(heif_context* context, HeifCoding coding,
                                    int quality) {
  const bool is_hevc = coding == HeifCoding::kHevc;
  const std::string what = is_hevc ? "HEIC encoder" : "AVIF encoder";
  heif_encoder* created = nullptr;
  SLUICE_RETURN_IF_ERROR(ToStatus(
      heif_context_get_encoder_for_format(
          context, is_hevc ? heif_compression_HEVC : heif_compression_AV1,
          &created),
      absl::StatusCode::kUnimplemented, what));
  Encoder encoder(created);
  SLUICE_RETURN_IF_ERROR(
      ToStatus(heif_encoder_set_lossy_quality(encoder.get(), quality),
               absl::StatusCode::kInvalidArgument,
               absl::StrCat(what, ", quality ", quality)));
  const std::span<const Parameter> parameters =
      is_hevc ? std::span<const Parameter>(kHevcParameters) : kAv1Parameters;
  for (const auto& [name, value] : parameters) {
    SLUICE_RETURN_IF_ERROR(
        ToStatus(heif_encoder_set_parameter(encoder.get(), name, value),
                 absl::StatusCode::kUnimplemented,
                 absl::StrCat(what, ", ", name, " = ", value)));
  }
  return encoder;
}

heif_error AppendBytes(heif_context*, const void* data, size_t num_bytes,
                       void* file) {
  const uint8_t* begin = static_cast<const uint8_t*>(data);
  auto* bytes = static_cast<std::vector<uint8_t>*>(file);
  bytes->insert(bytes->end(), begin, begin + num_bytes);
  return {heif_error_Ok, heif_suberror_Unspecified, ""};
}

std::string ToText(vision::Size size) {
  return absl::StrCat(size.width, " x ", size.height, " pixels");
}

}  // namespace

absl::StatusOr<std::vector<uint8_t>> EncodeHeif(const vision::Picture& picture,
                                                HeifCoding coding,
                                                int quality) {
  const Context context(heif_context_alloc());
  SLUICE_ASSIGN_OR_RETURN(const Encoder encoder,
                          MakeEncoder(context.get(), coding, quality));
  SLUICE_ASSIGN_OR_RETURN(const Image image, ToImage(picture));
  const EncodingOptions options(heif_encoding_options_alloc());
  // Crops odd sizes by a box of the file, not by a grid of one picture.
  options->macOS_compatibility_workaround = 0;
  SLUICE_RETURN_IF_ERROR(
      ToStatus(heif_context_encode_image(context.get(), image.get(),
                                         encoder.get(), options.get(), nullptr),
               absl::StatusCode::kInvalidArgument,
               absl::StrCat(heif_encoder_get_name(encoder.get()),
                            ", picture of ", ToText(picture.size()))));
  std::vector<uint8_t> file;
  heif_writer writer = {.writer_api_version = 1, .write = AppendBytes};
  SLUICE_RETURN_IF_ERROR(
      ToStatus(heif_context_write(context.get(), &writer, &file),
               absl::StatusCode::kInternal, "writing a HEIF file"));
  return file;
}

absl::StatusOr<vision::Picture> DecodeHeif(std::span<const uint8_t> file,
                                           vision::Size size) {
  const std::string what = "HEIF file";
  const Context context(heif_context_alloc());
  SLUICE_RETURN_IF_ERROR(
      ToStatus(heif_context_read_from_memory_without_copy(
                   context.get(), file.data(), file.size(), nullptr),
               absl::StatusCode::kDataLoss, what));
  heif_image_handle* found = nullptr;
  SLUICE_RETURN_IF_ERROR(
      ToStatus(heif_context_get_primary_image_handle(context.get(), &found),
               absl::StatusCode::kDataLoss, what));
  const Handle handle(found);
  const vision::Size declared = {heif_image_handle_get_width(handle.get()),
                                 heif_image_handle_get_height(handle.get())};
  if (declared != size) {
    return absl::DataLossError(absl::StrCat("HEIF file: expected a picture of ",
                                            ToText(size), ", found one of ",
                                            ToText(declared)));
  }
  const DecodingOptions options(heif_decoding_options_alloc());
  options->strict_decoding = 1;
  heif_image* created = nullptr;
  SLUICE_RETURN_IF_ERROR(
      ToStatus(heif_decode_image(handle.get(), &created, heif_colorspace_RGB,
                                 heif_chroma_interleaved_RGB, options.get()),
               absl::StatusCode::kDataLoss, what));
  const Image image(created);
  const vision::Size decoded = {
      heif_image_get_width(image.get(), heif_channel_interleaved),
      heif_image_get_height(image.get(), heif_channel_interleaved)};
  int stride = 0;
  uint8_t* plane =
      heif_image_get_plane(image.get(), heif_channel_interleaved, &stride);
  if (plane == nullptr || decoded != size) {
    return absl::DataLossError(absl::StrCat(
        "HEIF file: expected ", ToText(size), ", decoded ", ToText(decoded)));
  }
  const cv::Mat rgb(size.height, size.width, CV_8UC3, plane, stride);
  vision::Picture picture;
  cv::cvtColor(rgb, picture.bgr, cv::COLOR_RGB2BGR);
  return picture;
}

}  // namespace sluice::train
