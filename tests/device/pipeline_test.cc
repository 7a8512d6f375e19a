#include "device/pipeline.h"

#include <atomic>
#include <limits>
#include <thread>

#include "common/codec/frame.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/device/device_testing.h"
#include "tests/device/scripted_source.h"

namespace sluice::device {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class FailingEncoder : public model::Encoder {
 public:
  explicit FailingEncoder(absl::StatusOr<base::FloatTensor> answer)
      : answer_(std::move(answer)) {}
  // The first call is the blank view of the start.
  absl::StatusOr<base::FloatTensor> Encode(
      const base::FloatTensor& input) override {
    return num_calls_++ == 0 ? BlockMeanEncoder().Encode(input) : answer_;
  }
  double Macs(int, int) const override { return 0; }

 private:
  absl::StatusOr<base::FloatTensor> answer_;
  int num_calls_ = 0;
};

grpc::Status BoxOfOnePixel(grpc::ServerContext*,
                           const v1::InferRequest& request,
                           v1::InferResponse* response) {
  response->set_sequence(request.sequence());
  v1::Detection::Box* box =
      response->add_results()->mutable_detection()->add_boxes();
  box->set_x_max(1);
  box->set_y_max(1);
  return grpc::Status::OK;
}

task::Box FirstBox(const PictureReport& report) {
  return std::get<std::vector<LabelledBox>>(report.results[0].output)[0].box;
}

class PipelineTest : public ::testing::Test {
 protected:
  PipelineTest() {
    options_.view = vision::ParseViewRule("fit:96x96").value();
    link_options_ = server_.link_options();
    server_.infer = [this](auto* context, const auto& request, auto* response) {
      request_ = request;
      return TestServer::Classify(context, request, response);
    };
  }

  absl::StatusOr<std::unique_ptr<Pipeline>> Start(Source* source,
                                                  model::Encoder* encoder) {
    current_codec_.emplace(
        std::make_shared<const RunCodec>(options_, codec_, Borrow(encoder)));
    link_options_.lossless = !source->is_live();
    return Pipeline::Start(
        source, &*current_codec_,
        [this](OnAnswer on_answer) {
          return ServerLink::Start(link_options_, std::move(on_answer),
                                   [](const std::string&) {});
        },
        keep_);
  }

  // The reports of a whole run.
  std::vector<PictureReport> Run(Source* source, model::Encoder* encoder) {
    auto pipeline = Start(source, encoder);
    EXPECT_TRUE(pipeline.ok()) << pipeline.status();
    std::vector<PictureReport> reports;
    while (auto finished = (*pipeline)->Next()) {
      reports.push_back(std::move(finished->report));
    }
    end_ = (*pipeline)->status();
    return reports;
  }

  PictureReport Process(absl::StatusOr<vision::Picture> picture,
                        model::Encoder* encoder) {
    ScriptedSource source({std::move(picture)});
    const std::vector<PictureReport> reports = Run(&source, encoder);
    EXPECT_EQ(reports.size(), 1u);
    return reports.empty() ? PictureReport{} : reports[0];
  }
  PictureReport Process(absl::StatusOr<vision::Picture> picture) {
    return Process(std::move(picture), &encoder_);
  }

  TestServer server_;
  v1::InferRequest request_;  // The last one that arrived.
  artifact::CodecArtifact codec_ = MakeCodec();
  BlockMeanEncoder encoder_;
  EncodingOptions options_;
  LinkOptions link_options_;
  KeepPictures keep_ = KeepPictures::kNo;
  absl::Status end_;  // Of the last Run().

 private:
  std::optional<CurrentCodec> current_codec_;
};

TEST_F(PipelineTest, PictureIsAnswered) {
  options_.rate = 1;
  options_.tails = {"brightness"};
  options_.top_k = 2;
  options_.score_threshold = 0.25f;
  options_.max_mask_side = 640;
  options_.timeout_ms = 1234;
  link_options_.deadline = std::chrono::milliseconds(1234);
  const PictureReport report = Process(MakePicture(200, 100));
  ASSERT_TRUE(report.ok()) << report.status;
  EXPECT_EQ(report.source, "0");
  EXPECT_EQ(report.sequence, 0u);
  EXPECT_EQ(report.rate, 1);
  EXPECT_EQ(report.geometry.valid, (vision::Size{96, 48}));
  EXPECT_EQ(report.geometry.padded, (vision::Size{96, 64}));
  ASSERT_EQ(report.results.size(), 1u);
  const auto& labels =
      std::get<std::vector<RankedLabel>>(report.results[0].output);
  ASSERT_EQ(labels.size(), 2u);
  EXPECT_EQ(labels[0].label, "dark");

  EXPECT_EQ(request_.sequence(), 0u);
  EXPECT_EQ(request_.timeout_ms(), 1234u);
  EXPECT_THAT(request_.tails(), ElementsAre("brightness"));
  EXPECT_EQ(request_.options().top_k(), 2u);
  EXPECT_EQ(request_.options().score_threshold(), 0.25f);
  EXPECT_EQ(request_.options().max_mask_side(), 640u);
  EXPECT_EQ(request_.geometry().source_width(), 200u);
  EXPECT_EQ(request_.geometry().valid_height(), 48u);
  EXPECT_EQ(report.frame_bytes, request_.frame().size());
  EXPECT_EQ(report.wire_bytes, request_.ByteSizeLong());
}

TEST_F(PipelineTest, TimingsAddUp) {
  const PictureReport report = Process(MakePicture(200, 100));
  ASSERT_TRUE(report.ok()) << report.status;
  const Timings& ms = report.timings;
  EXPECT_GT(ms.preprocess, 0);
  EXPECT_GT(ms.encode, 0);
  EXPECT_GT(ms.entropy_code, 0);
  EXPECT_GT(ms.round_trip, 0);
  EXPECT_EQ(ms.server_tail, 0.25);
  EXPECT_EQ(ms.server_total, 0.5);
  EXPECT_DOUBLE_EQ(ms.total(), ms.read + ms.preprocess + ms.encode +
                                   ms.entropy_code + ms.round_trip +
                                   ms.waiting);
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
  EXPECT_EQ(report.source, "0");
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
    response->add_results();
    return grpc::Status::OK;
  };
  const PictureReport report = Process(MakePicture(96, 96));
  ASSERT_EQ(report.results.size(), 1u);
  EXPECT_EQ(report.results[0].status.code(), absl::StatusCode::kUnimplemented);
}

TEST_F(PipelineTest, BoxesOfAFrameAreThoseOfTheSource) {
  server_.infer = BoxOfOnePixel;
  const PictureReport report = Process(MakePicture(192, 96));
  ASSERT_TRUE(report.ok()) << report.results[0].status;
  EXPECT_EQ(FirstBox(report).x_max, 1);
  EXPECT_GT(report.answer_bytes, report.results[0].bytes);
}

TEST_F(PipelineTest, BoxesOfSentPixelsAreBroughtToTheSource) {
  server_.infer = BoxOfOnePixel;
  options_.pixels = PixelSending{vision::PictureFormat::kPng, 75};
  const PictureReport report = Process(MakePicture(192, 96), nullptr);
  ASSERT_TRUE(report.ok()) << report.results[0].status;
  EXPECT_EQ(FirstBox(report).x_max, 2);
}

TEST_F(PipelineTest, AnswerBeyondGrpcsOwnLimitArrives) {
  server_.infer = [](auto*, const auto& request, auto* response) {
    response->set_sequence(request.sequence());
    auto* tensor = response->add_results()->mutable_tensors()->add_tensors();
    tensor->add_shape(2 << 20);
    tensor->set_float32_le(std::string(8 << 20, '\0'));
    return grpc::Status::OK;
  };
  const PictureReport report = Process(MakePicture(96, 96));
  ASSERT_TRUE(report.ok()) << report.status;
  EXPECT_GT(report.answer_bytes, 8u << 20);
}

TEST_F(PipelineTest, MalformedResultIsAnErrorOfItsTail) {
  server_.infer = [](auto* context, const auto& request, auto* response) {
    v1::Result* result = response->add_results();
    result->set_tail("camvid");
    result->mutable_segmentation()->set_png("no picture");
    return TestServer::Classify(context, request, response);
  };
  const PictureReport report = Process(MakePicture(96, 96));
  ASSERT_EQ(report.results.size(), 2u);
  EXPECT_EQ(report.results[0].status.code(), absl::StatusCode::kDataLoss);
  EXPECT_TRUE(report.results[1].status.ok());
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

TEST_F(PipelineTest, EncoderThatFailsOnABlankViewStartsNothing) {
  class BrokenEncoder : public BlockMeanEncoder {
    absl::StatusOr<base::FloatTensor> Encode(
        const base::FloatTensor&) override {
      return absl::InvalidArgumentError("no weights");
    }
  } broken;
  ScriptedSource source({MakePicture(96, 96)});
  const auto pipeline = Start(&source, &broken);
  EXPECT_EQ(pipeline.status().code(), absl::StatusCode::kInternal);
  EXPECT_THAT(std::string(pipeline.status().message()),
              HasSubstr("no weights"));
  EXPECT_EQ(server_.num_infer_calls, 0);
}

TEST_F(PipelineTest, MissingServerStartsNothing) {
  server_.Kill();
  ScriptedSource source({MakePicture(96, 96)});
  EXPECT_EQ(Start(&source, &encoder_).status().code(),
            absl::StatusCode::kUnavailable);
}

TEST_F(PipelineTest, OrderIsKeptAroundFailures) {
  std::vector<absl::StatusOr<vision::Picture>> pictures;
  for (int i = 0; i < 50; ++i) {
    if (i % 3 == 1) {
      pictures.push_back(absl::DataLossError("torn"));
    } else {
      pictures.push_back(MakePicture(96, 96));
    }
  }
  ScriptedSource source(std::move(pictures));
  const std::vector<PictureReport> reports = Run(&source, &encoder_);
  ASSERT_EQ(reports.size(), 50u);
  for (size_t i = 0; i < reports.size(); ++i) {
    EXPECT_EQ(reports[i].sequence, i);
    EXPECT_EQ(reports[i].ok(), i % 3 != 1) << reports[i].status;
    EXPECT_EQ(reports[i].num_dropped, 0u);
  }
  EXPECT_TRUE(end_.ok()) << end_;
}

TEST_F(PipelineTest, EmptySourceEndsAtOnce) {
  ScriptedSource source({});
  EXPECT_TRUE(Run(&source, &encoder_).empty());
  EXPECT_TRUE(end_.ok()) << end_;
}

TEST_F(PipelineTest, PicturesAreKeptWhenAsked) {
  keep_ = KeepPictures::kYes;
  ScriptedSource source({MakePicture(200, 100)});
  auto pipeline = Start(&source, &encoder_);
  ASSERT_TRUE(pipeline.ok()) << pipeline.status();
  EXPECT_EQ((*pipeline)->Next()->picture.size(), (vision::Size{200, 100}));
}

TEST_F(PipelineTest, OtherCodecEndsTheRunWithTheReason) {
  server_.infer = [](auto...) {
    return grpc::Status(grpc::FAILED_PRECONDITION, "another codec");
  };
  ScriptedSource source(
      std::vector<absl::StatusOr<vision::Picture>>(100, MakePicture(96, 96)));
  const std::vector<PictureReport> reports = Run(&source, &encoder_);
  EXPECT_LE(reports.size(), Pipeline::kMaxPictures);
  EXPECT_EQ(end_.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(source.is_stopped);
}

TEST_F(PipelineTest, LivePicturesReplaceThoseThatWait) {
  std::atomic<bool> may_answer = false;
  server_.infer = [&](auto* context, const auto& request, auto* response) {
    while (!may_answer) std::this_thread::yield();
    return TestServer::Classify(context, request, response);
  };
  ScriptedSource source(
      std::vector<absl::StatusOr<vision::Picture>>(100, MakePicture(96, 96)),
      ScriptedSource::Kind::kLive);
  auto pipeline = Start(&source, &encoder_);
  ASSERT_TRUE(pipeline.ok()) << pipeline.status();
  while (!source.has_ended()) std::this_thread::yield();
  may_answer = true;
  uint64_t num_answered = 0;
  uint64_t num_dropped = 0;
  uint64_t last = 0;
  while (auto finished = (*pipeline)->Next()) {
    EXPECT_TRUE(finished->report.ok()) << finished->report.status;
    ++num_answered;
    num_dropped += finished->report.num_dropped;
    last = finished->report.sequence;
  }
  EXPECT_LE(num_answered, Pipeline::kMaxPictures + 1);
  EXPECT_EQ(num_answered + num_dropped, 100u);
  EXPECT_EQ(last, 99u);
}

TEST_F(PipelineTest, LiveRunGoesOnWithoutAServer) {
  ScriptedSource source(
      std::vector<absl::StatusOr<vision::Picture>>(3, MakePicture(96, 96)),
      ScriptedSource::Kind::kLive);
  server_.infer = [](auto...) {
    return grpc::Status(grpc::UNAVAILABLE, "draining");
  };
  for (const PictureReport& report : Run(&source, &encoder_)) {
    EXPECT_EQ(report.status.code(), absl::StatusCode::kUnavailable);
  }
  EXPECT_TRUE(end_.ok()) << end_;
}

// Latents of 195 and 291 bytes at either rate.
std::vector<absl::StatusOr<vision::Picture>> WideSquareWide() {
  return {MakePicture(200, 100), MakePicture(96, 96), MakePicture(200, 100)};
}

TEST_F(PipelineTest, FileThatFitsIntoNoFrameFailsAloneAndIsNotSent) {
  options_.max_bytes = 280;
  ScriptedSource source(WideSquareWide());
  const std::vector<PictureReport> reports = Run(&source, &encoder_);
  ASSERT_EQ(reports.size(), 3u);
  EXPECT_TRUE(reports[0].ok()) << reports[0].status;
  EXPECT_EQ(reports[1].status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(reports[1].status.message()),
              HasSubstr("--max-bytes"));
  EXPECT_TRUE(reports[2].ok()) << reports[2].status;
  EXPECT_EQ(server_.num_infer_calls, 2);
  EXPECT_TRUE(end_.ok()) << end_;
}

TEST_F(PipelineTest, LivePictureThatFitsIntoNoFrameIsDropped) {
  options_.max_bytes = 280;
  ScriptedSource source(WideSquareWide(), ScriptedSource::Kind::kLive);
  uint64_t num_pictures = 0;
  for (const PictureReport& report : Run(&source, &encoder_)) {
    EXPECT_TRUE(report.ok()) << report.status;
    EXPECT_NE(report.sequence, 1u);
    num_pictures += 1 + report.num_dropped;
  }
  EXPECT_EQ(num_pictures, 3u);
}

TEST_F(PipelineTest, AbandonedPipelineStops) {
  ScriptedSource source(
      std::vector<absl::StatusOr<vision::Picture>>(100, MakePicture(96, 96)));
  auto pipeline = Start(&source, &encoder_);
  ASSERT_TRUE(pipeline.ok()) << pipeline.status();
  EXPECT_TRUE((*pipeline)->Next().has_value());
  pipeline->reset();
  EXPECT_TRUE(source.is_stopped);
}

}  // namespace
}  // namespace sluice::device
