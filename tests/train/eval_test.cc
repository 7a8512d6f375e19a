#include "models/train/eval/eval.h"

#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/codec/frame.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "models/train/figures/figures.h"
#include "tests/model/tiny_models.h"
#include "tests/scratch_folder.h"
#include "tests/train/train_testing.h"

namespace sluice::train {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr int kSeed = 1;
constexpr PixelCodec kJpeg = {PixelCodec::Kind::kJpeg};
constexpr PixelCodec kHeic = {PixelCodec::Kind::kHeic};
constexpr PixelCodec kPng = {PixelCodec::Kind::kPng};

// Artifacts are written once; every test has pictures of its own.
class EvalTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    shared_ = std::make_unique<testing::ScratchFolder>();
    const auto id = testing::WriteTinyCodec(codec(), kSeed);
    ASSERT_TRUE(id.ok()) << id.status();
    codec_id_ = *id;
    WriteTail(tail(), codec_id_);
    const absl::Status written = testing::WriteTinyTeacher(teacher(), kSeed);
    ASSERT_TRUE(written.ok()) << written;
  }
  static void TearDownTestSuite() { shared_.reset(); }

  static void WriteTail(const fs::path& folder, const std::string& codec_id,
                        int num_classes = testing::kTeacherClasses) {
    const absl::Status written =
        testing::WriteTinyTail(folder, "tiny", codec_id, kSeed, num_classes);
    ASSERT_TRUE(written.ok()) << written;
  }

  static fs::path codec() { return *shared_ / "codec"; }
  static fs::path tail() { return *shared_ / "tail"; }
  static fs::path teacher() { return *shared_ / "teacher.safetensors"; }

  void SetUp() override {
    std::string labels = "file,label\n";
    for (int i = 0; i < 3; ++i) {
      const std::string name = std::to_string(i) + ".jpg";
      labels += name + "," + std::to_string(i) + "\n";
      folder_.Write("data/images/" + name, MakeJpeg(80, 70, i));
    }
    folder_.Write("data/labels.csv", labels);
    options_.codecs = {codec()};
    options_.tails = {tail()};
    options_.data = folder_ / "data";
    options_.teacher = teacher();
    options_.view = {vision::ViewRule::Kind::kCrop, {64, 64}};
    options_.num_latency_pictures = 0;
  }

  Evaluation Run() {
    auto evaluations = RunEval({options_});
    EXPECT_TRUE(evaluations.ok()) << evaluations.status();
    return evaluations.ok() ? std::move(evaluations->front()) : Evaluation();
  }

  std::string Refusal() {
    const auto evaluation = RunEval({options_});
    EXPECT_EQ(evaluation.status().code(), absl::StatusCode::kInvalidArgument);
    return std::string(evaluation.status().message());
  }

  const testing::ScratchFolder folder_;
  EvalOptions options_;
  static inline std::unique_ptr<testing::ScratchFolder> shared_;
  static inline std::string codec_id_;
};

TEST_F(EvalTest, EveryRateIsMeasuredWithCountedFrames) {
  const Evaluation evaluation = Run();
  ASSERT_EQ(evaluation.pictures.size(), 3);
  EXPECT_EQ(evaluation.pictures[2].name, "2.jpg");
  EXPECT_EQ(evaluation.pictures[2].label, 2);
  EXPECT_EQ(evaluation.pictures[2].pixels, 64u * 64u);
  ASSERT_EQ(evaluation.methods.size(), 1);
  const Method& method = evaluation.methods[0];
  EXPECT_EQ(method.name, "tiny-1");
  EXPECT_TRUE(method.learned);
  EXPECT_EQ(method.codec_id, codec_id_);
  EXPECT_EQ(method.tail, "tiny");
  EXPECT_EQ(method.usual_setting, "rate 0");
  EXPECT_EQ(evaluation.task, Task::kClassification);
  EXPECT_EQ(evaluation.subset, "");
  ASSERT_EQ(method.points.size(), 2);
  EXPECT_EQ(method.points[0].setting, "rate 0");
  EXPECT_EQ(method.points[0].scored_by, "tail");
  for (const OperatingPoint& point : method.points) {
    ASSERT_EQ(point.outcomes.size(), 3);
    for (const Outcome& outcome : point.outcomes) {
      EXPECT_GT(outcome.bytes, uint32_t{codec::kFrameHeaderBytes});
      EXPECT_LT(outcome.rank, 1000u);
      EXPECT_GE(outcome.kl, 0.0f);
    }
  }
  EXPECT_TRUE(method.latencies.empty());
  EXPECT_TRUE(evaluation.warnings.empty());
}

TEST_F(EvalTest, TheEncodersSizeIsThatOfItsFiles) {
  const Evaluation evaluation = Run();
  ASSERT_FALSE(evaluation.methods.empty());
  const EncoderSize size = evaluation.methods[0].encoder.value();
  EXPECT_EQ(size.bytes, fs::file_size(codec() / "encoder.safetensors") +
                            fs::file_size(codec() / "tables.safetensors"));
  EXPECT_GT(size.parameters, 0u);
  EXPECT_LT(size.parameters, size.bytes);
  EXPECT_GT(size.mmac_224, 0.0);
}

TEST_F(EvalTest, TheTeachersOwnHalvesScoreAsTheTeacher) {
  const Evaluation evaluation = Run();
  ASSERT_EQ(evaluation.uncompressed.size(), 1);
  EXPECT_EQ(evaluation.uncompressed[0].setting, "tiny-1");
  ASSERT_EQ(evaluation.teacher.value().outcomes.size(), 3);
  for (size_t i = 0; i < 3; ++i) {
    const Outcome& own = evaluation.uncompressed[0].outcomes.at(i);
    EXPECT_EQ(own.bytes, 0u);
    EXPECT_NEAR(own.kl, 0.0f, 1e-6f);
    EXPECT_EQ(own.rank, evaluation.teacher->outcomes[i].rank);
    EXPECT_EQ(evaluation.teacher->outcomes[i].kl, 0.0f);
  }
}

TEST_F(EvalTest, PixelCodecsFollowTheLearnedOnesByAscendingBytes) {
  options_.baselines = {kJpeg};
  options_.rates = {1};
  options_.limit = 1;
  const Evaluation evaluation = Run();
  EXPECT_EQ(evaluation.pictures.size(), 1);
  ASSERT_EQ(evaluation.methods.size(), 2);
  ASSERT_EQ(evaluation.methods[0].points.size(), 1);
  EXPECT_EQ(evaluation.methods[0].points[0].setting, "rate 1");
  const Method& jpeg = evaluation.methods[1];
  EXPECT_EQ(jpeg.name, DisplayName(kJpeg));
  EXPECT_FALSE(jpeg.learned);
  ASSERT_EQ(jpeg.points.size(), QualitySweep(kJpeg).size());
  for (size_t i = 1; i < jpeg.points.size(); ++i) {
    EXPECT_LE(jpeg.points[i - 1].outcomes[0].bytes,
              jpeg.points[i].outcomes[0].bytes);
  }
}

TEST_F(EvalTest, HeicIsCountedWithAndWithoutItsContainer) {
  options_.baselines = {kHeic};
  options_.limit = 1;
  const Evaluation evaluation = Run();
  ASSERT_EQ(evaluation.methods.size(), 3);
  const Method& whole = evaluation.methods[1];
  const Method& bare = evaluation.methods[2];
  EXPECT_EQ(bare.name, whole.name + ", no container");
  ASSERT_EQ(bare.points.size(), whole.points.size());
  for (size_t i = 0; i < whole.points.size(); ++i) {
    const Outcome& with = whole.points[i].outcomes.at(0);
    const Outcome& without = bare.points[i].outcomes.at(0);
    EXPECT_GT(without.bytes, 0u);
    EXPECT_GT(with.bytes, without.bytes + 100);
    EXPECT_EQ(with.rank, without.rank);
  }
}

TEST_F(EvalTest, LosslessPicturesScoreAsUncompressedOnes) {
  options_.baselines = {kPng};
  const Evaluation evaluation = Run();
  ASSERT_EQ(evaluation.methods.size(), 2);
  ASSERT_EQ(evaluation.methods[1].points.size(), 1);
  const OperatingPoint& point = evaluation.methods[1].points[0];
  EXPECT_EQ(point.setting, "lossless");
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(point.outcomes.at(i).rank,
              evaluation.teacher.value().outcomes.at(i).rank);
  }
}

TEST_F(EvalTest, SeveralPairsSeeTheSamePictures) {
  const auto other = testing::WriteTinyCodec(folder_ / "codec", 2);
  ASSERT_TRUE(other.ok()) << other.status();
  WriteTail(folder_ / "tail", *other);
  options_.codecs = {codec(), folder_ / "codec", codec()};
  options_.tails = {tail(), folder_ / "tail", tail()};
  const Evaluation evaluation = Run();
  ASSERT_EQ(evaluation.methods.size(), 3);
  EXPECT_EQ(evaluation.methods[0].name, "tiny-1");
  EXPECT_EQ(evaluation.methods[1].name, "tiny-2");
  EXPECT_EQ(evaluation.methods[1].codec_id, *other);
  EXPECT_EQ(evaluation.methods[2].name, "tiny-1 #2");
  EXPECT_EQ(evaluation.uncompressed.size(), 3);
  EXPECT_EQ(evaluation.methods[0].points[0].outcomes.at(1).kl,
            evaluation.methods[2].points[0].outcomes.at(1).kl);
}

TEST_F(EvalTest, LatenciesComeFromOneThreadAndFromAll) {
  options_.baselines = {kJpeg};
  options_.num_latency_pictures = 2;
  options_.num_threads = 2;
  const Evaluation evaluation = Run();
  ASSERT_EQ(evaluation.methods.size(), 2);
  for (const Method& method : evaluation.methods) {
    const size_t num_settings = method.learned ? 2 : 3;
    ASSERT_EQ(method.latencies.size(), 2 * num_settings);
    EXPECT_EQ(method.latencies.front().num_threads, 1);
    EXPECT_EQ(method.latencies.back().num_threads, 2);
    for (const Latency& latency : method.latencies) {
      EXPECT_GT(latency.encode_ms, 0.0);
      EXPECT_GT(latency.answer_ms, 0.0);
    }
  }
}

TEST_F(EvalTest, TheNumberOfThreadsChangesNoBytes) {
  options_.num_threads = 1;
  const Evaluation one = Run();
  options_.num_threads = 2;
  const Evaluation two = Run();
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(one.methods.at(0).points.at(1).outcomes.at(i).bytes,
              two.methods.at(0).points.at(1).outcomes.at(i).bytes);
  }
}

TEST_F(EvalTest, APrefixChoosesPictures) {
  options_.only = "1";
  const Evaluation evaluation = Run();
  ASSERT_EQ(evaluation.pictures.size(), 1);
  EXPECT_EQ(evaluation.pictures[0].name, "1.jpg");
  EXPECT_EQ(evaluation.subset, "1*");
}

TEST_F(EvalTest, SectionsAreMeasuredInTheirOrder) {
  EvalOptions other = options_;
  other.view = {vision::ViewRule::Kind::kFit, {96, 96}};
  other.teacher.reset();
  const auto evaluations = RunEval({options_, other});
  ASSERT_TRUE(evaluations.ok()) << evaluations.status();
  ASSERT_EQ(evaluations->size(), 2);
  EXPECT_EQ(evaluations->at(0).view, "crop:64");
  EXPECT_EQ(evaluations->at(1).view, "fit:96x96");
  EXPECT_TRUE(evaluations->at(0).teacher.has_value());
  EXPECT_FALSE(evaluations->at(1).teacher.has_value());
}

TEST_F(EvalTest, PicturesOfDifferentShapesAreEvaluatedTogether) {
  folder_.Write("data/images/1.jpg", MakeJpeg(200, 70, 1));
  options_.view = {vision::ViewRule::Kind::kFit, {96, 96}};
  const Evaluation evaluation = Run();
  ASSERT_EQ(evaluation.pictures.size(), 3);
  EXPECT_EQ(evaluation.pictures[0].pixels, 96u * 96u);
  EXPECT_EQ(evaluation.pictures[1].pixels, 96u * 64u);
  EXPECT_EQ(evaluation.methods.at(0).points.at(0).outcomes.size(), 3);
}

TEST_F(EvalTest, ThereAreFiguresOfEverything) {
  options_.baselines = {kJpeg, kPng};
  const Evaluation evaluation = Run();
  const EvaluationFigures figures = MakeFigures(evaluation);
  ASSERT_EQ(figures.methods.size(), 3);
  EXPECT_EQ(figures.pairs.size(), 2);
  EXPECT_NEAR(figures.methods[0].points.at(0).bpp,
              8 * figures.methods[0].points.at(0).mean_bytes / (64 * 64), 1e-9);
}

TEST_F(EvalTest, WithoutATeacherPixelCodecsAreWarnedAbout) {
  options_.teacher.reset();
  options_.baselines = {kPng};
  const Evaluation evaluation = Run();
  EXPECT_FALSE(evaluation.teacher.has_value());
  EXPECT_THAT(evaluation.warnings, ElementsAre(HasSubstr("no teacher")));
  ASSERT_EQ(evaluation.methods.size(), 2);
  EXPECT_EQ(evaluation.methods[1].points.at(0).scored_by, "pixel entrance");
}

TEST_F(EvalTest, OtherNumbersOfTailsThanOfCodecsAreRefused) {
  options_.codecs = {codec(), codec()};
  EXPECT_THAT(Refusal(), HasSubstr("found 2 codecs and 1 tails"));
  options_.codecs.clear();
  options_.tails.clear();
  EXPECT_THAT(Refusal(), HasSubstr("found 0 codecs and 0 tails"));
}

TEST_F(EvalTest, ARateThatTheCodecHasNotIsRefused) {
  options_.rates = {0, 2};
  EXPECT_THAT(Refusal(), HasSubstr("rates 0..1, found 2"));
}

TEST_F(EvalTest, ANegativeLimitIsRefused) {
  options_.limit = -1;
  EXPECT_THAT(Refusal(), HasSubstr("limit must not be negative, found -1"));
}

TEST_F(EvalTest, ANegativeNumberOfLatencyPicturesIsRefused) {
  options_.num_latency_pictures = -5;
  EXPECT_THAT(Refusal(), HasSubstr("found -5"));
}

TEST_F(EvalTest, ASetWithoutLabelsIsRefused) {
  fs::remove(folder_ / "data/labels.csv");
  EXPECT_THAT(Refusal(), HasSubstr("found no labels.csv"));
}

TEST_F(EvalTest, ALabelBeyondTheTailsClassesIsRefused) {
  folder_.Write("data/labels.csv", "file,label\n0.jpg,1000\n");
  EXPECT_THAT(Refusal(), HasSubstr("line 2: field label"));
}

TEST_F(EvalTest, APictureThatDoesNotDecodeIsNamed) {
  folder_.Write("data/images/1.jpg", "no picture");
  EXPECT_THAT(Refusal(), HasSubstr("images/1.jpg"));
}

TEST_F(EvalTest, ATeacherOfOtherClassesIsRefused) {
  WriteTail(folder_ / "tail", codec_id_, /*num_classes=*/10);
  options_.tails = {folder_ / "tail"};
  EXPECT_THAT(Refusal(), HasSubstr("has 10 classes, the teacher 1000"));
}

TEST_F(EvalTest, TailsOfDifferentClassesAreRefused) {
  WriteTail(folder_ / "tail", codec_id_, /*num_classes=*/10);
  options_.codecs = {codec(), codec()};
  options_.tails = {tail(), folder_ / "tail"};
  EXPECT_THAT(Refusal(), HasSubstr("tiny has 1000, tiny has 10"));
}

TEST_F(EvalTest, ATailOfAnotherCodecIsWarnedAbout) {
  WriteTail(folder_ / "tail", std::string(64, 'a'));
  options_.tails = {folder_ / "tail"};
  EXPECT_THAT(Run().warnings, ElementsAre(HasSubstr("was not made for")));
}

TEST_F(EvalTest, AMissingCodecIsNotFound) {
  options_.codecs = {folder_ / "none"};
  EXPECT_EQ(RunEval({options_}).status().code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace sluice::train
