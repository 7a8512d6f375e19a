#include "device/result_proto.h"

#include <limits>

#include "absl/strings/str_cat.h"
#include "common/vision/picture.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sluice::device {
namespace {

using task::kNoClass;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

// 8 x 4 pixels, of which the view shows the middle, halved to 2 x 2.
vision::Geometry MakeGeometry() {
  return vision::MakeGeometry({8, 4}, vision::ParseViewRule("crop:2").value(),
                              32)
      .value();
}

TailResult FromServer(const v1::Result& proto,
                      ResultPixels pixels = ResultPixels::kOfSource) {
  return ResultFromProto(proto, MakeGeometry(), pixels);
}

// The message of the result, which has to be a DataLoss.
std::string LossOf(const v1::Result& proto,
                   ResultPixels pixels = ResultPixels::kOfSource) {
  const TailResult result = FromServer(proto, pixels);
  EXPECT_EQ(result.status.code(), absl::StatusCode::kDataLoss) << result.status;
  return std::string(result.status.message());
}

v1::Result MakeBox(float x_min, float y_min, float x_max, float y_max) {
  v1::Result proto;
  proto.set_tail("fod");
  v1::Detection::Box* box = proto.mutable_detection()->add_boxes();
  box->set_index(3);
  box->set_label("Bolt");
  box->set_score(0.75f);
  box->set_x_min(x_min);
  box->set_y_min(y_min);
  box->set_x_max(x_max);
  box->set_y_max(y_max);
  return proto;
}

v1::Result MakeMask(vision::Size size, std::vector<uint8_t> classes) {
  v1::Result proto;
  proto.set_tail("camvid");
  v1::Segmentation* segmentation = proto.mutable_segmentation();
  segmentation->set_width(static_cast<uint32_t>(size.width));
  segmentation->set_height(static_cast<uint32_t>(size.height));
  const std::vector<uint8_t> png =
      task::EncodePng({size, std::move(classes)}).value();
  segmentation->set_png(png.data(), png.size());
  segmentation->add_labels("sky");
  segmentation->add_labels("road");
  return proto;
}

v1::Result MakeRuns(std::vector<uint32_t> classes,
                    std::vector<uint32_t> lengths) {
  v1::Result proto = MakeMask({4, 2}, std::vector<uint8_t>(8));
  v1::RunLengths* runs = proto.mutable_segmentation()->mutable_run_lengths();
  runs->mutable_class_index()->Add(classes.begin(), classes.end());
  runs->mutable_length()->Add(lengths.begin(), lengths.end());
  return proto;
}

v1::Result MakeTensor(std::vector<int64_t> shape, size_t bytes) {
  v1::Result proto;
  v1::Tensors::Tensor* tensor = proto.mutable_tensors()->add_tensors();
  tensor->set_name("map");
  tensor->mutable_shape()->Add(shape.begin(), shape.end());
  tensor->set_float32_le(std::string(bytes, '\0'));
  return proto;
}

TEST(ResultProtoTest, ErrorOfTheTailIsKept) {
  v1::Result proto = MakeBox(0, 0, 1, 1);
  proto.set_code(13);
  proto.set_message("broke");
  const TailResult result = FromServer(proto);
  EXPECT_EQ(result.tail, "fod");
  EXPECT_EQ(result.status, absl::InternalError("broke"));
}

TEST(ResultProtoTest, NoOutputIsUnimplemented) {
  EXPECT_EQ(FromServer({}).status.code(), absl::StatusCode::kUnimplemented);
}

TEST(ResultProtoTest, LabelsKeepTheirOrder) {
  v1::Result proto;
  for (const char* label : {"tabby", "cat"}) {
    v1::Classification::Class* entry =
        proto.mutable_classification()->add_top();
    entry->set_index(281);
    entry->set_label(label);
    entry->set_score(0.5f);
  }
  const TailResult result = FromServer(proto);
  ASSERT_TRUE(result.status.ok()) << result.status;
  EXPECT_EQ(result.bytes, proto.ByteSizeLong());
  const auto& labels = std::get<std::vector<RankedLabel>>(result.output);
  ASSERT_EQ(labels.size(), 2u);
  EXPECT_EQ(labels[0].index, 281u);
  EXPECT_EQ(labels[0].label, "tabby");
  EXPECT_EQ(labels[0].score, 0.5f);
  EXPECT_EQ(labels[1].label, "cat");
}

TEST(ResultProtoTest, ScoresHaveToBeProbabilities) {
  for (const float score : {-0.1f, 1.1f, kNan, kInfinity}) {
    v1::Result label;
    label.mutable_classification()->add_top()->set_score(score);
    EXPECT_THAT(LossOf(label), HasSubstr("score of 0 to 1"));
    v1::Result box = MakeBox(0, 0, 1, 1);
    box.mutable_detection()->mutable_boxes(0)->set_score(score);
    EXPECT_THAT(LossOf(box), HasSubstr("score of 0 to 1"));
  }
}

TEST(ResultProtoTest, BoxesOfTheSourceStayAsTheyAre) {
  const TailResult result = FromServer(MakeBox(0, 0.5f, 8, 4));
  ASSERT_TRUE(result.status.ok()) << result.status;
  const auto& boxes = std::get<std::vector<LabelledBox>>(result.output);
  ASSERT_EQ(boxes.size(), 1u);
  EXPECT_EQ(boxes[0].label, "Bolt");
  EXPECT_EQ(boxes[0].class_index, 3);
  EXPECT_EQ(boxes[0].score, 0.75f);
  EXPECT_EQ(boxes[0].box.x_min, 0);
  EXPECT_EQ(boxes[0].box.y_min, 0.5f);
  EXPECT_EQ(boxes[0].box.x_max, 8);
  EXPECT_EQ(boxes[0].box.y_max, 4);
}

TEST(ResultProtoTest, BoxesOfTheViewComeOutInTheSource) {
  const TailResult result =
      FromServer(MakeBox(0, 1, 2, 2), ResultPixels::kOfView);
  ASSERT_TRUE(result.status.ok()) << result.status;
  const task::Box box =
      std::get<std::vector<LabelledBox>>(result.output).at(0).box;
  EXPECT_EQ(box.x_min, 2);
  EXPECT_EQ(box.y_min, 2);
  EXPECT_EQ(box.x_max, 6);
  EXPECT_EQ(box.y_max, 4);
}

TEST(ResultProtoTest, BoxesHaveToBeWithinThePicture) {
  for (const v1::Result& proto :
       {MakeBox(-1, 0, 1, 1), MakeBox(0, -1, 1, 1), MakeBox(0, 0, 8.5f, 1),
        MakeBox(0, 0, 1, 4.5f), MakeBox(1, 0, 1, 1), MakeBox(0, 2, 1, 1),
        MakeBox(kNan, 0, 1, 1), MakeBox(0, kNan, 1, 1), MakeBox(0, 0, kNan, 1),
        MakeBox(0, 0, 1, kNan), MakeBox(0, 0, kInfinity, 1),
        MakeBox(-kInfinity, 0, 1, 1)}) {
    EXPECT_THAT(LossOf(proto), HasSubstr("a box within 8 x 4 pixels"));
  }
  EXPECT_THAT(LossOf(MakeBox(0, 0, 3, 1), ResultPixels::kOfView),
              HasSubstr("a box within 2 x 2 pixels"));
}

TEST(ResultProtoTest, ClassOfABoxHasToBeACount) {
  v1::Result proto = MakeBox(0, 0, 1, 1);
  proto.mutable_detection()->mutable_boxes(0)->set_index(1u << 31);
  EXPECT_THAT(LossOf(proto), HasSubstr("2147483648"));
}

TEST(ResultProtoTest, MaskIsDecodedWithItsLabels) {
  const std::vector<uint8_t> classes = {0, 1, 1, 0, kNoClass, 0, 0, 1};
  for (const v1::Result& proto :
       {MakeMask({4, 2}, classes),
        MakeRuns({0, 1, 0, 255, 0, 1}, {1, 2, 1, 1, 2, 1})}) {
    const TailResult result = FromServer(proto);
    ASSERT_TRUE(result.status.ok()) << result.status;
    const auto& mask = std::get<LabelledMask>(result.output);
    EXPECT_EQ(mask.mask.size, (vision::Size{4, 2}));
    EXPECT_EQ(mask.mask.classes, classes);
    EXPECT_THAT(mask.labels, ElementsAre("sky", "road"));
  }
}

TEST(ResultProtoTest, MaskOfTheViewComesOutInTheSource) {
  const TailResult result =
      FromServer(MakeMask({2, 2}, {0, 1, 1, 0}), ResultPixels::kOfView);
  ASSERT_TRUE(result.status.ok()) << result.status;
  const task::Mask& mask = std::get<LabelledMask>(result.output).mask;
  EXPECT_EQ(mask.size, (vision::Size{4, 2}));
  EXPECT_THAT(mask.classes, ElementsAre(kNoClass, 0, 1, kNoClass,  //
                                        kNoClass, 1, 0, kNoClass));
}

TEST(ResultProtoTest, MaskIsNoLargerThanThePicture) {
  EXPECT_THAT(LossOf(MakeMask({9, 4}, std::vector<uint8_t>(36))),
              HasSubstr("1 x 1 to 8 x 4 pixels, found 9 x 4"));
  EXPECT_THAT(
      LossOf(MakeMask({3, 2}, std::vector<uint8_t>(6)), ResultPixels::kOfView),
      HasSubstr("1 x 1 to 2 x 2 pixels, found 3 x 2"));
  for (const uint32_t side : {0u, 0xffffffffu}) {
    v1::Result proto = MakeRuns({0}, {8});
    proto.mutable_segmentation()->set_width(side);
    EXPECT_THAT(LossOf(proto), HasSubstr(absl::StrCat("found ", side, " x 2")));
  }
}

TEST(ResultProtoTest, PngHasToHaveTheSizeThatTheMaskSays) {
  v1::Result proto = MakeMask({4, 2}, std::vector<uint8_t>(8));
  proto.mutable_segmentation()->set_width(2);
  EXPECT_THAT(LossOf(proto), HasSubstr("a PNG of 2 x 2 pixels, found 4 x 2"));
}

TEST(ResultProtoTest, DamagedPngIsDataLoss) {
  const v1::Result whole = MakeMask({4, 2}, {0, 1, 1, 0, 1, 0, 0, 1});
  const std::string png = whole.segmentation().png();
  for (size_t length = 0; length < png.size(); ++length) {
    v1::Result proto = whole;
    proto.mutable_segmentation()->set_png(png.substr(0, length));
    LossOf(proto);
  }
}

TEST(ResultProtoTest, OtherPicturesAreNoMasks) {
  const cv::Mat bgr(2, 4, CV_8UC3, cv::Scalar::all(0));
  for (const vision::PictureFormat format :
       {vision::PictureFormat::kPng, vision::PictureFormat::kJpeg,
        vision::PictureFormat::kWebp}) {
    const std::vector<uint8_t> bytes =
        vision::EncodePicture({bgr}, format, 75).value();
    v1::Result proto = MakeMask({4, 2}, std::vector<uint8_t>(8));
    proto.mutable_segmentation()->set_png(bytes.data(), bytes.size());
    EXPECT_THAT(LossOf(proto), HasSubstr("mask: expected"));
  }
}

TEST(ResultProtoTest, RunsHaveToFillTheMask) {
  LossOf(MakeRuns({0}, {7}));
  LossOf(MakeRuns({0}, {9}));
  LossOf(MakeRuns({0, 1}, {8}));
  LossOf(MakeRuns({}, {}));
  LossOf(MakeRuns({0, 0}, {0xffffffff, 9}));
  LossOf(MakeRuns({256}, {8}));
}

TEST(ResultProtoTest, ClassesOfAMaskHaveToHaveLabels) {
  EXPECT_THAT(LossOf(MakeMask({4, 2}, {0, 1, 2, 0, 0, 0, 0, 0})),
              HasSubstr("2 classes, found class 2"));
  EXPECT_THAT(LossOf(MakeRuns({254}, {8})), HasSubstr("found class 254"));
}

TEST(ResultProtoTest, MaskHasToHaveLabelsButNotTooMany) {
  v1::Result proto = MakeRuns({0}, {8});
  proto.mutable_segmentation()->clear_labels();
  EXPECT_THAT(LossOf(proto), HasSubstr("1 to 255 labels"));
  for (int i = 0; i < 256; ++i) {
    proto.mutable_segmentation()->add_labels("sky");
  }
  EXPECT_THAT(LossOf(proto), HasSubstr("1 to 255 labels"));
}

TEST(ResultProtoTest, MaskWithoutPixelsIsDataLoss) {
  v1::Result proto = MakeRuns({0}, {8});
  proto.mutable_segmentation()->clear_mask();
  EXPECT_THAT(LossOf(proto), HasSubstr("found neither"));
}

TEST(ResultProtoTest, TensorsAreSummedUp) {
  const TailResult result = FromServer(MakeTensor({2, 3}, 24));
  ASSERT_TRUE(result.status.ok()) << result.status;
  const auto& tensors = std::get<std::vector<TensorSummary>>(result.output);
  ASSERT_EQ(tensors.size(), 1u);
  EXPECT_EQ(tensors[0].name, "map");
  EXPECT_THAT(tensors[0].shape, ElementsAre(2, 3));
  EXPECT_EQ(tensors[0].bytes, 24u);
  EXPECT_TRUE(FromServer(MakeTensor({}, 4)).status.ok());
  EXPECT_TRUE(FromServer(MakeTensor({3, 0}, 0)).status.ok());
}

TEST(ResultProtoTest, TensorHasToFillItsShape) {
  constexpr int64_t kHuge = int64_t{1} << 62;
  for (const v1::Result& proto :
       {MakeTensor({2, 3}, 20), MakeTensor({2, 3}, 25), MakeTensor({2, 3}, 48),
        MakeTensor({2, 3}, 0), MakeTensor({}, 0), MakeTensor({0}, 4),
        MakeTensor({-1}, 4), MakeTensor({-1, -1}, 4), MakeTensor({-1, 0}, 0),
        MakeTensor({kHuge, 4}, 0), MakeTensor({kHuge, kHuge}, 4)}) {
    EXPECT_THAT(LossOf(proto), HasSubstr("tensor map: expected float32 ["));
  }
}

}  // namespace
}  // namespace sluice::device
