#include "server/infer_plan.h"

#include <limits>
#include <string>

#include "common/codec/frame.h"
#include "common/codec/limits.h"
#include "common/vision/geometry.h"
#include "gmock/gmock.h"
#include "tests/server/server_testing.h"

namespace sluice::server {
namespace {

using ::testing::HasSubstr;

class InferPlanTest : public ::testing::Test {
 protected:
  InferPlanTest() : store_(MakeStore()) {}

  static ModelStore MakeStore() {
    std::vector<LoadedCodec> codecs;
    codecs.push_back(MakeTestCodec("codec-a", 'a'));
    codecs.push_back(MakeTestCodec("codec-b", 'b'));
    std::vector<LoadedTail> tails;
    tails.push_back(
        MakeTestTail("of-a", {TestCodecId('a')}, std::make_unique<MeanTail>()));
    tails.push_back(
        MakeTestTail("of-b", {TestCodecId('b')}, std::make_unique<MeanTail>()));
    tails.push_back(MakeTestTail("of-both",
                                 {TestCodecId('a'), TestCodecId('b')},
                                 std::make_unique<MeanTail>()));
    return ModelStore::Create(std::move(codecs), std::move(tails), "").value();
  }

  void ExpectError(const v1::InferRequest& request, absl::StatusCode code,
                   const std::string& part) {
    const absl::Status status = MakeInferPlan(request, store_, {}).status();
    EXPECT_EQ(status.code(), code) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr(part));
  }

  static v1::InferRequest ImageRequest(std::string data,
                                       std::vector<std::string> tails = {}) {
    v1::InferRequest request;
    request.mutable_image()->set_data(std::move(data));
    request.mutable_tails()->Add(tails.begin(), tails.end());
    return request;
  }

  // A frame whose header declares a latent of these sides, CRC correct.
  static std::string DeclaredFrame(int height, int width) {
    constexpr uint8_t kPayload[] = {1, 2, 3};
    return TestFrame({.codec_short_id = 0xaaaaaaaa,
                      .rate = 0,
                      .latent_height = height,
                      .latent_width = width},
                     kPayload);
  }

  const ModelStore store_;
};

TEST_F(InferPlanTest, FrameNamesItsCodecAndTheDefaultTailRuns) {
  const auto plan =
      MakeInferPlan(FrameRequest(MakeTestFrame('a', 4, 8, 1.0f)), store_, {});
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_EQ(plan->entrance, Entrance::kLatent);
  EXPECT_EQ(plan->codec->artifact.spec.name, "codec-a");
  ASSERT_EQ(plan->tails.size(), 1u);
  EXPECT_EQ(plan->tails[0]->name(), "of-a");
  EXPECT_EQ(plan->frame.header.latent_height, 4);
  EXPECT_EQ(plan->top_k, 5);
  EXPECT_GT(plan->memory_bytes, 2u * 4 * 8 * sizeof(float));
}

TEST_F(InferPlanTest, LatentOfNoPaddedPictureIsInvalid) {
  ExpectError(FrameRequest(MakeTestFrame('a', 4, 6, 1.0f)),
              absl::StatusCode::kInvalidArgument,
              "latent of 4 x 6: expected that of a picture whose sides are "
              "multiples of 32, found 32 x 48");
}

TEST_F(InferPlanTest, EmptyRequestIsInvalid) {
  ExpectError({}, absl::StatusCode::kInvalidArgument, "no payload");
}

TEST_F(InferPlanTest, EmptyFrameIsDataLoss) {
  ExpectError(FrameRequest(""), absl::StatusCode::kDataLoss, "found 0");
}

TEST_F(InferPlanTest, UnknownTailIsNotFoundAndListsTheLoaded) {
  ExpectError(FrameRequest(MakeTestFrame('a', 4, 4, 1.0f), {"nope"}),
              absl::StatusCode::kNotFound, "of-a, of-b, of-both");
}

TEST_F(InferPlanTest, TailNamedTwiceIsInvalid) {
  ExpectError(FrameRequest(MakeTestFrame('a', 4, 4, 1.0f), {"of-a", "of-a"}),
              absl::StatusCode::kInvalidArgument, "twice");
}

TEST_F(InferPlanTest, FrameOfAnUnloadedCodecNamesItsIdAndTheLoaded) {
  const v1::InferRequest request = FrameRequest(MakeTestFrame('c', 4, 4, 1.0f));
  ExpectError(request, absl::StatusCode::kFailedPrecondition, "cccccccc");
  ExpectError(request, absl::StatusCode::kFailedPrecondition, TestCodecId('a'));
}

TEST_F(InferPlanTest, FrameOfAnotherCodecThanTheTailsNamesBothIds) {
  const v1::InferRequest request =
      FrameRequest(MakeTestFrame('a', 4, 4, 1.0f), {"of-both", "of-b"});
  ExpectError(request, absl::StatusCode::kFailedPrecondition, TestCodecId('a'));
  ExpectError(request, absl::StatusCode::kFailedPrecondition, TestCodecId('b'));
}

TEST_F(InferPlanTest, WrongMagicAndVersionAreInvalid) {
  std::string frame = MakeTestFrame('a', 4, 4, 1.0f);
  frame[0] = 'X';
  ExpectError(FrameRequest(frame), absl::StatusCode::kInvalidArgument, "magic");
  frame = MakeTestFrame('a', 4, 4, 1.0f);
  frame[2] = 9;
  ExpectError(FrameRequest(frame), absl::StatusCode::kInvalidArgument,
              "version");
}

TEST_F(InferPlanTest, EveryTruncationOfAFrameIsAnError) {
  const std::string frame = MakeTestFrame('a', 4, 4, 1.0f);
  for (size_t size = 0; size < frame.size(); ++size) {
    EXPECT_EQ(MakeInferPlan(FrameRequest(frame.substr(0, size)), store_, {})
                  .status()
                  .code(),
              absl::StatusCode::kDataLoss)
        << size;
  }
}

TEST_F(InferPlanTest, EveryBitFlipOfAFrameIsAnError) {
  const std::string frame = MakeTestFrame('a', 4, 4, 1.0f);
  for (size_t bit = 0; bit < 8 * frame.size(); ++bit) {
    std::string flipped = frame;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
    const absl::StatusCode code =
        MakeInferPlan(FrameRequest(flipped), store_, {}).status().code();
    EXPECT_THAT(code, ::testing::AnyOf(absl::StatusCode::kDataLoss,
                                       absl::StatusCode::kInvalidArgument,
                                       absl::StatusCode::kResourceExhausted))
        << bit;
  }
}

TEST_F(InferPlanTest, DeclaredElementsOverTheLimitAreResourceExhausted) {
  ExpectError(FrameRequest(DeclaredFrame(1200, 1000)),
              absl::StatusCode::kResourceExhausted,
              std::to_string(codec::kMaxLatentElements));
}

TEST_F(InferPlanTest, GeometryThatCannotBelongToTheFrameIsInvalid) {
  v1::InferRequest request = FrameRequest(MakeTestFrame('a', 4, 4, 1.0f));
  v1::Geometry* geometry = request.mutable_geometry();
  geometry->set_source_width(100);
  geometry->set_source_height(100);
  geometry->set_scale_x(1);
  geometry->set_scale_y(1);
  geometry->set_valid_width(32);
  geometry->set_valid_height(32);
  EXPECT_TRUE(MakeInferPlan(request, store_, {}).ok());
  geometry->set_valid_width(33);
  ExpectError(request, absl::StatusCode::kInvalidArgument, "valid_width");
}

TEST_F(InferPlanTest, UnknownOptionsAreInvalid) {
  v1::InferRequest request = FrameRequest(MakeTestFrame('a', 4, 4, 1.0f));
  request.mutable_options()->set_mask_format(static_cast<v1::MaskFormat>(77));
  ExpectError(request, absl::StatusCode::kInvalidArgument, "mask_format 77");
  request.mutable_options()->clear_mask_format();
  request.mutable_options()->set_score_threshold(
      std::numeric_limits<float>::quiet_NaN());
  ExpectError(request, absl::StatusCode::kInvalidArgument, "score_threshold");
}

TEST_F(InferPlanTest, SideOfAMaskBeyondThoseOfPicturesIsInvalid) {
  v1::InferRequest request = FrameRequest(MakeTestFrame('a', 4, 4, 1.0f));
  EXPECT_EQ(MakeInferPlan(request, store_, {})->mask.max_side, 512);
  request.mutable_options()->set_max_mask_side(vision::kMaxPictureSide);
  EXPECT_EQ(MakeInferPlan(request, store_, {})->mask.max_side,
            vision::kMaxPictureSide);
  request.mutable_options()->set_max_mask_side(vision::kMaxPictureSide + 1);
  ExpectError(request, absl::StatusCode::kInvalidArgument,
              "options.max_mask_side is 16385, expected 0 to 16384");
  request.mutable_options()->set_max_mask_side(4294967295u);
  ExpectError(request, absl::StatusCode::kInvalidArgument, "4294967295");
}

TEST_F(InferPlanTest, FrameWithoutGeometryIsItsOwnSource) {
  const auto plan =
      MakeInferPlan(FrameRequest(MakeTestFrame('a', 4, 8, 1.0f)), store_, {});
  ASSERT_TRUE(plan.ok());
  EXPECT_EQ(plan->geometry.source, (vision::Size{64, 32}));
  EXPECT_EQ(plan->geometry.valid, (vision::Size{64, 32}));
  EXPECT_EQ(plan->geometry.padded, (vision::Size{64, 32}));
}

TEST_F(InferPlanTest, GeometryOfAPictureIsItsOwnAndNotTheRequests) {
  v1::InferRequest request = ImageRequest(MakeTestPng(200, 100));
  request.mutable_image()->set_view("fit:100x100");
  request.mutable_geometry()->set_source_width(5);
  const auto plan = MakeInferPlan(request, store_, {});
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_EQ(plan->geometry.source, (vision::Size{200, 100}));
  EXPECT_EQ(plan->geometry.valid, (vision::Size{100, 50}));
  EXPECT_EQ(plan->geometry.padded, (vision::Size{128, 64}));
}

TEST_F(InferPlanTest, MemoryHasRoomForResultsUpToOneMessage) {
  const auto memory_of = [&](std::vector<std::string> tails,
                             ServerLimits limits) {
    return MakeInferPlan(FrameRequest(MakeTestFrame('a', 4, 4, 1.0f), tails),
                         store_, limits)
        ->memory_bytes;
  };
  const size_t none = memory_of({"of-a"}, {.max_message_bytes = 0});
  const size_t one = memory_of({"of-a"}, {});
  EXPECT_GT(one, none);
  EXPECT_EQ(memory_of({"of-a", "of-both"}, {}), none + 2 * (one - none));
  EXPECT_EQ(memory_of({"of-a", "of-both"}, {.max_message_bytes = 200}),
            none + 200);
}

TEST_F(InferPlanTest, HugeTopKIsClamped) {
  v1::InferRequest request = FrameRequest(MakeTestFrame('a', 4, 4, 1.0f));
  request.mutable_options()->set_top_k(4294967295u);
  const auto plan = MakeInferPlan(request, store_, {});
  ASSERT_TRUE(plan.ok());
  EXPECT_GT(plan->top_k, 0);
}

TEST_F(InferPlanTest, PictureTakesTheCodecItsTailsShare) {
  const auto plan = MakeInferPlan(
      ImageRequest(MakeTestPng(40, 30), {"of-both", "of-b"}), store_, {});
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_EQ(plan->entrance, Entrance::kPixels);
  EXPECT_EQ(plan->codec->artifact.spec.name, "codec-b");
}

TEST_F(InferPlanTest, TailsWithoutACommonCodecNameBothIds) {
  const v1::InferRequest request =
      ImageRequest(MakeTestPng(40, 30), {"of-a", "of-b"});
  ExpectError(request, absl::StatusCode::kFailedPrecondition, TestCodecId('a'));
  ExpectError(request, absl::StatusCode::kFailedPrecondition, TestCodecId('b'));
}

TEST_F(InferPlanTest, PictureForAnUnknownCodecIsNotFound) {
  v1::InferRequest request = ImageRequest(MakeTestPng(40, 30));
  request.mutable_image()->set_codec_id("1234");
  ExpectError(request, absl::StatusCode::kNotFound, "1234");
}

TEST_F(InferPlanTest, NotAPictureIsInvalid) {
  ExpectError(ImageRequest("GIF89a, no picture of ours"),
              absl::StatusCode::kInvalidArgument, "");
  ExpectError(ImageRequest(""), absl::StatusCode::kInvalidArgument, "");
}

TEST_F(InferPlanTest, MalformedViewIsInvalid) {
  v1::InferRequest request = ImageRequest(MakeTestPng(40, 30));
  request.mutable_image()->set_view("crop:banana");
  ExpectError(request, absl::StatusCode::kInvalidArgument, "crop:banana");
}

TEST_F(InferPlanTest, HugePictureHeaderIsResourceExhausted) {
  std::string png = MakeTestPng(40, 30);
  png.replace(16, 8, std::string("\0\0\x80\0\0\0\x80\0", 8));
  ExpectError(ImageRequest(png), absl::StatusCode::kResourceExhausted,
              "32768 x 32768");
}

TEST_F(InferPlanTest, LargePictureNeedsAView) {
  v1::InferRequest request = ImageRequest(MakeTestPng(2100, 8));
  ExpectError(request, absl::StatusCode::kResourceExhausted, "without a view");
  request.mutable_image()->set_view("fit:640x480");
  EXPECT_TRUE(MakeInferPlan(request, store_, {}).ok());
}

}  // namespace
}  // namespace sluice::server
