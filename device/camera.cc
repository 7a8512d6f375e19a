#include "device/camera.h"

#include <array>
#include <filesystem>
#include <opencv2/core.hpp>
#include <opencv2/videoio.hpp>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace sluice::device {
namespace {

constexpr char kV4l2Scheme[] = "v4l2://";
constexpr char kGStreamerPrefix[] = "gst:";
constexpr std::array<const char*, 4> kUrlSchemes = {"rtsp://", "rtsps://",
                                                    "http://", "https://"};
// sync=false: frames come when they are there, not when a clock wants them.
constexpr char kAppSink[] =
    " ! videoconvert ! video/x-raw,format=BGR"
    " ! appsink max-buffers=1 drop=true sync=false";

class OpenCvCamera : public Camera {
 public:
  explicit OpenCvCamera(cv::VideoCapture capture)
      : capture_(std::move(capture)) {}

  absl::Status Grab() override {
    try {
      if (capture_.grab()) return absl::OkStatus();
    } catch (const cv::Exception& e) {
      return absl::UnavailableError(e.err);
    }
    return absl::UnavailableError("it gives no more frames");
  }

  absl::StatusOr<vision::Picture> Retrieve() override {
    try {
      cv::Mat frame;
      if (!capture_.retrieve(frame) || frame.empty()) {
        return absl::DataLossError("the frame could not be decoded");
      }
      if (frame.type() != CV_8UC3) {
        return absl::InvalidArgumentError(absl::StrCat(
            "expected frames of 8-bit BGR, found ",
            cv::typeToString(frame.type()),
            "; end the pipeline with 'videoconvert ! video/x-raw,format=BGR ! "
            "appsink', or without an appsink"));
      }
      // The capture reuses its buffer for the next frame.
      return vision::Picture{frame.clone()};
    } catch (const cv::Exception& e) {
      return absl::DataLossError(e.err);
    }
  }

  double frame_rate() const override { return capture_.get(cv::CAP_PROP_FPS); }

 private:
  cv::VideoCapture capture_;
};

// "rtsp://user:password@host/x" without "user:password@".
std::string WithoutCredentials(const std::string& url) {
  const size_t authority = url.find("://") + 3;
  const size_t path = url.find('/', authority);
  const size_t at = url.substr(0, path).rfind('@');
  if (at == std::string::npos || at < authority) return url;
  return absl::StrCat(url.substr(0, authority), url.substr(at + 1));
}

bool IsUrlOfACamera(const std::string& input) {
  for (const char* scheme : kUrlSchemes) {
    if (absl::StartsWith(input, scheme)) return true;
  }
  return false;
}

absl::StatusOr<CameraUri> Filled(CameraUri uri) {
  if (!uri.target.empty()) return uri;
  return absl::InvalidArgumentError(
      absl::StrCat("expected a camera after '", uri.name, "', found nothing"));
}

cv::VideoCapture OpenCapture(const CameraUri& uri,
                             std::chrono::milliseconds timeout) {
  const int timeout_ms = static_cast<int>(timeout.count());
  switch (uri.kind) {
    case CameraUri::Kind::kV4l2:
      return cv::VideoCapture(uri.target, cv::CAP_V4L2);
    case CameraUri::Kind::kGStreamer:
      return cv::VideoCapture(uri.target, cv::CAP_GSTREAMER);
    case CameraUri::Kind::kUrl:
      break;
  }
  return cv::VideoCapture(uri.target, cv::CAP_FFMPEG,
                          {cv::CAP_PROP_OPEN_TIMEOUT_MSEC, timeout_ms,
                           cv::CAP_PROP_READ_TIMEOUT_MSEC, timeout_ms});
}

}  // namespace

absl::StatusOr<std::optional<CameraUri>> ParseCameraUri(
    const std::string& input) {
  using Kind = CameraUri::Kind;
  if (absl::StartsWith(input, kV4l2Scheme)) {
    return Filled({Kind::kV4l2,
                   std::string(absl::StripPrefix(input, kV4l2Scheme)), input});
  }
  if (absl::StartsWith(input, kGStreamerPrefix)) {
    std::string pipeline(absl::StripPrefix(input, kGStreamerPrefix));
    if (!pipeline.empty() && !absl::StrContains(pipeline, "appsink")) {
      pipeline += kAppSink;
    }
    return Filled({Kind::kGStreamer, std::move(pipeline), input});
  }
  if (IsUrlOfACamera(input)) {
    const bool is_empty = absl::EndsWith(input, "://");
    return Filled(
        {Kind::kUrl, is_empty ? "" : input, WithoutCredentials(input)});
  }
  std::error_code error;
  if (std::filesystem::is_character_file(input, error)) {
    return CameraUri{Kind::kV4l2, input, input};
  }
  const size_t scheme = input.find("://");
  if (scheme != std::string::npos && !absl::StartsWith(input, "file://") &&
      !std::filesystem::exists(input, error)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "expected a path or v4l2://, rtsp://, rtsps://, http://, https:// or "
        "gst:PIPELINE, found '",
        input.substr(0, scheme + 3), "'"));
  }
  return std::nullopt;
}

absl::StatusOr<std::unique_ptr<Camera>> OpenCamera(
    const CameraUri& uri, std::chrono::milliseconds timeout) {
  try {
    cv::VideoCapture capture = OpenCapture(uri, timeout);
    if (capture.isOpened()) {
      return std::make_unique<OpenCvCamera>(std::move(capture));
    }
  } catch (const cv::Exception& e) {
    return absl::UnavailableError(absl::StrCat("cannot be opened: ", e.err));
  }
  return absl::UnavailableError("cannot be opened");
}

}  // namespace sluice::device
