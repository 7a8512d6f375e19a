#include "device/video_reader.h"

#include <opencv2/core.hpp>

#include "absl/strings/str_cat.h"

namespace sluice::device {

absl::StatusOr<VideoReader> VideoReader::Open(
    const std::filesystem::path& path) {
  // FFmpeg would take "concat:..." and the like for a protocol; an absolute
  // path is always a file.
  const std::string file = std::filesystem::absolute(path).string();
  try {
    cv::VideoCapture capture(file, cv::CAP_FFMPEG);
    if (!capture.isOpened()) {
      return absl::InvalidArgumentError("holds no video that FFmpeg can read");
    }
    return VideoReader(std::move(capture));
  } catch (const cv::Exception& e) {
    return absl::InvalidArgumentError(
        absl::StrCat("holds no video that FFmpeg can read: ", e.err));
  }
}

absl::StatusOr<std::optional<vision::Picture>> VideoReader::Next() {
  try {
    cv::Mat bgr;
    if (capture_.read(bgr) && !bgr.empty()) {
      has_read_a_frame_ = true;
      // The capture reuses its buffer for the next frame.
      return vision::Picture{bgr.clone()};
    }
  } catch (const cv::Exception& e) {
    return absl::DataLossError(absl::StrCat("damaged video: ", e.err));
  }
  if (!has_read_a_frame_) {
    return absl::DataLossError("not one frame of the video could be decoded");
  }
  return std::nullopt;
}

double VideoReader::frame_rate() const {
  return capture_.get(cv::CAP_PROP_FPS);
}

}  // namespace sluice::device
