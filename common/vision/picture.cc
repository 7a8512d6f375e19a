#include "common/vision/picture.h"

#include <climits>
#include <opencv2/core.hpp>
#include <opencv2/imgcodecs.hpp>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/base/file_io.h"
#include "common/base/status_macros.h"
#include "common/vision/picture_header.h"

namespace sluice::vision {
namespace {

static_assert(kMaxPictureFileBytes <= INT_MAX);  // cv::Mat counts in int.

// Turns and mirrors stored pixels as EXIF orientation 1..8 asks.
cv::Mat MakeUpright(const cv::Mat& stored, int orientation) {
  constexpr int kAroundX = 0;
  constexpr int kAroundY = 1;
  cv::Mat upright = stored;
  if (orientation >= 5) cv::transpose(stored, upright);
  switch (orientation) {
    case 2:
    case 6:
      cv::flip(upright, upright, kAroundY);
      break;
    case 4:
    case 8:
      cv::flip(upright, upright, kAroundX);
      break;
    case 3:
    case 7:
      cv::flip(upright, upright, -1);
      break;
    default:
      break;
  }
  return upright;
}

absl::Status Damaged(const std::string& what) {
  return absl::DataLossError(absl::StrCat(
      "expected decodable picture data: it is damaged or of an unsupported "
      "kind",
      what));
}

}  // namespace

absl::StatusOr<Picture> DecodePicture(std::span<const uint8_t> bytes) {
  SLUICE_ASSIGN_OR_RETURN(const PictureHeader header, ReadPictureHeader(bytes));
  try {
    // OpenCV takes a mutable pointer and only reads through it.
    const cv::Mat file(1, static_cast<int>(bytes.size()), CV_8UC1,
                       const_cast<uint8_t*>(bytes.data()));
    // Which formats OpenCV rotates depends on its version; we rotate all.
    const cv::Mat stored =
        cv::imdecode(file, cv::IMREAD_COLOR | cv::IMREAD_IGNORE_ORIENTATION);
    if (stored.empty()) return Damaged("");
    if (Size{stored.cols, stored.rows} != header.stored) {
      return Damaged(absl::StrCat("; declared ", header.stored.width, " x ",
                                  header.stored.height, " pixels, found ",
                                  stored.cols, " x ", stored.rows));
    }
    return Picture{MakeUpright(stored, header.orientation)};
  } catch (const cv::Exception& e) {
    return Damaged(absl::StrCat("; ", e.what()));
  }
}

absl::StatusOr<Picture> ReadPicture(const std::filesystem::path& path) {
  SLUICE_ASSIGN_OR_RETURN(const std::vector<uint8_t> bytes,
                          base::ReadFile(path, kMaxPictureFileBytes));
  absl::StatusOr<Picture> picture = DecodePicture(bytes);
  if (picture.ok()) return picture;
  return absl::Status(
      picture.status().code(),
      absl::StrCat(path.string(), ": ", picture.status().message()));
}

absl::StatusOr<std::vector<uint8_t>> EncodePicture(const Picture& picture,
                                                   PictureFormat format,
                                                   int quality) {
  if (format != PictureFormat::kPng && (quality < 1 || quality > 100)) {
    return absl::InvalidArgumentError(
        absl::StrCat("quality ", quality, ": expected 1..100"));
  }
  if (picture.bgr.empty() || picture.bgr.type() != CV_8UC3) {
    return absl::InvalidArgumentError(
        absl::StrCat("expected an 8-bit BGR picture, found ",
                     picture.size().width, " x ", picture.size().height,
                     " pixels with ", picture.bgr.channels(), " channels"));
  }
  const char* extension = ".png";
  std::vector<int> parameters;
  if (format == PictureFormat::kJpeg) {
    extension = ".jpg";
    parameters = {cv::IMWRITE_JPEG_QUALITY, quality, cv::IMWRITE_JPEG_OPTIMIZE,
                  1};
  } else if (format == PictureFormat::kWebp) {
    extension = ".webp";
    parameters = {cv::IMWRITE_WEBP_QUALITY, quality};
  }
  std::vector<uint8_t> bytes;
  try {
    if (cv::imencode(extension, picture.bgr, bytes, parameters)) return bytes;
  } catch (const cv::Exception& e) {
    return absl::InternalError(
        absl::StrCat("encoding ", extension, ": ", e.what()));
  }
  return absl::InternalError(absl::StrCat("encoding ", picture.size().width,
                                          " x ", picture.size().height,
                                          " pixels as ", extension, " failed"));
}

}  // namespace sluice::vision
