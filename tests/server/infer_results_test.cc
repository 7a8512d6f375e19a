// What a client sees of every task, through the whole pipeline: places in its
// own picture, whatever view of it was encoded.
#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <memory>
#include <opencv2/core.hpp>
#include <span>
#include <string>
#include <vector>

#include "common/task/segmentation.h"
#include "common/wire/frame_proto.h"
#include "common/wire/grpc_status.h"
#include "gmock/gmock.h"
#include "server/infer_pipeline.h"
#include "tests/server/fake_clock.h"
#include "tests/server/server_testing.h"
#include "tests/vision/picture_files.h"

namespace sluice::server {
namespace {

using base::FloatTensor;
using model::NamedTensor;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using vision::Geometry;
using vision::Size;

constexpr int kBoundary = 40;  // Column of the view where "half" changes.

class CountingDecoder final : public model::FeatureDecoder {
 public:
  explicit CountingDecoder(std::atomic<int>* num_passes)
      : num_passes_(num_passes) {}
  absl::StatusOr<FloatTensor> Decode(
      const FloatTensor& y_hat, std::span<const int> rates) const override {
    ++*num_passes_;
    return TestDecoder().Decode(y_hat, rates);
  }
  absl::StatusOr<FloatTensor> Enter(
      const FloatTensor& pictures) const override {
    ++*num_passes_;
    return TestDecoder().Enter(pictures);
  }
  double DecodeMacs(int, int) const override { return 0; }

 private:
  std::atomic<int>* const num_passes_;
};

// Tails: "mean", "spot" (whose box has the score 0.9), "faint" (0.2), "half"
// and "raw", the features themselves.
class InferResultsTest : public ::testing::Test {
 protected:
  InferResultsTest() : store_(MakeStore()) {}

  ModelStore MakeStore() {
    std::vector<LoadedCodec> codecs;
    codecs.push_back(MakeTestCodec("codec-a", 'a'));
    codecs[0].decoder = std::make_unique<CountingDecoder>(&num_passes_);
    const std::vector<std::string> ids = {TestCodecId('a')};
    const std::vector<std::string> spot_labels = {"spot", "other"};
    std::vector<LoadedTail> tails;
    tails.push_back(MakeTestTail("mean", ids, std::make_unique<MeanTail>()));
    tails.push_back(
        MakeTestTail("spot", ids, SpotTail(0.9f), "detection", spot_labels));
    tails.push_back(
        MakeTestTail("faint", ids, SpotTail(0.2f), "detection", spot_labels));
    tails.push_back(MakeTestTail("half", ids, HalfPlaneTail(kBoundary),
                                 "segmentation", {"left", "right"}));
    tails.push_back(MakeTestTail(
        "raw", ids, std::make_unique<FunctionTail>([](const FloatTensor& x) {
          return std::vector<NamedTensor>{{"features", x}};
        }),
        "tensors", {}));
    return ModelStore::Create(std::move(codecs), std::move(tails), "").value();
  }

  void Start(ServerLimits limits = {}) {
    auto pipeline = InferPipeline::Start(&store_, {.limits = limits}, &clock_);
    ASSERT_TRUE(pipeline.ok()) << pipeline.status();
    pipeline_ = *std::move(pipeline);
    num_passes_ = 0;  // Warming up made some.
  }

  v1::InferResponse Infer(v1::InferRequest request) {
    if (pipeline_ == nullptr) Start();
    TestCall call(std::move(request));
    pipeline_->Infer(call.Get());
    EXPECT_TRUE(call.status().ok()) << call.status();
    return call.response();
  }

  // What features of 1 everywhere become: "spot" finds the whole input.
  static v1::InferRequest Frame(int side, std::vector<std::string> tails) {
    return FrameRequest(MakeTestFrame('a', side / 8, side / 8, 1.0f), tails);
  }

  static v1::InferRequest Frame(const Geometry& geometry,
                                std::vector<std::string> tails) {
    v1::InferRequest request = Frame(geometry.padded.width, tails);
    *request.mutable_geometry() = wire::GeometryToProto(geometry);
    return request;
  }

  static Geometry GeometryOf(Size source, const char* view) {
    return vision::MakeGeometry(source, vision::ParseViewRule(view).value(), 32)
        .value();
  }

  // Black, but for white [x_min, x_max) by [y_min, y_max).
  static vision::Picture WhiteSpot(Size size, int x_min, int y_min, int x_max,
                                   int y_max) {
    vision::Picture picture{
        cv::Mat(size.height, size.width, CV_8UC3, cv::Scalar::all(0))};
    picture.bgr(cv::Range(y_min, y_max), cv::Range(x_min, x_max)) =
        cv::Scalar::all(255);
    return picture;
  }

  static v1::InferRequest Image(const vision::Bytes& file,
                                const std::string& view,
                                std::vector<std::string> tails) {
    v1::InferRequest request;
    request.mutable_image()->set_data(file.data(), file.size());
    request.mutable_image()->set_view(view);
    request.mutable_tails()->Add(tails.begin(), tails.end());
    return request;
  }

  static v1::InferRequest Png(const vision::Picture& picture,
                              const std::string& view) {
    return Image(vision::FileOf(picture, vision::PictureFormat::kPng), view,
                 {"spot", "half"});
  }

  static std::vector<float> OnlyBox(const v1::Result& result) {
    EXPECT_EQ(result.detection().boxes_size(), 1);
    if (result.detection().boxes().empty()) return {};
    const v1::Detection::Box& box = result.detection().boxes(0);
    EXPECT_EQ(box.label(), "spot");
    return {box.x_min(), box.y_min(), box.x_max(), box.y_max()};
  }

  static task::Mask MaskOf(const v1::Result& result) {
    const v1::Segmentation& segmentation = result.segmentation();
    const std::string& png = segmentation.png();
    if (segmentation.has_png()) {
      return task::DecodePng(
                 {reinterpret_cast<const uint8_t*>(png.data()), png.size()})
          .value();
    }
    const auto& classes = segmentation.run_lengths().class_index();
    const auto& lengths = segmentation.run_lengths().length();
    return task::DecodeRuns({{classes.begin(), classes.end()},
                             {lengths.begin(), lengths.end()}},
                            {static_cast<int>(segmentation.width()),
                             static_cast<int>(segmentation.height())})
        .value();
  }

  // In every row from `top` to `bottom`: no class, then "left" from column
  // `left`, "right" from `boundary`, no class from `right`; none elsewhere.
  static void ExpectMask(const task::Mask& mask, Size size, int left,
                         int boundary, int right, int top, int bottom) {
    ASSERT_EQ(mask.size, size);
    for (int y = 0; y < size.height; ++y) {
      for (int x = 0; x < size.width; ++x) {
        uint8_t expected = x < boundary ? 0 : 1;
        if (x < left || x >= right || y < top || y >= bottom) {
          expected = task::kNoClass;
        }
        ASSERT_EQ(mask.classes[static_cast<size_t>(y) * size.width + x],
                  expected)
            << x << ", " << y;
      }
    }
  }

  FakeClock clock_;
  std::atomic<int> num_passes_ = 0;
  const ModelStore store_;
  std::unique_ptr<InferPipeline> pipeline_;
};

TEST_F(InferResultsTest, CroppedPictureReturnsToItsSource) {
  const v1::InferResponse response =
      Infer(Png(WhiteSpot({128, 64}, 40, 16, 64, 40), "crop:64"));
  EXPECT_THAT(OnlyBox(response.results(0)), ElementsAre(40, 16, 64, 40));
  ExpectMask(MaskOf(response.results(1)), {128, 64}, 32, 32 + kBoundary, 96, 0,
             64);
}

TEST_F(InferResultsTest, PaddingOfAFittedPictureIsIgnored) {
  // 100 x 50 in 128 x 64, where the spot goes on to the right and below.
  const v1::InferResponse response =
      Infer(Png(WhiteSpot({200, 100}, 96, 48, 200, 100), "fit:100x50"));
  EXPECT_THAT(OnlyBox(response.results(0)), ElementsAre(96, 48, 200, 100));
  ExpectMask(MaskOf(response.results(1)), {200, 100}, 0, 2 * kBoundary, 200, 0,
             100);
}

TEST_F(InferResultsTest, PictureAsItIsNeedsNoView) {
  const v1::InferResponse response =
      Infer(Png(WhiteSpot({100, 60}, 8, 0, 100, 24), ""));
  EXPECT_THAT(OnlyBox(response.results(0)), ElementsAre(8, 0, 100, 24));
  ExpectMask(MaskOf(response.results(1)), {100, 60}, 0, kBoundary, 100, 0, 60);
}

TEST_F(InferResultsTest, PlacesAreThoseOfTheUprightPicture) {
  const vision::Picture upright = WhiteSpot({96, 64}, 16, 8, 40, 48);
  const struct {
    int orientation;
    int rotate_code;
  } kStored[] = {{3, cv::ROTATE_180},
                 {6, cv::ROTATE_90_COUNTERCLOCKWISE},
                 {8, cv::ROTATE_90_CLOCKWISE}};
  for (const auto& stored : kStored) {
    SCOPED_TRACE(stored.orientation);
    vision::Picture turned;
    cv::rotate(upright.bgr, turned.bgr, stored.rotate_code);
    const vision::Bytes jpeg =
        vision::FileOf(turned, vision::PictureFormat::kJpeg);
    const v1::InferResponse response = Infer(Image(
        vision::WithExif(jpeg, vision::PictureFormat::kJpeg, turned.size(),
                         vision::ExifOf(stored.orientation, true)),
        "crop:64", {"spot", "half"}));
    EXPECT_THAT(OnlyBox(response.results(0)), ElementsAre(16, 8, 40, 48));
    ExpectMask(MaskOf(response.results(1)), {96, 64}, 16, 16 + kBoundary, 80, 0,
               64);
  }
}

TEST_F(InferResultsTest, CroppedFrameReturnsToItsSource) {
  // To 100 x 75, a quarter, then the middle from (18, 5).
  const Geometry geometry = GeometryOf({400, 300}, "crop:64/75");
  const v1::InferResponse response = Infer(Frame(geometry, {"spot", "half"}));
  EXPECT_THAT(OnlyBox(response.results(0)), ElementsAre(72, 20, 328, 276));
  ExpectMask(MaskOf(response.results(1)), {400, 300}, 72, 72 + 4 * kBoundary,
             328, 20, 276);
}

TEST_F(InferResultsTest, PaddingOfAFrameIsIgnored) {
  const Geometry geometry = GeometryOf({100, 80}, "fit:50x40");
  ASSERT_EQ(geometry.padded, (Size{64, 64}));
  const v1::InferResponse response = Infer(Frame(geometry, {"spot", "half"}));
  EXPECT_THAT(OnlyBox(response.results(0)), ElementsAre(0, 0, 100, 80));
  ExpectMask(MaskOf(response.results(1)), {100, 80}, 0, 2 * kBoundary, 100, 0,
             80);
}

TEST_F(InferResultsTest, FrameWithoutGeometryIsItsOwnSource) {
  const v1::InferResponse response = Infer(Frame(64, {"spot", "half"}));
  EXPECT_THAT(OnlyBox(response.results(0)), ElementsAre(0, 0, 64, 64));
  ExpectMask(MaskOf(response.results(1)), {64, 64}, 0, kBoundary, 64, 0, 64);
}

TEST_F(InferResultsTest, BothFormatsOfAMaskSayTheSame) {
  v1::InferRequest request =
      Frame(GeometryOf({400, 300}, "crop:64/75"), {"half"});
  const task::Mask png = MaskOf(Infer(request).results(0));
  request.mutable_options()->set_mask_format(v1::MASK_FORMAT_RUN_LENGTHS);
  const v1::InferResponse response = Infer(request);
  EXPECT_TRUE(response.results(0).segmentation().has_run_lengths());
  const task::Mask runs = MaskOf(response.results(0));
  EXPECT_EQ(runs.size, png.size);
  EXPECT_EQ(runs.classes, png.classes);
}

TEST_F(InferResultsTest, MaskHasTheSideAskedFor) {
  v1::InferRequest request =
      Frame(GeometryOf({1024, 768}, "crop:64/96"), {"half"});
  EXPECT_EQ(MaskOf(Infer(request).results(0)).size, (Size{512, 384}));
  request.mutable_options()->set_max_mask_side(100);
  EXPECT_EQ(MaskOf(Infer(request).results(0)).size, (Size{100, 75}));
  request.mutable_options()->set_max_mask_side(5000);
  EXPECT_EQ(MaskOf(Infer(request).results(0)).size, (Size{1024, 768}));
}

TEST_F(InferResultsTest, BoxesReachTheThresholdOfTheRequest) {
  v1::InferRequest request = Frame(64, {"spot", "faint"});
  v1::InferResponse response = Infer(request);
  EXPECT_EQ(response.results(0).detection().boxes_size(), 1);
  EXPECT_EQ(response.results(1).detection().boxes_size(), 0);
  request.mutable_options()->set_score_threshold(0.1f);
  EXPECT_EQ(Infer(request).results(1).detection().boxes_size(), 1);
  request.mutable_options()->set_score_threshold(0.95f);
  response = Infer(request);
  EXPECT_EQ(response.results(0).detection().boxes_size(), 0);
  EXPECT_TRUE(response.results(0).has_detection());
}

TEST_F(InferResultsTest, TopKDoesNotBoundBoxes) {
  v1::InferRequest request = Frame(64, {"mean", "spot"});
  request.mutable_options()->set_top_k(1);
  const v1::InferResponse response = Infer(request);
  EXPECT_EQ(response.results(0).classification().top_size(), 1);
  EXPECT_EQ(response.results(1).detection().boxes_size(), 1);
}

TEST_F(InferResultsTest, TensorsAreTheNumbersOfTheNetwork) {
  const v1::InferResponse response = Infer(Frame(64, {"raw"}));
  ASSERT_EQ(response.results(0).tensors().tensors_size(), 1);
  const v1::Tensors::Tensor& tensor = response.results(0).tensors().tensors(0);
  EXPECT_EQ(tensor.name(), "features");
  EXPECT_THAT(tensor.shape(), ElementsAre(kTestChannels, 8, 8));
  std::vector<float> expected(2 * 8 * 8, 0.0f);
  std::fill_n(expected.begin(), 8 * 8, 1.0f);
  std::vector<float> values(expected.size());
  ASSERT_EQ(tensor.float32_le().size(), values.size() * sizeof(float));
  std::memcpy(values.data(), tensor.float32_le().data(),
              tensor.float32_le().size());
  EXPECT_EQ(values, expected);
}

TEST_F(InferResultsTest, AllTailsOfARequestShareOneFeaturesPass) {
  Start();
  const v1::InferResponse frame =
      Infer(Frame(64, {"mean", "spot", "half", "raw"}));
  EXPECT_EQ(num_passes_, 1);
  ASSERT_EQ(frame.results_size(), 4);
  EXPECT_TRUE(frame.results(0).has_classification());
  EXPECT_TRUE(frame.results(1).has_detection());
  EXPECT_TRUE(frame.results(2).has_segmentation());
  EXPECT_TRUE(frame.results(3).has_tensors());
  Infer(Png(WhiteSpot({64, 64}, 0, 0, 8, 8), ""));
  EXPECT_EQ(num_passes_, 2);
}

TEST_F(InferResultsTest, MaskBeyondTheLimitsFailsAloneAndSaysSo) {
  Geometry geometry = GeometryOf({400, 300}, "crop:64/75");
  geometry.source = {16384, 16384};
  v1::InferRequest request = Frame(geometry, {"half", "spot"});
  request.mutable_options()->set_max_mask_side(16384);
  const v1::InferResponse response = Infer(std::move(request));
  const absl::Status refused = wire::StatusFromProto(response.results(0));
  EXPECT_EQ(refused.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(refused.message()), HasSubstr("16384 x 16384"));
  EXPECT_EQ(response.results(1).detection().boxes_size(), 1);
}

TEST_F(InferResultsTest, ResultBeyondTheMessageFailsAloneAndSaysSo) {
  Start({.max_message_bytes = 2048});
  const v1::InferResponse response = Infer(Frame(128, {"raw", "mean"}));
  const absl::Status refused = wire::StatusFromProto(response.results(0));
  EXPECT_EQ(refused.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(refused.message()), HasSubstr("limit 2048"));
  EXPECT_EQ(response.results(1).classification().top_size(), 2);
}

}  // namespace
}  // namespace sluice::server
