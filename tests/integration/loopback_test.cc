// A real server over loopback answers what one process computes, and outlives
// every bad request.
#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <opencv2/imgproc.hpp>

#include "common/codec/frame.h"
#include "common/model/decoder_network.h"
#include "common/model/encoder.h"
#include "common/model/tail.h"
#include "common/vision/preprocess.h"
#include "common/wire/frame_proto.h"
#include "sluice/v1/inference.grpc.pb.h"
#include "tests/integration/process.h"
#include "tests/integration/served_zoo.h"
#include "tests/model/tiny_models.h"

namespace sluice {
namespace {

using ::testing::HasSubstr;

// Smooth random blobs: something that a picture codec and a resize survive.
vision::Picture RandomPicture(int width, int height, int seed) {
  cv::Mat small(8, 8, CV_8UC3);
  cv::RNG random(static_cast<uint64_t>(seed));
  random.fill(small, cv::RNG::UNIFORM, 0, 256);
  vision::Picture picture;
  cv::resize(small, picture.bgr, {width, height}, 0, 0, cv::INTER_CUBIC);
  return picture;
}

class LoopbackTest : public testing::ServedZooTest {
 protected:
  void SetUp() override {
    ServedZooTest::SetUp();
    Use(work_ / "zoo", *server_);
  }

  // Turns to the codec in "codec" of a zoo and the server that serves it.
  void Use(const std::filesystem::path& zoo,
           const testing::ServerProcess& server) {
    zoo_ = zoo;
    auto codec = artifact::LoadCodec(zoo / "codec", artifact::CodecHalf::kBoth);
    ASSERT_TRUE(codec.ok()) << codec.status();
    codec_ = std::make_unique<artifact::CodecArtifact>(*std::move(codec));
    stub_ = v1::Inference::NewStub(grpc::CreateChannel(
        server.address(), grpc::InsecureChannelCredentials()));
  }

  // The device's half, step by step.
  struct Encoded {
    vision::Geometry geometry;
    std::vector<uint8_t> frame;
  };
  Encoded Encode(const vision::Picture& picture, const std::string& view,
                 int rate) {
    Encoded encoded;
    encoded.geometry =
        *vision::MakeGeometry(picture.size(), *vision::ParseViewRule(view),
                              codec_->spec.pad_multiple);
    const base::FloatTensor input = *vision::ViewToInput(
        *vision::MakeView(picture, encoded.geometry), encoded.geometry,
        codec_->spec.input_scale, codec_->spec.input_offset);
    const auto encoder = *model::LoadEncoder(*codec_, 1);
    const base::FloatTensor latent = *encoder->Encode(input);
    const codec::LatentShape shape = {
        .channels = static_cast<int>(latent.shape[0]),
        .height = static_cast<int>(latent.shape[1]),
        .width = static_cast<int>(latent.shape[2])};
    encoded.frame = *codec::EncodeFrame(latent.values, shape, codec_->tables,
                                        codec_->short_id, rate);
    return encoded;
  }

  // tail(decoder(dequantize(quantize(encoder(x))))) in this process.
  std::vector<float> ScoresHere(std::span<const uint8_t> frame,
                                const std::string& tail_name) {
    const codec::DecodedFrame decoded =
        *codec::DecodeFrame(frame, codec_->tables, codec_->short_id);
    const base::FloatTensor y_hat = {
        .shape = {1, decoded.shape.channels, decoded.shape.height,
                  decoded.shape.width},
        .values = decoded.y_hat};
    const auto decoder = *model::LoadFeatureDecoder(*codec_);
    const auto tail =
        *model::LoadTailNetwork(*artifact::LoadTail(zoo_ / tail_name));
    const std::vector<int> rates = {decoded.header.rate};
    std::vector<float> scores =
        tail->Run(*decoder->Decode(y_hat, rates))->front().tensor.values;
    const float top = *std::max_element(scores.begin(), scores.end());
    float sum = 0;
    for (float& score : scores) sum += score = std::exp(score - top);
    for (float& score : scores) score /= sum;
    return scores;
  }

  grpc::Status Infer(const v1::InferRequest& request,
                     v1::InferResponse* response) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() +
                         std::chrono::seconds(20));
    return stub_->Infer(&context, request, response);
  }

  v1::InferRequest GoodRequest() {
    const Encoded encoded = Encode(RandomPicture(64, 64, 9), "fit:64x64", 0);
    v1::InferRequest request;
    wire::FrameToProto(encoded.frame, encoded.geometry, &request);
    return request;
  }

  // After a refusal the server still runs and answers.
  void ExpectRefused(const v1::InferRequest& request, grpc::StatusCode code,
                     const std::string& text) {
    v1::InferResponse response;
    const grpc::Status status = Infer(request, &response);
    EXPECT_EQ(status.error_code(), code) << status.error_message();
    EXPECT_THAT(status.error_message(), HasSubstr(text));
    const grpc::Status next = Infer(GoodRequest(), &response);
    EXPECT_TRUE(next.ok()) << next.error_message();
  }

  // One picture to tails "one" and "two", there and here.
  void ExpectAnswersAsHere(int rate) {
    const Encoded encoded =
        Encode(RandomPicture(300, 200, 5 + rate), "fit:128x96", rate);
    v1::InferRequest request;
    request.set_sequence(41);
    request.add_tails("one");
    request.add_tails("two");
    request.mutable_options()->set_top_k(testing::kTinyClasses);
    wire::FrameToProto(encoded.frame, encoded.geometry, &request);
    v1::InferResponse response;
    const grpc::Status status = Infer(request, &response);
    ASSERT_TRUE(status.ok()) << status.error_message();
    EXPECT_EQ(response.sequence(), 41u);
    ASSERT_EQ(response.results_size(), 2);
    for (const v1::Result& result : response.results()) {
      const std::vector<float> here = ScoresHere(encoded.frame, result.tail());
      ASSERT_EQ(result.classification().top_size(), testing::kTinyClasses);
      for (const auto& top : result.classification().top()) {
        EXPECT_NEAR(top.score(), here[top.index()], 1e-4);
      }
    }
  }

  std::filesystem::path zoo_;
  std::unique_ptr<artifact::CodecArtifact> codec_;
  std::unique_ptr<v1::Inference::Stub> stub_;
};

TEST_F(LoopbackTest, AnswersWhatOneProcessComputes) {
  for (int rate = 0; rate < testing::kTinyRates; ++rate) {
    ExpectAnswersAsHere(rate);
  }
}

TEST_F(LoopbackTest, AnEntropicStudentIsServedAlike) {
  const std::filesystem::path zoo = work_ / "students/zoo";
  const auto id = testing::WriteStudentCodec(zoo / "codec", 4);
  ASSERT_TRUE(id.ok()) << id.status();
  ASSERT_TRUE(testing::WriteTinyTail(zoo / "one", "one", *id, 5).ok());
  ASSERT_TRUE(testing::WriteTinyTail(zoo / "two", "two", *id, 6).ok());
  const testing::ServerProcess server(zoo, work_ / "students",
                                      {"--default-tail", "one"});
  ASSERT_FALSE(server.address().empty()) << server.log();
  Use(zoo, server);
  ExpectAnswersAsHere(/*rate=*/0);
}

TEST_F(LoopbackTest, PixelsTakeTheOtherEntranceIntoTheSameTail) {
  const vision::Picture picture = RandomPicture(96, 64, 3);
  const std::vector<uint8_t> png =
      *vision::EncodePicture(picture, vision::PictureFormat::kPng, 0);
  v1::InferRequest request;
  request.mutable_image()->set_data(png.data(), png.size());
  request.mutable_options()->set_top_k(testing::kTinyClasses);
  v1::InferResponse response;
  const grpc::Status status = Infer(request, &response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  const vision::Geometry geometry = *vision::MakeGeometry(
      picture.size(), *vision::ParseViewRule("fit:96x64"), 32);
  base::FloatTensor input = *vision::ViewToInput(
      picture, geometry, codec_->spec.input_scale, codec_->spec.input_offset);
  input.shape.insert(input.shape.begin(), 1);
  const auto decoder = *model::LoadFeatureDecoder(*codec_);
  const auto tail =
      *model::LoadTailNetwork(*artifact::LoadTail(work_ / "zoo/one"));
  const std::vector<float> logits =
      tail->Run(*decoder->Enter(input))->front().tensor.values;
  const auto best = std::max_element(logits.begin(), logits.end());
  ASSERT_EQ(response.results_size(), 1);
  EXPECT_EQ(response.results(0).tail(), "one");
  EXPECT_EQ(response.results(0).classification().top(0).index(),
            static_cast<uint32_t>(best - logits.begin()));
}

TEST_F(LoopbackTest, EmptyRequestIsInvalid) {
  ExpectRefused({}, grpc::StatusCode::INVALID_ARGUMENT, "");
}

TEST_F(LoopbackTest, UnknownTailIsNotFound) {
  v1::InferRequest request = GoodRequest();
  request.add_tails("three");
  ExpectRefused(request, grpc::StatusCode::NOT_FOUND, "three");
}

TEST_F(LoopbackTest, FlippedBitIsDataLoss) {
  v1::InferRequest request = GoodRequest();
  request.mutable_frame()->back() ^= 0x10;
  ExpectRefused(request, grpc::StatusCode::DATA_LOSS, "");
}

TEST_F(LoopbackTest, TruncatedFrameIsDataLoss) {
  v1::InferRequest request = GoodRequest();
  request.mutable_frame()->resize(request.frame().size() - 3);
  ExpectRefused(request, grpc::StatusCode::DATA_LOSS, "");
}

TEST_F(LoopbackTest, WrongMagicIsInvalid) {
  v1::InferRequest request = GoodRequest();
  request.mutable_frame()->at(0) = 'X';
  ExpectRefused(request, grpc::StatusCode::INVALID_ARGUMENT, "magic");
}

TEST_F(LoopbackTest, WrongVersionIsInvalid) {
  v1::InferRequest request = GoodRequest();
  request.mutable_frame()->at(2) = 99;
  ExpectRefused(request, grpc::StatusCode::INVALID_ARGUMENT, "version");
}

TEST_F(LoopbackTest, OtherCodecIsAFailedPrecondition) {
  v1::InferRequest request = GoodRequest();
  codec::Frame frame = *codec::ReadFrame(wire::FrameFromProto(request));
  frame.header.codec_short_id = 0xdeadbeef;
  std::vector<uint8_t> other;
  ASSERT_TRUE(codec::WriteFrame(frame, other).ok());
  request.set_frame(other.data(), other.size());
  ExpectRefused(request, grpc::StatusCode::FAILED_PRECONDITION, "deadbeef");
}

TEST_F(LoopbackTest, NotAPictureIsInvalid) {
  v1::InferRequest request;
  request.mutable_image()->set_data("hello, this is text");
  ExpectRefused(request, grpc::StatusCode::INVALID_ARGUMENT, "");
}

TEST_F(LoopbackTest, SecondServerOnTheSamePortSaysSo) {
  testing::Process second({SLUICE_SERVER, "--models", (work_ / "zoo").string(),
                           "--listen", server_->address()},
                          work_ / "second.log");
  EXPECT_EQ(second.Wait(60), 1);
  EXPECT_THAT(testing::ReadText(work_ / "second.log"),
              HasSubstr(server_->address()));
}

TEST_F(LoopbackTest, FetchedCodecIsTheFilesOfTheFolder) {
  grpc::ClientContext context;
  v1::FetchCodecRequest request;
  request.set_codec_id(codec_id_);
  const auto reader = stub_->FetchCodec(&context, request);
  std::map<std::string, std::string> files;
  for (v1::CodecChunk chunk; reader->Read(&chunk);) {
    EXPECT_EQ(chunk.offset(), files[chunk.file()].size());
    files[chunk.file()] += chunk.data();
  }
  ASSERT_TRUE(reader->Finish().ok());
  EXPECT_EQ(files.size(), 3u);
  for (const auto& [name, bytes] : files) {
    EXPECT_EQ(bytes, testing::ReadText(work_ / "zoo/codec" / name)) << name;
  }
}

TEST_F(LoopbackTest, PlaintextThatOthersCanReachIsBadUsage) {
  testing::Process server({SLUICE_SERVER, "--models", (work_ / "zoo").string(),
                           "--listen", "0.0.0.0:0"},
                          work_ / "exposed.log");
  EXPECT_EQ(server.Wait(60), 2);
  EXPECT_THAT(testing::ReadText(work_ / "exposed.log"),
              HasSubstr("--tls-cert"));
}

TEST_F(LoopbackTest, CertificateThatIsNoneIsBadUsage) {
  std::ofstream(work_ / "not.pem") << "no certificate";
  testing::Process server(
      {SLUICE_SERVER, "--models", (work_ / "zoo").string(), "--tls-cert",
       (work_ / "not.pem").string(), "--tls-key", (work_ / "not.pem").string()},
      work_ / "tls.log");
  EXPECT_EQ(server.Wait(60), 2);
  EXPECT_THAT(testing::ReadText(work_ / "tls.log"), HasSubstr("not.pem"));
}

TEST_F(LoopbackTest, EmptyZooIsRefusedAtStart) {
  std::filesystem::create_directories(work_ / "empty");
  testing::Process server(
      {SLUICE_SERVER, "--models", (work_ / "empty").string(), "--listen",
       "127.0.0.1:0"},
      work_ / "empty.log");
  EXPECT_EQ(server.Wait(60), 3);
}

TEST_F(LoopbackTest, SigtermEndsAServerWithExitCodeZero) {
  std::filesystem::create_directories(work_ / "own");
  testing::ServerProcess own(work_ / "zoo", work_ / "own");
  ASSERT_FALSE(own.address().empty()) << own.log();
  own.process().Signal(SIGTERM);
  EXPECT_EQ(own.process().Wait(30), 0) << own.log();
}

}  // namespace
}  // namespace sluice
