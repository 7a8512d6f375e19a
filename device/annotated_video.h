// Annotated pictures as one video file.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <opencv2/videoio.hpp>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/vision/picture.h"

namespace sluice::device {

// What the video's time is.
enum class VideoTime {
  kEveryPicture,  // Each picture once, at the source's own rate.
  kAsCaptured,    // Pictures stay as long as it took until the next.
};

// Whether a path is meant as a video: .mp4 (MPEG-4) or .avi (Motion JPEG).
bool IsVideoFile(const std::filesystem::path& path);

class AnnotatedVideo {
 public:
  static constexpr double kDefaultFrameRate = 10;
  // A longer pause of a camera is cut to this.
  static constexpr std::chrono::seconds kLongestStill{2};

  // The file is created by the first picture, whose size is the video's.
  // REQUIRES: IsVideoFile(file).
  AnnotatedVideo(std::string file, VideoTime time)
      : file_(std::move(file)), time_(time) {}

  // `frame_rate` of the source; 0 when unknown. InvalidArgument when the file
  // cannot be written.
  absl::Status Add(const vision::Picture& picture, double frame_rate,
                   std::chrono::system_clock::time_point captured);

  // Completes the file; DataLoss when there is nothing in it afterwards.
  absl::Status Finish();

 private:
  absl::Status Open(const vision::Picture& picture, double frame_rate);
  // How often the next picture has to be written to come in time.
  int64_t NumFramesUntil(std::chrono::system_clock::time_point captured);

  std::string file_;
  VideoTime time_;
  cv::VideoWriter writer_;
  cv::Size size_;
  double frame_rate_ = kDefaultFrameRate;
  double length_s_ = 0;  // Of what is to be seen so far.
  int64_t num_frames_ = 0;
  std::chrono::system_clock::time_point last_captured_;
};

}  // namespace sluice::device
