// A user's TorchScript module, from the file to answers: packaged, refused,
// allowed, and served beside a tail of ours.
#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstring>
#include <filesystem>
#include <memory>
#include <opencv2/imgproc.hpp>
#include <string>
#include <vector>

#include "common/artifact/codec_artifact.h"
#include "common/base/file_io.h"
#include "common/codec/frame.h"
#include "common/model/decoder_network.h"
#include "common/model/torchscript_tail.h"
#include "common/vision/geometry.h"
#include "common/vision/picture.h"
#include "common/wire/frame_proto.h"
#include "sluice/v1/inference.grpc.pb.h"
#include "tests/integration/process.h"
#include "tests/model/script_modules.h"
#include "tests/scratch_folder.h"

namespace sluice {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

constexpr char kCodec[] = SLUICE_ZOO "/patch-m";
constexpr char kOurTail[] = SLUICE_ZOO "/imagenet-mobilenetv2";
constexpr char kView[] = "fit:160x96";

// Scores of three classes, and where each is strongest.
constexpr char kModule[] = R"(
def forward(self, x):
  maps = torch.matmul(x.permute(0, 2, 3, 1), self.weight)
  return {'scores': maps.mean([1, 2]), 'strongest': maps.flatten(1, 2).argmax(1)}
)";

class OwnTailTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    scratch_ = std::make_unique<testing::ScratchFolder>();
    const fs::path module =
        scratch_->Write("my.pt", testing::MakeScriptModule(kModule));
    ASSERT_EQ(RunModel({"package", "--torchscript", module, "--codec", kCodec,
                        "--name", "own", "--out", *scratch_ / "own"}),
              0)
        << Log();
    const fs::path picture = WritePicture();
    ASSERT_EQ(RunModel({"encode", "--codec", kCodec, picture, "--view", kView,
                        "-o", *scratch_ / "frame"}),
              0)
        << Log();
    server_ = std::make_unique<testing::ServerProcess>(
        kCodec, scratch_->path(),
        std::vector<std::string>{"--models", kOurTail, "--models",
                                 *scratch_ / "own", "--default-tail",
                                 "imagenet", "--allow-torchscript"});
    ASSERT_FALSE(server_->address().empty()) << server_->log();
    stub_ = v1::Inference::NewStub(grpc::CreateChannel(
        server_->address(), grpc::InsecureChannelCredentials()));
  }

  static void TearDownTestSuite() {
    stub_.reset();
    server_.reset();
    scratch_.reset();
  }

  void SetUp() override { ASSERT_NE(stub_, nullptr); }

  // The exit code of sluice-model; what it says is in Log().
  static int RunModel(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), SLUICE_MODEL);
    return testing::Process(arguments, *scratch_ / "model.log").Wait(60);
  }
  static std::string Log() {
    return testing::ReadText(*scratch_ / "model.log");
  }

  static fs::path WritePicture() {
    cv::Mat blobs(8, 8, CV_8UC3);
    cv::RNG(7).fill(blobs, cv::RNG::UNIFORM, 0, 256);
    vision::Picture picture;
    cv::resize(blobs, picture.bgr, kSource, 0, 0, cv::INTER_CUBIC);
    return scratch_->Write(
        "picture.png",
        *vision::EncodePicture(picture, vision::PictureFormat::kPng, 0));
  }

  static std::vector<uint8_t> Frame() {
    return *base::ReadFile(*scratch_ / "frame", 1u << 20);
  }

  static v1::InferResponse Infer(const std::vector<std::string>& tails) {
    v1::InferRequest request;
    const vision::Geometry geometry = *vision::MakeGeometry(
        {kSource.width, kSource.height}, *vision::ParseViewRule(kView), 32);
    wire::FrameToProto(Frame(), geometry, &request);
    for (const std::string& tail : tails) request.add_tails(tail);
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() +
                         std::chrono::seconds(20));
    v1::InferResponse response;
    const grpc::Status status = stub_->Infer(&context, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response;
  }

  // The module on the decoded frame, in this process.
  static std::vector<model::NamedTensor> OutputsHere() {
    const artifact::CodecArtifact codec =
        *artifact::LoadCodec(kCodec, artifact::CodecHalf::kServer);
    const codec::DecodedFrame decoded =
        *codec::DecodeFrame(Frame(), codec.tables, codec.short_id);
    const base::FloatTensor y_hat = {
        .shape = {1, decoded.shape.channels, decoded.shape.height,
                  decoded.shape.width},
        .values = decoded.y_hat};
    const std::vector<int> rates = {decoded.header.rate};
    const auto decoder = *model::LoadFeatureDecoder(codec);
    const auto tail =
        *model::LoadTorchScriptTail(*artifact::LoadTail(*scratch_ / "own"));
    return *tail->Run(*decoder->Decode(y_hat, rates));
  }

  static void ExpectAsHere(const v1::Tensors& tensors) {
    const std::vector<model::NamedTensor> here = OutputsHere();
    ASSERT_EQ(tensors.tensors_size(), static_cast<int>(here.size()));
    for (int i = 0; i < tensors.tensors_size(); ++i) {
      const v1::Tensors::Tensor& found = tensors.tensors(i);
      const base::FloatTensor& expected = here[i].tensor;
      EXPECT_EQ(found.name(), here[i].name);
      EXPECT_EQ(
          std::vector<int64_t>(found.shape().begin(), found.shape().end()),
          std::vector<int64_t>(expected.shape.begin() + 1,
                               expected.shape.end()));
      ASSERT_EQ(found.float32_le().size(), 4 * expected.values.size());
      for (size_t k = 0; k < expected.values.size(); ++k) {
        float value = 0;
        std::memcpy(&value, found.float32_le().data() + 4 * k, sizeof(value));
        EXPECT_NEAR(value, expected.values[k], 1e-4) << found.name();
      }
    }
  }

  static inline const cv::Size kSource = {300, 180};
  static inline std::unique_ptr<testing::ScratchFolder> scratch_;
  static inline std::unique_ptr<testing::ServerProcess> server_;
  static inline std::unique_ptr<v1::Inference::Stub> stub_;
};

TEST_F(OwnTailTest, AnswersAreTheTensorsOfTheModule) {
  const v1::InferResponse response = Infer({"own"});
  ASSERT_EQ(response.results_size(), 1);
  EXPECT_EQ(response.results(0).tail(), "own");
  ASSERT_TRUE(response.results(0).has_tensors());
  ExpectAsHere(response.results(0).tensors());
  EXPECT_GT(response.timings().tail_us(), 0u);
}

TEST_F(OwnTailTest, OneFrameFeedsItAndATailOfOurs) {
  const v1::InferResponse response = Infer({"imagenet", "own"});
  ASSERT_EQ(response.results_size(), 2);
  EXPECT_EQ(response.results(0).tail(), "imagenet");
  EXPECT_EQ(response.results(0).classification().top_size(), 5);
  EXPECT_EQ(response.results(1).tail(), "own");
  ExpectAsHere(response.results(1).tensors());
}

TEST_F(OwnTailTest, ClientsLearnThatItReturnsTensors) {
  grpc::ClientContext context;
  v1::ListModelsResponse models;
  ASSERT_TRUE(stub_->ListModels(&context, {}, &models).ok());
  ASSERT_EQ(models.tails_size(), 2);
  EXPECT_EQ(models.tails(1).name(), "own");
  EXPECT_EQ(models.tails(1).task(), "tensors");
  EXPECT_EQ(models.tails(1).labels_size(), 0);
}

TEST_F(OwnTailTest, AServerThatDoesNotAllowItExitsWithBadModels) {
  const fs::path work = *scratch_ / "refusing";
  fs::create_directories(work);
  testing::ServerProcess server(kCodec, work, {"--models", *scratch_ / "own"});
  EXPECT_EQ(server.address(), "");
  EXPECT_EQ(server.process().Wait(30), 3);
  EXPECT_THAT(server.log(), HasSubstr("tail own is a TorchScript module"));
  EXPECT_THAT(server.log(), HasSubstr("--allow-torchscript"));
}

TEST_F(OwnTailTest, VerifyRunsItOnlyWhenToldTo) {
  const std::vector<std::string> verify = {"verify", *scratch_ / "own",
                                           "--codec", kCodec};
  EXPECT_EQ(RunModel(verify), 1);
  EXPECT_THAT(Log(), HasSubstr("--allow-torchscript"));
  std::vector<std::string> allowed = verify;
  allowed.push_back("--allow-torchscript");
  EXPECT_EQ(RunModel(allowed), 0) << Log();
  EXPECT_THAT(Log(), HasSubstr("run behind codec patch-m"));
}

TEST_F(OwnTailTest, InspectShowsWhatItReturnsWithoutRunningIt) {
  EXPECT_EQ(RunModel({"inspect", *scratch_ / "own"}), 0) << Log();
  EXPECT_THAT(Log(), HasSubstr("tail own, tensors, family torchscript"));
  EXPECT_THAT(Log(), HasSubstr("\"strongest\""));
  EXPECT_THAT(Log(), HasSubstr("labels none"));
}

TEST_F(OwnTailTest, AModuleThatNoServerCouldRunIsNotPackaged) {
  const fs::path module = scratch_->Write(
      "bad.pt",
      testing::MakeScriptModule("def forward(self, x):\n  return x.sum()"));
  EXPECT_EQ(RunModel({"package", "--torchscript", module, "--codec", kCodec,
                      "--name", "bad", "--out", *scratch_ / "bad"}),
            1);
  EXPECT_THAT(Log(), HasSubstr("expected a row for each of 2 samples"));
  EXPECT_FALSE(fs::exists(*scratch_ / "bad"));
}

}  // namespace
}  // namespace sluice
