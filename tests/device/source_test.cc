#include "device/source.h"

#include "device/camera.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/device/device_testing.h"

namespace sluice::device {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

absl::StatusOr<std::unique_ptr<Source>> Open(
    const std::vector<std::string>& inputs, const SourceOptions& options = {}) {
  return OpenSource(inputs, options, [](const std::string&) {});
}

CameraUri Camera(const std::string& input) {
  const auto uri = ParseCameraUri(input);
  EXPECT_TRUE(uri.ok() && uri->has_value()) << input << uri.status();
  return uri.ok() ? uri->value_or(CameraUri{}) : CameraUri{};
}

TEST(OpenSourceTest, FileMayBeAUri) {
  ScratchDirectory dir;
  const auto source = Open({"file://" + dir.WriteJpeg("a.jpg", 8, 8)});
  ASSERT_TRUE(source.ok()) << source.status();
  EXPECT_FALSE((*source)->is_live());
  EXPECT_TRUE((*source)->Next()->picture.ok());
}

TEST(OpenSourceTest, CameraBesideOtherInputsIsBadUsage) {
  const auto source = Open({"a.jpg", "v4l2:///dev/video0"});
  EXPECT_EQ(source.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(source.status().message()),
              HasSubstr("v4l2:///dev/video0"));
}

TEST(OpenSourceTest, CameraIsNotLooped) {
  EXPECT_EQ(Open({"v4l2:///dev/video0"}, {.loop = true}).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(OpenSourceTest, MissingCameraIsUnavailableAndNamed) {
  const auto source = Open({"v4l2:///dev/no-such-camera"});
  EXPECT_EQ(source.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(source.status().message()),
              HasSubstr("v4l2:///dev/no-such-camera"));
}

TEST(OpenSourceTest, MalformedPipelineIsUnavailable) {
  EXPECT_EQ(Open({"gst:no-such-element ! !"}).status().code(),
            absl::StatusCode::kUnavailable);
}

TEST(CameraUriTest, Kinds) {
  EXPECT_EQ(Camera("v4l2:///dev/video0").target, "/dev/video0");
  EXPECT_EQ(Camera("v4l2:///dev/video0").kind, CameraUri::Kind::kV4l2);
  EXPECT_EQ(Camera("rtsp://camera/1").kind, CameraUri::Kind::kUrl);
  EXPECT_EQ(Camera("http://camera/x.mjpg").target, "http://camera/x.mjpg");
  EXPECT_EQ(Camera("gst:videotestsrc").kind, CameraUri::Kind::kGStreamer);
  EXPECT_EQ(Camera("/dev/null").kind, CameraUri::Kind::kV4l2);
}

TEST(CameraUriTest, PipelineIsContinuedUnlessItHasItsOwnEnd) {
  EXPECT_EQ(Camera("gst:videotestsrc").target,
            "videotestsrc ! videoconvert ! video/x-raw,format=BGR ! appsink "
            "max-buffers=1 drop=true sync=false");
  EXPECT_EQ(Camera("gst:videotestsrc ! appsink").target,
            "videotestsrc ! appsink");
}

TEST(CameraUriTest, NameHasNoPassword) {
  const CameraUri uri = Camera("rtsp://admin:s3cret@10.0.0.7:554/h264?a=b@c");
  EXPECT_EQ(uri.name, "rtsp://10.0.0.7:554/h264?a=b@c");
  EXPECT_THAT(uri.target, HasSubstr("admin:s3cret@"));
  EXPECT_THAT(Camera("http://user@host").name, Not(HasSubstr("user")));
  EXPECT_EQ(Camera("http://host/a@b").name, "http://host/a@b");
}

TEST(CameraUriTest, PathIsNoCamera) {
  for (const char* path :
       {"a.jpg", "file:///a.jpg", "photos/*.jpg", "", "a:b"}) {
    const auto uri = ParseCameraUri(path);
    ASSERT_TRUE(uri.ok()) << uri.status();
    EXPECT_FALSE(uri->has_value()) << path;
  }
}

TEST(CameraUriTest, OtherSchemeOrNothingIsAnError) {
  for (const char* input :
       {"csi://0", "ftp://host/a", "v4l2://", "gst:", "rtsp://"}) {
    EXPECT_EQ(ParseCameraUri(input).status().code(),
              absl::StatusCode::kInvalidArgument)
        << input;
  }
}

}  // namespace
}  // namespace sluice::device
