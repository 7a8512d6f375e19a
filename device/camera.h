// One camera, opened through OpenCV.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/vision/picture.h"

namespace sluice::device {

class Camera {
 public:
  virtual ~Camera() = default;

  // Waits for the next frame. Unavailable when there will be none. May wait
  // without end: not every driver has a time limit.
  virtual absl::Status Grab() = 0;
  // The grabbed frame, in memory of its own.
  virtual absl::StatusOr<vision::Picture> Retrieve() = 0;
  // Frames per second as the camera says; 0 when it does not.
  virtual double frame_rate() const = 0;
};

struct CameraUri {
  enum class Kind { kV4l2, kUrl, kGStreamer };
  Kind kind = Kind::kUrl;
  std::string target;  // Device, URL or pipeline.
  std::string name;    // For people: the URI without user and password.
};

// Understands
//   v4l2:///dev/video0, or the path of a character device
//   rtsp://..., rtsps://..., http://..., https://...  (RTSP; MJPEG over HTTP)
//   gst:PIPELINE  a GStreamer pipeline; unless it has an appsink of its own, it
//                 is continued to one that has the newest frame as BGR
// Nullopt for a path, "file://..." included. InvalidArgument for another
// scheme, or when nothing follows.
absl::StatusOr<std::optional<CameraUri>> ParseCameraUri(
    const std::string& input);

// Unavailable when there is no such camera or it does not answer. `timeout`
// bounds each wait where the driver can (RTSP and HTTP).
absl::StatusOr<std::unique_ptr<Camera>> OpenCamera(
    const CameraUri& uri, std::chrono::milliseconds timeout);

}  // namespace sluice::device
