// Frames of a video file, one picture after the other.
#pragma once

#include <filesystem>
#include <opencv2/videoio.hpp>
#include <optional>

#include "absl/status/statusor.h"
#include "common/vision/picture.h"

namespace sluice::device {

class VideoReader {
 public:
  // InvalidArgument when FFmpeg finds no video in the file.
  static absl::StatusOr<VideoReader> Open(const std::filesystem::path& path);

  // The next frame, upright; nullopt at the end. DataLoss when not even the
  // first frame decodes; damage further on ends the video, because FFmpeg
  // reports it no differently.
  absl::StatusOr<std::optional<vision::Picture>> Next();

  // Frames per second as the file says; 0 when it does not.
  double frame_rate() const;

 private:
  explicit VideoReader(cv::VideoCapture capture)
      : capture_(std::move(capture)) {}

  cv::VideoCapture capture_;
  bool has_read_a_frame_ = false;
};

}  // namespace sluice::device
