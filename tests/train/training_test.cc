// The whole of training on a handful of tiny pictures.
#include <gmock/gmock.h>

#include "absl/strings/str_cat.h"
#include "common/artifact/codec_artifact.h"
#include "common/artifact/tail_artifact.h"
#include "models/train/recipe.h"
#include "models/train/shard.h"
#include "models/train/train.h"
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

TEST_F(TrainingTest, TailLearnsBehindTheCodecAndNamesIt) {
  ASSERT_TRUE(Train("codec").ok());
  std::string labels;
  for (int i = 0; i < testing::kTeacherClasses; ++i) {
    absl::StrAppend(&labels, i, "\n");
  }
  const std::string recipe = absl::StrCat(
      "kind = \"tail\"\nname = \"tiny-tail\"\nteacher = "
      "\"teacher.safetensors\"\nshards = [\"train.shard\"]\nholdout = "
      "\"holdout.shard\"\nholdout_pictures = 2\nlabels = \"",
      folder_.Write("labels.txt", labels).string(), "\"\ncodec = \"",
      (folder_ / "codec" / "artifact").string(),
      "\"\n[[phase]]\ntrains = \"tail\"\nsteps = 2\nbatch = 2\ncrop = 32\n"
      "kl = 1.0\npixel_share = 0.5\nanchor = 0.01\n");
  options_.recipe = folder_.Write("tail.toml", recipe);
  const absl::Status trained = Train("tail");
  ASSERT_TRUE(trained.ok()) << trained;
  const auto tail = artifact::LoadTail(folder_ / "tail" / "artifact");
  ASSERT_TRUE(tail.ok()) << tail.status();
  EXPECT_EQ(tail->spec.codec_ids, std::vector<std::string>{IdOf("codec")});
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
