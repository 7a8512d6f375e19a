// The whole of training on a handful of tiny pictures.
#include <gmock/gmock.h>

#include "absl/strings/str_cat.h"
#include "common/artifact/codec_artifact.h"
#include "common/artifact/tail_artifact.h"
#include "models/train/data/shard.h"
#include "models/train/tools/verify.h"
#include "models/train/training/recipe.h"
#include "models/train/training/train.h"
#include "tests/model/tiny_models.h"
#include "tests/scratch_folder.h"

namespace sluice::train {
namespace {

using ::testing::HasSubstr;

constexpr char kCodecRecipe[] = R"(
kind = "codec"
name = "tiny"
teacher = "teacher.safetensors"
shards = ["train.shard"]
holdout = "holdout.shard"
target_bytes = [20, 40]
log_interval = 1
checkpoint_interval = 2
holdout_pictures = 2
[encoder]
stem_channels = 8
width = 8
block_channels = 4
num_blocks = 1
latent_channels = 4
[decoder]
width = 8
block_channels = 4
num_blocks = 1
[[phase]]
name = "shallow"
steps = 4
batch = 2
crop = 32
first_noisy_rate = 1
[[phase]]
name = "deep"
steps = 2
batch = 2
crop = 32
deep = 0.5
kl = 0.5
[[phase]]
name = "entrance"
trains = "entrance"
steps = 1
batch = 2
crop = 32
)";

constexpr char kStudentRecipe[] = R"(
kind = "codec"
family = "entropic_student"
name = "tiny-student"
teacher = "teacher.safetensors"
shards = ["train.shard"]
holdout = "holdout.shard"
beta = 0.5
log_interval = 1
checkpoint_interval = 2
holdout_pictures = 2
[encoder]
latent_channels = 4
[decoder]
width = 8
[[phase]]
name = "noise"
steps = 4
batch = 2
crop = 32
first_noisy_rate = 0
[[phase]]
name = "decoder"
trains = "decoder"
steps = 2
batch = 2
crop = 32
kl = 0.5
[[phase]]
name = "entrance"
trains = "entrance"
steps = 1
batch = 2
crop = 32
)";

class TrainingTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const absl::Status teacher =
        testing::WriteTinyTeacher(folder_ / "teacher.safetensors", 1);
    ASSERT_TRUE(teacher.ok()) << teacher;
    WriteShard("train.shard", 6);
    WriteShard("holdout.shard", 3);
    options_.recipe = folder_.Write("codec.toml", kCodecRecipe);
    options_.data = folder_.path();
    options_.num_threads = 1;
  }

  void WriteShard(const std::string& name, int num_pictures) {
    constexpr int kSide = 40;
    auto writer = ShardWriter::Create(folder_ / name, kSide, kSide);
    ASSERT_TRUE(writer.ok()) << writer.status();
    for (int i = 0; i < num_pictures; ++i) {
      std::vector<uint8_t> picture(3 * kSide * kSide);
      for (size_t k = 0; k < picture.size(); ++k) {
        picture[k] = static_cast<uint8_t>((k * (i + 3)) / 7 + 31 * i);
      }
      ASSERT_TRUE(writer->Append(picture).ok());
    }
    ASSERT_TRUE(writer->Finish().ok());
  }

  absl::Status Train(const std::string& out,
                     const std::vector<std::string>& overrides = {}) {
    TrainOptions options = options_;
    options.out = folder_ / out;
    options.overrides = overrides;
    return RunTraining(options);
  }

  std::string IdOf(const std::string& out) {
    const auto codec = artifact::LoadCodec(folder_ / out / "artifact",
                                           artifact::CodecHalf::kBoth);
    EXPECT_TRUE(codec.ok()) << codec.status();
    return codec.ok() ? codec->id : "";
  }

  const testing::ScratchFolder folder_;
  TrainOptions options_;
};

TEST_F(TrainingTest, ResumedRunEndsWhereAnUninterruptedOneDoes) {
  ASSERT_TRUE(Train("whole").ok());
  // Stopped within the first phase and within the second.
  for (const int64_t steps : {3, 2, 0}) {
    options_.max_steps = steps;
    const absl::Status part = Train("parts");
    ASSERT_TRUE(part.ok()) << part;
    options_.resume = folder_ / "parts";
  }
  EXPECT_EQ(IdOf("whole"), IdOf("parts"));
}

TEST_F(TrainingTest, OtherSeedTrainsAnotherCodec) {
  ASSERT_TRUE(Train("one").ok());
  ASSERT_TRUE(Train("two", {"seed=5"}).ok());
  EXPECT_NE(IdOf("one"), IdOf("two"));
}

TEST_F(TrainingTest, ShippedCodecStartsAnother) {
  ASSERT_TRUE(Train("first").ok());
  options_.init = folder_ / "first" / "artifact";
  const absl::Status again = Train("second", {"name=\"adapted\""});
  ASSERT_TRUE(again.ok()) << again;
  EXPECT_NE(IdOf("first"), IdOf("second"));
}

TEST_F(TrainingTest, ShippedCodecStartsOneOfMoreRates) {
  ASSERT_TRUE(Train("first").ok());
  options_.init = folder_ / "first" / "artifact";
  const absl::Status wider = Train("wider", {"target_bytes=[10, 20, 40]"});
  ASSERT_TRUE(wider.ok()) << wider;
  const auto codec = artifact::LoadCodec(folder_ / "wider" / "artifact",
                                         artifact::CodecHalf::kBoth);
  ASSERT_TRUE(codec.ok()) << codec.status();
  EXPECT_EQ(codec->spec.num_rates, 3);
}

TEST_F(TrainingTest, AnotherEncoderTakesTheShippedOnesPlace) {
  ASSERT_TRUE(Train("first").ok());
  options_.init = folder_ / "first" / "artifact";
  const absl::Status other =
      Train("other", {"encoder.width=12", "phase.0.trains=\"encoder\""});
  ASSERT_TRUE(other.ok()) << other;
  const auto codec = artifact::LoadCodec(folder_ / "other" / "artifact",
                                         artifact::CodecHalf::kBoth);
  ASSERT_TRUE(codec.ok()) << codec.status();
  EXPECT_EQ(codec->spec.encoder["width"], 12);
}

TEST_F(TrainingTest, StartingBetasFitTheTargets) {
  const absl::Status status = Train("out", {"initial_betas=[0.5]"});
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("as many positive initial_betas as target_bytes"));
}

TEST_F(TrainingTest, SharesSayHowOftenAShardIsSeen) {
  WriteShard("other.shard", 2);
  const std::string two = "shards=[\"train.shard\", \"other.shard\"]";
  ASSERT_TRUE(Train("alike", {two}).ok());
  ASSERT_TRUE(Train("rarely", {two, "shares=[0.99, 0.01]"}).ok());
  EXPECT_NE(IdOf("alike"), IdOf("rarely"));
  const absl::Status missing = Train("missing", {two, "shares=[1.0]"});
  EXPECT_THAT(std::string(missing.message()),
              HasSubstr("found 1 shares and 2 shards"));
}

TEST_F(TrainingTest, TailLearnsBehindItsCodecsAndNamesThem) {
  ASSERT_TRUE(Train("codec").ok());
  ASSERT_TRUE(Train("other", {"seed=2"}).ok());
  std::string labels;
  for (int i = 0; i < testing::kTeacherClasses; ++i) {
    absl::StrAppend(&labels, i, "\n");
  }
  const std::string recipe = absl::StrCat(
      "kind = \"tail\"\nname = \"tiny-tail\"\nteacher = "
      "\"teacher.safetensors\"\nshards = [\"train.shard\"]\nholdout = "
      "\"holdout.shard\"\nholdout_pictures = 2\nlabels = \"",
      folder_.Write("labels.txt", labels).string(), "\"\ncodecs = [\"",
      (folder_ / "codec" / "artifact").string(), "\", \"",
      (folder_ / "other" / "artifact").string(),
      "\"]\n[[phase]]\ntrains = \"tail\"\nsteps = 2\nbatch = 2\ncrop = 32\n"
      "kl = 1.0\npixel_share = 0.5\nanchor = 0.01\n");
  options_.recipe = folder_.Write("tail.toml", recipe);
  const absl::Status trained = Train("tail");
  ASSERT_TRUE(trained.ok()) << trained;
  const auto tail = artifact::LoadTail(folder_ / "tail" / "artifact");
  ASSERT_TRUE(tail.ok()) << tail.status();
  EXPECT_EQ(tail->spec.codec_ids,
            (std::vector<std::string>{IdOf("codec"), IdOf("other")}));
}

// The same for the other family.
class StudentTrainingTest : public TrainingTest {
 protected:
  void SetUp() override {
    TrainingTest::SetUp();
    options_.recipe = folder_.Write("student.toml", kStudentRecipe);
  }

  // The number after `word` in every line of training's output that has it.
  static std::vector<double> NumbersAfter(const std::string& word,
                                          const std::string& output) {
    std::vector<double> numbers;
    for (size_t at = output.find(word); at != std::string::npos;
         at = output.find(word, at + 1)) {
      numbers.push_back(std::stod(output.substr(at + word.size())));
    }
    return numbers;
  }
};

TEST_F(StudentTrainingTest, ExportedCodecHasOneRateAndItsFamilysGeometry) {
  const absl::Status trained = Train("out");
  ASSERT_TRUE(trained.ok()) << trained;
  const auto codec = artifact::LoadCodec(folder_ / "out" / "artifact",
                                         artifact::CodecHalf::kBoth);
  ASSERT_TRUE(codec.ok()) << codec.status();
  EXPECT_EQ(codec->spec.family, "entropic_student");
  EXPECT_EQ(codec->spec.num_rates, 1);
  EXPECT_EQ(artifact::LatentSide(codec->spec, 224), 55);
  EXPECT_EQ(codec->encoder.at("0.weight").shape,
            (std::vector<int64_t>{16, 3, 5, 5}));
  EXPECT_EQ(codec->about.at("beta"), 0.5);
  EXPECT_EQ(codec->tables.rate(0)[0].gain, 1.0f);
  const absl::StatusOr<std::string> verified = VerifyArtifact(
      {.artifact = folder_ / "out" / "artifact", .codec = std::nullopt});
  EXPECT_TRUE(verified.ok()) << verified.status();
}

TEST_F(StudentTrainingTest, ResumedRunEndsWhereAnUninterruptedOneDoes) {
  ASSERT_TRUE(Train("whole").ok());
  for (const int64_t steps : {3, 2, 0}) {
    options_.max_steps = steps;
    const absl::Status part = Train("parts");
    ASSERT_TRUE(part.ok()) << part;
    options_.resume = folder_ / "parts";
  }
  EXPECT_EQ(IdOf("whole"), IdOf("parts"));
}

TEST_F(StudentTrainingTest, StepsLowerTheLoss) {
  ::testing::internal::CaptureStdout();
  const absl::Status trained =
      Train("out", {"phase.0.steps=60", "phase.0.learning_rate=5e-3"});
  const std::string output = ::testing::internal::GetCapturedStdout();
  ASSERT_TRUE(trained.ok()) << trained;
  const std::vector<double> losses = NumbersAfter(" loss ", output);
  ASSERT_GE(losses.size(), 60u);
  EXPECT_LT(losses[59], 0.9 * losses[0]);
}

TEST_F(StudentTrainingTest, LargerBetaCostsFewerBits) {
  std::vector<double> bytes;
  for (const char* beta : {"0.010", "30.000"}) {
    ::testing::internal::CaptureStdout();
    const absl::Status trained =
        Train("out", {absl::StrCat("beta=", beta), "phase.0.steps=60",
                      "phase.0.learning_rate=5e-3"});
    const std::string output = ::testing::internal::GetCapturedStdout();
    ASSERT_TRUE(trained.ok()) << trained;
    const std::string word = absl::StrCat("beta ", beta, " bytes ");
    bytes.push_back(NumbersAfter(word, output).at(59));
  }
  EXPECT_LT(bytes[1], bytes[0]);
}

TEST_F(StudentTrainingTest, ShippedCodecStartsAnother) {
  ASSERT_TRUE(Train("first").ok());
  options_.init = folder_ / "first" / "artifact";
  const absl::Status again = Train("second", {"name=\"adapted\""});
  ASSERT_TRUE(again.ok()) << again;
  EXPECT_NE(IdOf("first"), IdOf("second"));
}

TEST_F(StudentTrainingTest, CodecOfAnotherFamilyIsNoStart) {
  ASSERT_TRUE(Train("first").ok());
  options_.init = folder_ / "first" / "artifact";
  options_.recipe = folder_ / "codec.toml";
  const absl::Status status = Train("second");
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("found entropic_student"));
}

TEST_F(StudentTrainingTest, RecipeWithoutABetaIsRefused) {
  for (const char* beta : {"beta=0", "beta=-1"}) {
    const absl::Status status = Train("out", {beta});
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(status.message()), HasSubstr("a positive beta"));
  }
}

TEST_F(StudentTrainingTest, RecipeWithTargetSizesIsRefused) {
  const absl::Status status = Train("out", {"target_bytes=[900]"});
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("no target_bytes"));
}

TEST_F(StudentTrainingTest, KeyOfTheOtherFamilyIsUnknown) {
  const absl::Status status = Train("out", {"encoder.stem_channels=8"});
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("stem_channels"));
}

TEST_F(StudentTrainingTest, WidthOutOfRangeIsRefused) {
  const absl::Status status = Train("out", {"decoder.width=0"});
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("canonical.decoder.width"));
}

TEST_F(TrainingTest, UnknownFamilyIsNotFound) {
  const absl::Status status = Train("out", {"family=\"hyperprior\""});
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(status.message()), HasSubstr("hyperprior"));
}

TEST_F(TrainingTest, BetaBesideTargetSizesIsRefused) {
  const absl::Status status = Train("out", {"beta=0.5"});
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("no beta"));
}

TEST_F(TrainingTest, ADeviceThatIsNotThereIsRefusedBeforeAnythingIsMade) {
  options_.device = "abacus";
  const absl::Status status = Train("out");
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("found \"abacus\""));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "out"));
}

TEST_F(TrainingTest, MissingShardIsNamed) {
  const absl::Status status = Train("out", {"shards=[\"nowhere.shard\"]"});
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(status.message()), HasSubstr("nowhere.shard"));
}

TEST_F(TrainingTest, CropBeyondThePicturesIsRefused) {
  const absl::Status status = Train("out", {"phase.0.crop=64"});
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("crop 64"));
}

TEST_F(TrainingTest, CheckpointOfAnotherShapeIsDataLoss) {
  ASSERT_TRUE(Train("out").ok());
  options_.resume = folder_ / "out";
  const absl::Status status = Train("out", {"encoder.width=16"});
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << status;
}

TEST_F(TrainingTest, UnknownKeyNamesItsLine) {
  options_.recipe = folder_.Write(
      "bad.toml", absl::StrCat("learning_speed = 3\n", kCodecRecipe));
  const absl::Status status = Train("out");
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("learning_speed in line 1"));
}

TEST_F(TrainingTest, OverrideWithoutAPlaceIsRefused) {
  EXPECT_EQ(Train("out", {"phase.9.steps=1"}).code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Train("out", {"steps"}).code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace sluice::train
