// A run whose server comes back with another codec.
#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "device/pipeline.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/device/device_testing.h"
#include "tests/device/scripted_source.h"

namespace sluice::device {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr size_t kNumPictures = 40;
constexpr uint64_t kNumAnswered = 5;  // By the first server.
constexpr uint32_t kOtherShortId = 0x07c0ffee;

// Another codec, of another padding and scale.
artifact::CodecArtifact MakeOtherCodec() {
  artifact::CodecArtifact codec = MakeCodec(kOtherShortId);
  codec.spec.pad_multiple = 64;
  codec.spec.input_scale = 0.5f / 127.5f;
  return codec;
}

// A camera that never ends.
class EndlessCamera : public Source {
 public:
  std::optional<SourcePicture> Next() override {
    if (is_stopped_) return std::nullopt;
    SourcePicture item;
    item.sequence = sequence_++;
    item.started = std::chrono::steady_clock::now();
    item.picture = MakePicture(96, 96);
    return item;
  }
  void Stop() override { is_stopped_ = true; }
  bool is_live() const override { return true; }

 private:
  uint64_t sequence_ = 0;
  std::atomic<bool> is_stopped_ = false;
};

class CodecChangeTest : public ::testing::Test {
 protected:
  CodecChangeTest() {
    options_.view = vision::ParseViewRule("fit:96x96").value();
    server_.emplace("unix:" + sockets_.File("socket"));
    server_->infer = [](auto* context, const auto& request, auto* response) {
      return request.sequence() < kNumAnswered
                 ? TestServer::Classify(context, request, response)
                 : grpc::Status(grpc::UNAVAILABLE, "draining");
    };
    link_options_ = server_->link_options();
    link_options_.renew_codec = [this] { return Renew(); };
    current_.emplace(MakeRunCodec(MakeCodec()));
  }

  std::shared_ptr<const RunCodec> MakeRunCodec(artifact::CodecArtifact codec) {
    return std::make_shared<const RunCodec>(
        options_, std::move(codec), std::make_shared<BlockMeanEncoder>());
  }

  absl::StatusOr<std::shared_ptr<const artifact::CodecArtifact>> Renew() {
    if (const absl::Status status = renewal_(++num_renewals_); !status.ok()) {
      return status;
    }
    const std::shared_ptr<const RunCodec> codec = MakeRunCodec(their_codec_);
    current_->Set(codec);
    return std::shared_ptr<const artifact::CodecArtifact>(codec,
                                                          &codec->artifact());
  }

  void Start(std::unique_ptr<Source> source) {
    source_ = std::move(source);
    link_options_.lossless = !source_->is_live();
    auto pipeline = Pipeline::Start(
        source_.get(), &*current_,
        [this](OnAnswer on_answer) {
          return ServerLink::Start(link_options_, std::move(on_answer),
                                   [](const std::string&) {});
        },
        KeepPictures::kNo);
    ASSERT_TRUE(pipeline.ok()) << pipeline.status();
    pipeline_ = *std::move(pipeline);
  }

  static std::unique_ptr<Source> Pictures() {
    return std::make_unique<ScriptedSource>(
        std::vector<absl::StatusOr<vision::Picture>>(kNumPictures,
                                                     MakePicture(96, 96)));
  }

  // Ends the server and starts one with this codec in its place.
  void Replace(artifact::CodecArtifact codec) {
    const std::string address = server_->address();
    server_->Kill();
    server_.emplace(address, std::move(codec));
  }

  // Over files, the server being replaced in the middle.
  std::vector<PictureReport> RunWithReplacement(artifact::CodecArtifact codec) {
    Start(Pictures());
    std::vector<PictureReport> reports;
    while (auto finished = pipeline_->Next()) {
      reports.push_back(std::move(finished->report));
      if (reports.size() == kNumAnswered) Replace(codec);
    }
    end_ = pipeline_->status();
    pipeline_.reset();
    return reports;
  }

  const ScratchDirectory sockets_;
  std::optional<TestServer> server_;
  EncodingOptions options_;
  std::optional<CurrentCodec> current_;
  artifact::CodecArtifact their_codec_ = MakeOtherCodec();  // What Renew gets.
  std::function<absl::Status(int attempt)> renewal_ = [](int) {
    return absl::OkStatus();
  };
  int num_renewals_ = 0;
  LinkOptions link_options_;
  std::unique_ptr<Source> source_;  // Outlives the pipeline.
  std::unique_ptr<Pipeline> pipeline_;
  absl::Status end_;
};

TEST_F(CodecChangeTest, FilesAreEncodedAgainAndNoneIsLostOrAnsweredTwice) {
  const std::vector<PictureReport> reports =
      RunWithReplacement(MakeOtherCodec());
  ASSERT_EQ(reports.size(), kNumPictures);
  for (size_t i = 0; i < reports.size(); ++i) {
    EXPECT_EQ(reports[i].sequence, i);
    EXPECT_TRUE(reports[i].ok()) << reports[i].status;
    const int padded = i < kNumAnswered ? 96 : 128;
    EXPECT_EQ(reports[i].geometry.padded, (vision::Size{padded, padded}));
    EXPECT_EQ(reports[i].geometry.valid, (vision::Size{96, 96}));
  }
  EXPECT_TRUE(end_.ok()) << end_;
  EXPECT_EQ(num_renewals_, 1);
}

TEST_F(CodecChangeTest, PixelsAreSentWithTheNewCodecsId) {
  options_.pixels = PixelSending{vision::PictureFormat::kPng, 75};
  current_.emplace(MakeRunCodec(MakeCodec()));
  server_->infer = [](auto*, const auto& request, auto*) {
    return request.sequence() < kNumAnswered
               ? grpc::Status::OK
               : grpc::Status(grpc::UNAVAILABLE, "draining");
  };
  Start(Pictures());
  for (uint64_t i = 0; i < kNumAnswered; ++i) ASSERT_TRUE(pipeline_->Next());
  Replace(MakeOtherCodec());
  // It has no frame to decode, and says so.
  while (const auto finished = pipeline_->Next()) {
    EXPECT_FALSE(finished->report.status.ok());
    EXPECT_TRUE(finished->report.image.has_value());
  }
  EXPECT_EQ(num_renewals_, 1);
}

TEST_F(CodecChangeTest, CameraGoesOnWithTheNewest) {
  Start(std::make_unique<EndlessCamera>());
  bool is_replaced = false;
  while (const auto finished = pipeline_->Next()) {
    const PictureReport& report = finished->report;
    if (report.sequence >= kNumAnswered && !is_replaced) {
      is_replaced = true;
      Replace(MakeOtherCodec());
    }
    if (report.ok() && report.geometry.padded.width == 128) break;
    EXPECT_NE(report.status.code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_NE(report.status.code(), absl::StatusCode::kAborted);
  }
  EXPECT_TRUE(pipeline_->status().ok()) << pipeline_->status();
  EXPECT_EQ(num_renewals_, 1);
  pipeline_.reset();
}

TEST_F(CodecChangeTest, ServerThatGoesAwayMeanwhileIsWaitedFor) {
  renewal_ = [](int attempt) {
    return attempt == 1 ? absl::UnavailableError("gone") : absl::OkStatus();
  };
  EXPECT_EQ(RunWithReplacement(MakeOtherCodec()).size(), kNumPictures);
  EXPECT_TRUE(end_.ok()) << end_;
  EXPECT_EQ(num_renewals_, 2);
}

TEST_F(CodecChangeTest, SecondChangeBeforeAnyAnswerEndsTheRunWithBothIds) {
  const artifact::CodecArtifact third = MakeCodec(0x08c0ffee);
  RunWithReplacement(third);
  EXPECT_EQ(end_.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(end_.message()),
              AllOf(HasSubstr(their_codec_.id), HasSubstr(third.id)));
  EXPECT_EQ(num_renewals_, 1);
}

TEST_F(CodecChangeTest, RenewalThatFailsEndsTheRunWithIdsAndReason) {
  renewal_ = [](int) { return absl::ResourceExhaustedError("disk full"); };
  RunWithReplacement(MakeOtherCodec());
  EXPECT_EQ(end_.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(end_.message()),
              AllOf(HasSubstr(MakeCodec().id), HasSubstr(their_codec_.id),
                    HasSubstr("disk full")));
}

TEST_F(CodecChangeTest, RenewalThatBringsTheSameCodecEndsTheRun) {
  their_codec_ = MakeCodec();
  RunWithReplacement(MakeOtherCodec());
  EXPECT_EQ(end_.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(num_renewals_, 1);
}

TEST_F(CodecChangeTest, DeviceThatWasToldItsCodecGivesUpAtOnce) {
  link_options_.renew_codec = nullptr;
  RunWithReplacement(MakeOtherCodec());
  EXPECT_EQ(end_.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(end_.message()),
              AllOf(HasSubstr(MakeCodec().id), HasSubstr(their_codec_.id)));
}

}  // namespace
}  // namespace sluice::device
