#include "device/annotated_video.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>
#include <system_error>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"

namespace sluice::device {
namespace {

constexpr double kMaxFrameRate = 60;

bool IsAvi(const std::filesystem::path& path) {
  return absl::AsciiStrToLower(path.extension().string()) == ".avi";
}

absl::Status CannotWrite(const std::string& file) {
  return absl::InvalidArgumentError(
      absl::StrCat("cannot write the video '", file, "'"));
}

// `bgr` in the middle of a picture of that size, made smaller if need be.
cv::Mat FitInto(const cv::Mat& bgr, cv::Size size) {
  if (bgr.size() == size) return bgr;
  const double scale =
      std::min({1.0, static_cast<double>(size.width) / bgr.cols,
                static_cast<double>(size.height) / bgr.rows});
  const cv::Size inner(
      std::clamp(static_cast<int>(bgr.cols * scale), 1, size.width),
      std::clamp(static_cast<int>(bgr.rows * scale), 1, size.height));
  cv::Mat frame = cv::Mat::zeros(size, CV_8UC3);
  cv::Mat middle =
      frame({(size.width - inner.width) / 2, (size.height - inner.height) / 2,
             inner.width, inner.height});
  cv::resize(bgr, middle, inner, 0, 0, cv::INTER_AREA);
  return frame;
}

}  // namespace

bool IsVideoFile(const std::filesystem::path& path) {
  return IsAvi(path) ||
         absl::AsciiStrToLower(path.extension().string()) == ".mp4";
}

absl::Status AnnotatedVideo::Add(
    const vision::Picture& picture, double frame_rate,
    std::chrono::system_clock::time_point captured) {
  if (num_frames_ == 0) {
    SLUICE_RETURN_IF_ERROR(Open(picture, frame_rate));
    last_captured_ = captured;
  }
  try {
    const cv::Mat frame = FitInto(picture.bgr, size_);
    for (int64_t n = NumFramesUntil(captured); n > 0; --n) {
      writer_.write(frame);
      ++num_frames_;
    }
  } catch (const cv::Exception&) {
    return CannotWrite(file_);
  }
  return absl::OkStatus();
}

absl::Status AnnotatedVideo::Open(const vision::Picture& picture,
                                  double frame_rate) {
  if (frame_rate > 0) frame_rate_ = std::min(frame_rate, kMaxFrameRate);
  // Both codecs halve the sides of colour.
  size_ = {std::max(2, picture.bgr.cols & ~1),
           std::max(2, picture.bgr.rows & ~1)};
  const int fourcc = IsAvi(file_) ? cv::VideoWriter::fourcc('M', 'J', 'P', 'G')
                                  : cv::VideoWriter::fourcc('m', 'p', '4', 'v');
  try {
    if (writer_.open(file_, cv::CAP_FFMPEG, fourcc, frame_rate_, size_)) {
      return absl::OkStatus();
    }
  } catch (const cv::Exception&) {
  }
  return CannotWrite(file_);
}

int64_t AnnotatedVideo::NumFramesUntil(
    std::chrono::system_clock::time_point captured) {
  if (time_ == VideoTime::kEveryPicture) return 1;
  const std::chrono::duration<double> still =
      std::clamp<std::chrono::duration<double>>(
          captured - last_captured_, std::chrono::seconds(0), kLongestStill);
  last_captured_ = captured;
  length_s_ += still.count();
  // The picture is seen at its time; frames before it show it early by less
  // than the pause.
  return static_cast<int64_t>(std::floor(length_s_ * frame_rate_)) + 1 -
         num_frames_;
}

absl::Status AnnotatedVideo::Finish() {
  if (num_frames_ == 0) return absl::OkStatus();
  writer_.release();
  std::error_code error;
  if (std::filesystem::file_size(file_, error) > 0 && !error) {
    return absl::OkStatus();
  }
  return absl::DataLossError(
      absl::StrCat("the video '", file_, "' could not be completed"));
}

}  // namespace sluice::device
