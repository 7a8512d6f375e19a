// A codec fitted to a camera's frames: tiny networks on tiny frames.
#include "models/train/adapt/adapt.h"

#include "absl/strings/str_format.h"
#include "common/artifact/codec_artifact.h"
#include "common/artifact/tail_artifact.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "models/train/tools/verify.h"
#include "nlohmann/json.hpp"
#include "tests/model/tiny_models.h"
#include "tests/scratch_folder.h"
#include "tests/train/tiny_tails.h"
#include "tests/train/train_testing.h"

namespace sluice::train {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class AdaptTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto id = testing::WriteTinyCodec(folder_ / "codec", 1);
    ASSERT_TRUE(id.ok()) << id.status();
    parent_id_ = *id;
    for (const char* name : {"first", "second"}) {
      ASSERT_TRUE(
          testing::WriteTinyTail(folder_ / name, name, parent_id_, 1).ok());
    }
    WriteFrames(20, 48, 40);
    options_.codec = folder_ / "codec";
    options_.tails = {folder_ / "first", folder_ / "second"};
    options_.frames = folder_ / "frames";
    options_.out = folder_ / "out";
    options_.steps = 4;
    options_.view.size = {32, 32};
    options_.name = "gate";
    options_.num_threads = 1;
    options_.device = "cpu";
  }

  void WriteFrames(int num_frames, int width, int height) {
    for (int i = 0; i < num_frames; ++i) {
      folder_.Write(absl::StrFormat("frames/%03d.jpg", i),
                    MakeJpeg(width, height, i));
    }
  }

  artifact::CodecArtifact Codec(const fs::path& path) const {
    auto codec =
        artifact::LoadCodec(folder_ / path, artifact::CodecHalf::kBoth);
    EXPECT_TRUE(codec.ok()) << codec.status();
    return *std::move(codec);
  }

  // Of an AdaptCodec that must fail, having written no codec.
  absl::Status Refusal() const {
    const absl::Status status = AdaptCodec(options_).status();
    EXPECT_FALSE(status.ok());
    EXPECT_FALSE(fs::exists(options_.out / "gate"));
    return status;
  }
  std::string Message(absl::StatusCode code) const {
    const absl::Status status = Refusal();
    EXPECT_EQ(status.code(), code) << status;
    return std::string(status.message());
  }

  const testing::ScratchFolder folder_;
  std::string parent_id_;
  AdaptOptions options_;
};

TEST_F(AdaptTest, EncoderLearnsAndTheServersHalfStaysBitForBit) {
  ASSERT_TRUE(AdaptCodec(options_).ok());
  const artifact::CodecArtifact before = Codec("codec");
  const artifact::CodecArtifact after = Codec("out/gate");
  EXPECT_NE(after.id, before.id);
  EXPECT_EQ(after.spec.name, "gate");
  ASSERT_EQ(after.decoder.size(), before.decoder.size());
  for (const auto& [name, tensor] : before.decoder) {
    EXPECT_EQ(after.decoder.at(name).bytes, tensor.bytes) << name;
  }
  ASSERT_EQ(after.encoder.size(), before.encoder.size());
  for (const auto& [name, tensor] : before.encoder) {
    EXPECT_NE(after.encoder.at(name).bytes, tensor.bytes) << name;
  }
  EXPECT_NE(after.tables.rate(0)[0].gain, before.tables.rate(0)[0].gain);
  const nlohmann::json about = after.about.at("adapted");
  EXPECT_EQ(about.at("from"), parent_id_);
  EXPECT_EQ(about.at("num_frames"), 18);
  EXPECT_EQ(about.at("steps"), 4);
}

TEST_F(AdaptTest, TailsAreForBothCodecsAndVerified) {
  ASSERT_TRUE(AdaptCodec(options_).ok());
  const std::string id = Codec("out/gate").id;
  for (const char* name : {"first", "second"}) {
    const auto before = artifact::LoadTail(folder_ / name);
    const auto after = artifact::LoadTail(options_.out / name);
    ASSERT_TRUE(after.ok()) << after.status();
    EXPECT_EQ(after->digest, before->digest);
    EXPECT_THAT(after->spec.codec_ids, ::testing::ElementsAre(parent_id_, id));
    const auto verified =
        VerifyArtifact({options_.out / name, options_.out / "gate"});
    EXPECT_TRUE(verified.ok()) << verified.status();
  }
}

TEST_F(AdaptTest, ReportHasEveryRateAndTail) {
  const auto report = AdaptCodec(options_);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->parent_id, parent_id_);
  EXPECT_EQ(report->codec_id, Codec("out/gate").id);
  EXPECT_EQ(report->num_holdout, 2);
  EXPECT_THAT(report->tails, ::testing::ElementsAre("first", "second"));
  for (const auto* points :
       {&report->before, &report->tables, &report->adapted}) {
    ASSERT_EQ(points->size(), testing::kTinyRates);
    for (const AdaptPoint& point : *points) {
      EXPECT_GT(point.frame_bytes, 0);
      EXPECT_GT(point.distortion, 0);
      EXPECT_GT(point.squared_error, 0);
      EXPECT_EQ(point.kl.size(), 2u);
    }
  }
  // Tables change what symbols cost, not what they say.
  for (int rate = 0; rate < testing::kTinyRates; ++rate) {
    EXPECT_EQ(report->tables[rate].distortion, report->before[rate].distortion);
    EXPECT_NE(report->tables[rate].frame_bytes,
              report->before[rate].frame_bytes);
  }
}

TEST_F(AdaptTest, TailsOfEveryTaskComeAlong) {
  ASSERT_TRUE(
      WriteTinyDetector(folder_ / "boxes", parent_id_, 2, {"nut", "bolt"})
          .ok());
  ASSERT_TRUE(
      WriteTinySegmenter(folder_ / "mask", parent_id_, 3, {"sky", "road"})
          .ok());
  options_.tails = {folder_ / "first", folder_ / "boxes", folder_ / "mask"};
  const auto report = AdaptCodec(options_);
  ASSERT_TRUE(report.ok()) << report.status();
  for (const AdaptPoint& point : report->adapted) {
    EXPECT_THAT(point.kl, ::testing::SizeIs(3));
    EXPECT_THAT(point.kl, ::testing::Each(::testing::AllOf(
                              ::testing::Gt(0.0), ::testing::Lt(1e3))));
  }
  for (const char* name : {"boxes", "mask"}) {
    const auto tail = artifact::LoadTail(options_.out / name);
    ASSERT_TRUE(tail.ok()) << tail.status();
    EXPECT_THAT(tail->spec.codec_ids,
                ::testing::ElementsAre(parent_id_, report->codec_id));
  }
}

TEST_F(AdaptTest, ATeacherOfAnotherTaskIsNotFound) {
  ASSERT_TRUE(
      WriteTinyDetector(folder_ / "boxes", parent_id_, 2, {"nut", "bolt"})
          .ok());
  options_.tails = {folder_ / "boxes", folder_ / "first"};
  EXPECT_THAT(Message(absl::StatusCode::kNotFound),
              HasSubstr("expected classification by family \"mobilenetv2\", "
                        "found detection"));
  EXPECT_FALSE(fs::exists(options_.out));  // Told before frames are packed.
}

TEST_F(AdaptTest, AResumedRunEndsWithTheSameId) {
  ASSERT_TRUE(AdaptCodec(options_).ok());
  const std::string id = Codec("out/gate").id;
  options_.out = folder_ / "again";
  options_.max_steps = 2;
  EXPECT_TRUE(absl::IsCancelled(Refusal()));
  options_.max_steps = 0;
  options_.resume = true;
  const auto report = AdaptCodec(options_);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->codec_id, id);
}

TEST_F(AdaptTest, ResumingWithOtherOptionsIsRefused) {
  options_.max_steps = 2;
  EXPECT_TRUE(absl::IsCancelled(Refusal()));
  options_.resume = true;
  options_.steps = 6;
  EXPECT_THAT(Message(absl::StatusCode::kInvalidArgument),
              HasSubstr("expected steps 4 as the run began with, found 6"));
}

TEST_F(AdaptTest, NothingToResumeIsNotFound) {
  options_.resume = true;
  EXPECT_THAT(Message(absl::StatusCode::kNotFound),
              HasSubstr("nothing to resume"));
}

TEST_F(AdaptTest, LastFramesByNameAreHeldOut) {
  // Were one of these two trained on, an id would follow it.
  options_.seed = 3;
  ASSERT_TRUE(AdaptCodec(options_).ok());
  const std::string id = Codec("out/gate").id;
  folder_.Write("frames/018.jpg", MakeJpeg(48, 40, 98));
  folder_.Write("frames/019.jpg", MakeJpeg(48, 40, 99));
  ASSERT_TRUE(AdaptCodec(options_).ok());
  EXPECT_EQ(Codec("out/gate").id, id);
}

TEST_F(AdaptTest, TooFewFramesAreRefused) {
  fs::remove(folder_ / "frames/007.jpg");
  folder_.Write("frames/notes.txt", "no frame");
  EXPECT_THAT(Message(absl::StatusCode::kInvalidArgument),
              HasSubstr("expected at least 20 frames, found 19"));
}

TEST_F(AdaptTest, FramesBelowTheViewAreRefused) {
  folder_.Write("frames/010.jpg", MakeJpeg(48, 31, 1));
  const std::string message = Message(absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(message, HasSubstr("010.jpg"));
  EXPECT_THAT(message, HasSubstr("48x31"));
}

TEST_F(AdaptTest, AViewOfVaryingOrTinySizeIsRefused) {
  options_.view.size = {31, 31};
  EXPECT_THAT(Message(absl::StatusCode::kInvalidArgument),
              HasSubstr("crop:31"));
  options_.view = {vision::ViewRule::Kind::kFit, {64, 64}};
  EXPECT_THAT(Message(absl::StatusCode::kInvalidArgument),
              HasSubstr("fit:64x64"));
}

TEST_F(AdaptTest, AHoldoutOfMostFramesIsRefused) {
  options_.holdout = 11;
  EXPECT_THAT(Message(absl::StatusCode::kInvalidArgument),
              HasSubstr("at most half of the 20 frames, found 11"));
}

TEST_F(AdaptTest, MissingFramesAreNotFound) {
  options_.frames = folder_ / "none";
  Message(absl::StatusCode::kNotFound);
}

TEST_F(AdaptTest, ATailOfAnotherCodecIsRefused) {
  ASSERT_TRUE(testing::WriteTinyTail(folder_ / "second", "second",
                                     std::string(64, 'a'), 1)
                  .ok());
  EXPECT_THAT(Message(absl::StatusCode::kFailedPrecondition),
              HasSubstr(parent_id_));
}

TEST_F(AdaptTest, ATailOfTensorsIsToBePackagedAgain) {
  artifact::TailSpec spec;
  spec.name = "own";
  spec.task = "tensors";
  spec.family = artifact::kTorchScriptFamily;
  spec.codec_ids = {parent_id_};
  spec.network = nlohmann::json::object();
  const absl::Status written = artifact::WriteTorchScriptTail(
      folder_ / "own", spec, {}, std::vector<uint8_t>{'P', 'K'},
      nlohmann::json::object());
  ASSERT_TRUE(written.ok()) << written;
  options_.tails.push_back(folder_ / "own");
  EXPECT_THAT(Message(absl::StatusCode::kInvalidArgument),
              HasSubstr("package its module again"));
}

TEST_F(AdaptTest, AnotherFamilyIsNotFound) {
  ASSERT_TRUE(testing::WriteStudentCodec(folder_ / "codec", 2).ok());
  EXPECT_THAT(Message(absl::StatusCode::kNotFound),
              HasSubstr("found \"entropic_student\""));
}

TEST_F(AdaptTest, InputsAreNotOverwritten) {
  options_.out = folder_.path();
  EXPECT_THAT(Message(absl::StatusCode::kInvalidArgument),
              HasSubstr("would be overwritten"));
  options_.out = folder_ / "out";
  options_.name = "first";
  EXPECT_THAT(Message(absl::StatusCode::kInvalidArgument),
              HasSubstr("two outputs have this name"));
}

TEST_F(AdaptTest, ANameThatIsAPathIsRefused) {
  options_.name = "../gate";
  EXPECT_THAT(Message(absl::StatusCode::kInvalidArgument), HasSubstr("--name"));
}

}  // namespace
}  // namespace sluice::train
