// Training of detection and segmentation tails on a handful of tiny pictures.
#include <gmock/gmock.h>

#include "absl/strings/str_cat.h"
#include "common/artifact/tail_artifact.h"
#include "common/model/tail.h"
#include "models/train/training/train.h"
#include "tests/model/tiny_models.h"
#include "tests/scratch_folder.h"
#include "tests/train/index_png_testing.h"
#include "tests/train/train_testing.h"

namespace sluice::train {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr char kRecipe[] = R"(
kind = "tail"
name = "tiny"
teacher = "teacher.safetensors"
log_interval = 1
checkpoint_interval = 2
holdout_pictures = 2
[network]
width = 8
[labelled]
set = "set"
width = 64
height = 32
[[phase]]
name = "head"
trains = "head"
steps = 2
batch = 2
pixel_share = 0.5
[[phase]]
name = "all"
trains = "tail"
steps = 2
batch = 2
)";

class LabelledTrainingTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(
        testing::WriteTinyTeacher(folder_ / "teacher.safetensors", 1).ok());
    const auto id = testing::WriteTinyCodec(folder_ / "codec", 1);
    ASSERT_TRUE(id.ok()) << id.status();
    codec_id_ = *id;
    options_.recipe = folder_.Write("recipe.toml", kRecipe);
    options_.data = folder_.path();
    options_.num_threads = 1;
  }

  void WriteBoxes() {
    std::string csv = "split,image,class,xmin,ymin,xmax,ymax\n";
    for (int i = 0; i < 4; ++i) {
      const std::string split = i < 3 ? "train" : "val";
      const std::string name = absl::StrCat(split, "/", i, ".jpg");
      WritePicture(name, i);
      absl::StrAppend(&csv, split, ",", i, ".jpg,", i % 2 ? "nut" : "bolt",
                      ",10,8,40,30\n");
    }
    folder_.Write("set/boxes.csv", csv);
    common_ = {"task=\"detection\"", "labelled.holdout_split=\"val\""};
  }

  void WriteMasks() {
    for (const char* name : {"a_0", "a_1", "b_0"}) {
      WritePicture(absl::StrCat("train/", name, ".jpg"), name[0] + name[2]);
      std::vector<uint8_t> mask;
      for (int i = 0; i < 48 * 64; ++i) {
        const bool is_void = i % 64 < 8;
        mask.push_back(is_void ? 2 : i / 64 >= 36);
      }
      const std::vector<uint8_t> png = MakePng(64, 48, mask, PngKind());
      folder_.Write(absl::StrCat("set/trainannot/", name, ".png"),
                    std::string(png.begin(), png.end()));
    }
    const std::string labels = folder_.Write("labels.txt", "sky\nroad\n");
    common_ = {"task=\"segmentation\"", "labelled.holdout_prefix=\"b_\"",
               "labelled.ignore_index=2",
               absl::StrCat("labels=\"", labels, "\"")};
  }

  void WritePicture(const std::string& name, int seed) {
    const std::vector<uint8_t> jpeg = MakeJpeg(64, 48, seed);
    folder_.Write("set/" + name, std::string(jpeg.begin(), jpeg.end()));
  }

  absl::Status Train(const std::string& out,
                     const std::vector<std::string>& overrides = {}) {
    TrainOptions options = options_;
    options.out = folder_ / out;
    options.overrides = common_;
    options.overrides.push_back(
        absl::StrCat("codecs=[\"", (folder_ / "codec").string(), "\"]"));
    options.overrides.insert(options.overrides.end(), overrides.begin(),
                             overrides.end());
    return RunTraining(options);
  }

  artifact::TailArtifact Load(const std::string& out) {
    auto tail = artifact::LoadTail(folder_ / out / "artifact");
    EXPECT_TRUE(tail.ok()) << tail.status();
    return *std::move(tail);
  }

  // The names of what its network makes of features, which it does.
  std::vector<std::string> Outputs(const artifact::TailArtifact& tail) {
    const auto network = model::LoadTailNetwork(tail);
    EXPECT_TRUE(network.ok()) << network.status();
    base::FloatTensor features{.shape = {1, 32, 4, 8}, .values = {}};
    features.values.resize(32 * 4 * 8, 0.5f);
    const auto outputs = (*network)->Run(features);
    EXPECT_TRUE(outputs.ok()) << outputs.status();
    std::vector<std::string> names;
    for (const model::NamedTensor& output : *outputs) {
      names.push_back(output.name);
    }
    return names;
  }

  const testing::ScratchFolder folder_;
  TrainOptions options_;
  std::string codec_id_;
  std::vector<std::string> common_;
};

TEST_F(LabelledTrainingTest, DetectionTailHasItsSetsClasses) {
  WriteBoxes();
  const absl::Status status = Train("out");
  ASSERT_TRUE(status.ok()) << status;
  const artifact::TailArtifact tail = Load("out");
  EXPECT_EQ(tail.spec.task, "detection");
  EXPECT_THAT(tail.spec.codec_ids, ElementsAre(codec_id_));
  EXPECT_THAT(tail.labels, ElementsAre("bolt", "nut"));
  EXPECT_THAT(Outputs(tail), ElementsAre("scores", "boxes"));
  EXPECT_EQ(tail.about["num_training_pictures"], 3);
}

TEST_F(LabelledTrainingTest, SegmentationTailTrainsWithoutWhatIsHeldOut) {
  WriteMasks();
  const absl::Status status = Train("out");
  ASSERT_TRUE(status.ok()) << status;
  const artifact::TailArtifact tail = Load("out");
  EXPECT_EQ(tail.spec.task, "segmentation");
  EXPECT_THAT(tail.labels, ElementsAre("sky", "road"));
  EXPECT_EQ(tail.spec.network["ignore_index"], 2);
  EXPECT_THAT(Outputs(tail), ElementsAre("logits"));
  EXPECT_EQ(tail.about["num_training_pictures"], 2);
}

TEST_F(LabelledTrainingTest, ResumedRunEndsWhereAnUninterruptedOneDoes) {
  WriteMasks();
  ASSERT_TRUE(Train("whole").ok());
  options_.max_steps = 3;
  ASSERT_TRUE(Train("parts").ok());
  options_.max_steps = 0;
  options_.resume = folder_ / "parts";
  const absl::Status resumed = Train("parts");
  ASSERT_TRUE(resumed.ok()) << resumed;
  EXPECT_EQ(Load("parts").digest, Load("whole").digest);
}

TEST_F(LabelledTrainingTest, HeadPhaseLeavesTheBodyAlone) {
  WriteMasks();
  ASSERT_TRUE(Train("head", {"phase.1.steps=0"}).ok());
  ASSERT_TRUE(Train("fresh", {"phase.0.steps=0", "phase.1.steps=0"}).ok());
  const artifact::TailArtifact trained = Load("head");
  for (const auto& [name, tensor] : Load("fresh").weights) {
    const bool same = trained.weights.at(name).bytes == tensor.bytes;
    if (name.starts_with("block")) {
      EXPECT_TRUE(same) << name;
    } else if (name == "head.classifier.weight") {
      EXPECT_FALSE(same);
    }
  }
}

TEST_F(LabelledTrainingTest, BalanceChangesWhatIsLearned) {
  WriteMasks();
  ASSERT_TRUE(Train("even").ok());
  ASSERT_TRUE(Train("balanced", {"phase.1.class_balance=0.5"}).ok());
  EXPECT_NE(Load("balanced").digest, Load("even").digest);
}

TEST_F(LabelledTrainingTest, ShippedTailStartsAnother) {
  WriteBoxes();
  ASSERT_TRUE(Train("first").ok());
  options_.init = folder_ / "first" / "artifact";
  ASSERT_TRUE(Train("second", {"phase.0.steps=0", "phase.1.steps=0"}).ok());
  EXPECT_EQ(Load("second").digest, Load("first").digest);
}

TEST_F(LabelledTrainingTest, RecipesThatMakeNoSenseSayWhatIsMissing) {
  WriteMasks();
  const auto message = [&](const std::string& change) {
    const absl::Status status = Train("out", {change});
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
    return std::string(status.message());
  };
  EXPECT_THAT(message("task=\"depth\""),
              HasSubstr("expected \"classification\", \"detection\" or "
                        "\"segmentation\", found \"depth\""));
  EXPECT_THAT(message("task=\"classification\""),
              HasSubstr("labelled: expected task \"detection\""));
  EXPECT_THAT(message("kind=\"codec\""), HasSubstr("expected kind \"tail\""));
  EXPECT_THAT(message("labelled.set=\"\""), HasSubstr("expected a set"));
  EXPECT_THAT(message("labelled.holdout_split=\"val\""),
              HasSubstr("either holdout_split or holdout_prefix"));
  EXPECT_THAT(message("labelled.width=50"), HasSubstr("multiples of 32"));
  EXPECT_THAT(message("labelled.min_scale=3.0"), HasSubstr("min_scale"));
  EXPECT_THAT(message("labelled.holdout_prefix=\"c_\""),
              HasSubstr("found 0 and 3"));
  EXPECT_THAT(message("labelled.ignore_index=-1"), HasSubstr("trainannot"));
  EXPECT_THAT(message("phase.1.class_balance=2.0"), HasSubstr("found 2"));
  EXPECT_THAT(message("phase.1.crop=64"),
              HasSubstr("phase 1 of a segmentation tail: unknown key crop"));
  EXPECT_THAT(message("network.width=12"), HasSubstr("that 8 divides"));
}

}  // namespace
}  // namespace sluice::train
