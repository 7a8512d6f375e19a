#include "device/pipeline.h"

#include <limits>

#include "common/codec/frame.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/device/device_testing.h"

namespace sluice::device {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class FailingEncoder : public model::Encoder {
 public:
  explicit FailingEncoder(absl::StatusOr<base::FloatTensor> answer)
      : answer_(std::move(answer)) {}
  absl::StatusOr<base::FloatTensor> Encode(const base::FloatTensor&) override {
    return answer_;
  }
  double Macs(int, int) const override { return 0; }

 private:
  absl::StatusOr<base::FloatTensor> answer_;
};

class PipelineTest : public ::testing::Test {
 protected:
  PipelineTest() {
    client_ = server_.Connect().value();
    options_.view = vision::ParseViewRule("fit:96x96").value();
    server_.infer = [this](auto* context, const auto& request, auto* response) {
      request_ = request;
      return TestServer::Classify(context, request, response);
    };
  }

  PictureReport Process(absl::StatusOr<vision::Picture> picture,
                        model::Encoder* encoder) {
    Pipeline pipeline(options_, &codec_, encoder, client_.get());
    return pipeline.Process({"ramp.png", 5, 1.5, std::move(picture)});
  }
  PictureReport Process(absl::StatusOr<vision::Picture> picture) {
    return Process(std::move(picture), &encoder_);
  }

  TestServer server_;
  v1::InferRequest request_;  // The last one that arrived.
  std::unique_ptr<ServerClient> client_;
  artifact::CodecArtifact codec_ = MakeCodec();
  BlockMeanEncoder encoder_;
  PipelineOptions options_;
};

TEST_F(PipelineTest, PictureIsAnswered) {
  options_.rate = 1;
  options_.tails = {"brightness"};
  options_.top_k = 2;
  options_.timeout_ms = 1234;
  const PictureReport report = Process(MakePicture(200, 100));
  ASSERT_TRUE(report.ok()) << report.status;
  EXPECT_EQ(report.source, "ramp.png");
  EXPECT_EQ(report.sequence, 5u);
  EXPECT_EQ(report.rate, 1);
  EXPECT_EQ(report.geometry.valid, (vision::Size{96, 48}));
  EXPECT_EQ(report.geometry.padded, (vision::Size{96, 64}));
  ASSERT_EQ(report.results.size(), 1u);
  EXPECT_EQ(report.results[0].top.size(), 2u);
  EXPECT_EQ(report.results[0].top[0].label, "dark");

  EXPECT_EQ(request_.sequence(), 5u);
  EXPECT_EQ(request_.timeout_ms(), 1234u);
  EXPECT_THAT(request_.tails(), ElementsAre("brightness"));
  EXPECT_EQ(request_.options().top_k(), 2u);
  EXPECT_EQ(request_.geometry().source_width(), 200u);
  EXPECT_EQ(request_.geometry().valid_height(), 48u);
  EXPECT_EQ(report.frame_bytes, request_.frame().size());
  EXPECT_EQ(report.wire_bytes, request_.ByteSizeLong());
}

TEST_F(PipelineTest, TimingsAddUp) {
  const PictureReport report = Process(MakePicture(200, 100));
  ASSERT_TRUE(report.ok()) << report.status;
  const Timings& ms = report.timings;
  EXPECT_EQ(ms.read, 1.5);
  EXPECT_GT(ms.preprocess, 0);
  EXPECT_GT(ms.encode, 0);
  EXPECT_GT(ms.entropy_code, 0);
  EXPECT_GT(ms.round_trip, 0);
  EXPECT_EQ(ms.server_tail, 0.25);
  EXPECT_EQ(ms.server_total, 0.5);
  EXPECT_DOUBLE_EQ(ms.total(), ms.read + ms.preprocess + ms.encode +
                                   ms.entropy_code + ms.round_trip);
}

TEST_F(PipelineTest, HigherRateCostsMoreOrEqualBytesAndIsInTheFrame) {
  for (int rate : {0, 1}) {
    options_.rate = rate;
    ASSERT_TRUE(Process(MakePicture(96, 96)).ok());
    const auto frame = codec::DecodeFrame(
        {reinterpret_cast<const uint8_t*>(request_.frame().data()),
         request_.frame().size()},
        codec_.tables, codec_.short_id);
    ASSERT_TRUE(frame.ok()) << frame.status();
    EXPECT_EQ(frame->header.rate, rate);
    EXPECT_EQ(frame->shape, (codec::LatentShape{3, 12, 12}));
  }
}

TEST_F(PipelineTest, OnePixelPictureIsAnswered) {
  const PictureReport report = Process(MakePicture(1, 1));
  EXPECT_TRUE(report.ok()) << report.status;
}

TEST_F(PipelineTest, LargePictureIsAnswered) {
  const PictureReport report = Process(MakePicture(8000, 6000));
  ASSERT_TRUE(report.ok()) << report.status;
  EXPECT_EQ(report.geometry.valid, (vision::Size{96, 72}));
}

TEST_F(PipelineTest, UnreadPictureKeepsItsErrorAndSendsNothing) {
  const PictureReport report = Process(absl::DataLossError("half a picture"));
  EXPECT_EQ(report.status, absl::DataLossError("half a picture"));
  EXPECT_EQ(report.source, "ramp.png");
  EXPECT_EQ(server_.num_infer_calls, 0);
}

TEST_F(PipelineTest, EncoderErrorIsReported) {
  FailingEncoder encoder(absl::InternalError("out of breath"));
  EXPECT_EQ(Process(MakePicture(96, 96), &encoder).status,
            absl::InternalError("out of breath"));
}

TEST_F(PipelineTest, LatentOfAnotherShapeIsAnError) {
  FailingEncoder flat(base::FloatTensor{{4}, {0, 0, 0, 0}});
  EXPECT_EQ(Process(MakePicture(96, 96), &flat).status.code(),
            absl::StatusCode::kInternal);
  FailingEncoder two_channels(base::FloatTensor{{2, 1, 1}, {0, 0}});
  EXPECT_EQ(Process(MakePicture(96, 96), &two_channels).status.code(),
            absl::StatusCode::kInvalidArgument);
}

TEST_F(PipelineTest, NanInTheLatentIsAnError) {
  FailingEncoder encoder(base::FloatTensor{
      {3, 1, 1}, {0, std::numeric_limits<float>::quiet_NaN(), 0}});
  EXPECT_EQ(Process(MakePicture(96, 96), &encoder).status.code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(server_.num_infer_calls, 0);
}

TEST_F(PipelineTest, RefusalOfTheServerIsReported) {
  server_.infer = [](auto...) {
    return grpc::Status(grpc::RESOURCE_EXHAUSTED, "queue is full");
  };
  EXPECT_EQ(Process(MakePicture(96, 96)).status,
            absl::ResourceExhaustedError("queue is full"));
}

TEST_F(PipelineTest, FailedTailIsReportedBesideTheOthers) {
  server_.infer = [](auto* context, const auto& request, auto* response) {
    v1::Result* result = response->add_results();
    result->set_tail("scenes");
    result->set_code(grpc::INTERNAL);
    result->set_message("broke");
    return TestServer::Classify(context, request, response);
  };
  const PictureReport report = Process(MakePicture(96, 96));
  ASSERT_EQ(report.results.size(), 2u);
  EXPECT_EQ(report.results[0].status, absl::InternalError("broke"));
  EXPECT_TRUE(report.results[1].status.ok());
  EXPECT_FALSE(report.ok());
}

TEST_F(PipelineTest, TaskThatCannotBeShownIsAnError) {
  server_.infer = [](auto*, const auto& request, auto* response) {
    response->set_sequence(request.sequence());
    response->add_results()->mutable_detection();
    return grpc::Status::OK;
  };
  const PictureReport report = Process(MakePicture(96, 96));
  ASSERT_EQ(report.results.size(), 1u);
  EXPECT_EQ(report.results[0].status.code(), absl::StatusCode::kUnimplemented);
}

TEST_F(PipelineTest, PixelsAreSentAsThePaddinglessView) {
  options_.pixels = PixelSending{vision::PictureFormat::kPng, 75};
  server_.infer = [this](auto*, const auto& request, auto* response) {
    request_ = request;
    response->set_sequence(request.sequence());
    return grpc::Status::OK;
  };
  const PictureReport report = Process(MakePicture(200, 100), nullptr);
  ASSERT_TRUE(report.ok()) << report.status;
  const std::string& data = request_.image().data();
  ASSERT_TRUE(report.image.has_value());
  EXPECT_EQ(report.image->bytes, data.size());
  EXPECT_EQ(report.frame_bytes, 0u);
  EXPECT_EQ(request_.image().codec_id(), codec_.id);
  EXPECT_EQ(request_.image().view(), "");
  EXPECT_FALSE(request_.has_frame());
  const auto size = vision::ProbePicture(
      {reinterpret_cast<const uint8_t*>(data.data()), data.size()});
  ASSERT_TRUE(size.ok()) << size.status();
  EXPECT_EQ(*size, (vision::Size{96, 48}));
}

TEST_F(PipelineTest, JpegComparisonIsOfTheSameView) {
  options_.compare_jpeg_quality = 75;
  const PictureReport report = Process(MakePicture(96, 48));
  ASSERT_TRUE(report.ok()) << report.status;
  ASSERT_TRUE(report.jpeg.has_value());
  EXPECT_EQ(report.jpeg->quality, 75);
  EXPECT_EQ(report.jpeg->bytes,
            vision::EncodePicture(MakePicture(96, 48),
                                  vision::PictureFormat::kJpeg, 75)
                ->size());
}

TEST_F(PipelineTest, WarmUpEncodesAViewOfTheRulesSize) {
  Pipeline pipeline(options_, &codec_, &encoder_, client_.get());
  EXPECT_TRUE(pipeline.WarmUp().ok());
  EXPECT_EQ(server_.num_infer_calls, 0);
  FailingEncoder failing(absl::InternalError("no weights"));
  Pipeline broken(options_, &codec_, &failing, client_.get());
  EXPECT_EQ(broken.WarmUp(), absl::InternalError("no weights"));
}

}  // namespace
}  // namespace sluice::device
