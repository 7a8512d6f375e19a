#include "common/wire/frame_proto.h"

#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "gmock/gmock.h"

namespace sluice::wire {
namespace {

using ::testing::ElementsAreArray;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

vision::Geometry ExampleGeometry() {
  vision::Geometry geometry;
  geometry.source = {4000, 3000};
  geometry.scale_x = 6.25;
  geometry.scale_y = 6.26;
  geometry.offset_x = 1.5;
  geometry.offset_y = -0.5;
  geometry.valid = {640, 479};
  geometry.padded = {640, 480};
  return geometry;
}

TEST(FrameProtoTest, FrameSurvivesTheRoundTrip) {
  const std::vector<uint8_t> frame = {'S', 'L', 0, 255, 0, 7};
  v1::InferRequest request;
  request.set_sequence(5);
  FrameToProto(frame, ExampleGeometry(), &request);
  EXPECT_THAT(FrameFromProto(request), ElementsAreArray(frame));
  EXPECT_EQ(request.geometry().source_width(), 4000u);
  EXPECT_EQ(request.sequence(), 5u);
}

TEST(FrameProtoTest, RequestWithAnImageHasNoFrame) {
  v1::InferRequest request;
  request.mutable_image()->set_data("picture");
  EXPECT_THAT(FrameFromProto(request), IsEmpty());
}

TEST(FrameProtoTest, GeometrySurvivesTheRoundTrip) {
  const vision::Geometry expected = ExampleGeometry();
  const auto found =
      GeometryFromProto(GeometryToProto(expected), expected.padded);
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(found->source, expected.source);
  EXPECT_EQ(found->scale_x, expected.scale_x);
  EXPECT_EQ(found->scale_y, expected.scale_y);
  EXPECT_EQ(found->offset_x, expected.offset_x);
  EXPECT_EQ(found->offset_y, expected.offset_y);
  EXPECT_EQ(found->valid, expected.valid);
  EXPECT_EQ(found->padded, expected.padded);
}

struct BadGeometry {
  const char* field;
  std::function<void(v1::Geometry*)> spoil;
};

class BadGeometryTest : public ::testing::TestWithParam<BadGeometry> {};

TEST_P(BadGeometryTest, IsInvalidArgumentNamingTheField) {
  v1::Geometry proto = GeometryToProto(ExampleGeometry());
  GetParam().spoil(&proto);
  const absl::Status status = GeometryFromProto(proto, {640, 480}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr(GetParam().field));
}

INSTANTIATE_TEST_SUITE_P(
    Fields, BadGeometryTest,
    ::testing::Values(
        BadGeometry{"source_width", [](auto* g) { g->set_source_width(0); }},
        BadGeometry{"source_height",
                    [](auto* g) { g->set_source_height(4294967295u); }},
        BadGeometry{"valid_width", [](auto* g) { g->set_valid_width(641); }},
        BadGeometry{"valid_height", [](auto* g) { g->set_valid_height(0); }},
        BadGeometry{"scale_x", [](auto* g) { g->set_scale_x(0.0); }},
        BadGeometry{"scale_y",
                    [](auto* g) {
                      g->set_scale_y(std::numeric_limits<double>::quiet_NaN());
                    }},
        BadGeometry{"offset_y", [](auto* g) {
                      g->set_offset_y(std::numeric_limits<double>::infinity());
                    }}));

}  // namespace
}  // namespace sluice::wire
