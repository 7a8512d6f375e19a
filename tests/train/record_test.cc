// The figures of an evaluation in codec.json and tail.json.
#include "models/train/eval/record.h"

#include <string>

#include "common/artifact/codec_artifact.h"
#include "common/artifact/tail_artifact.h"
#include "common/base/file_io.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tests/model/tiny_models.h"
#include "tests/scratch_folder.h"
#include "tests/train/evaluation_testing.h"

namespace sluice::train {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using Json = nlohmann::json;

class RecordTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto id = testing::WriteTinyCodec(codec(), 1);
    ASSERT_TRUE(id.ok()) << id.status();
    const absl::Status tail_written =
        testing::WriteTinyTail(tail(), "tiny", *id, 1);
    ASSERT_TRUE(tail_written.ok()) << tail_written;
    evaluation_.data = "val.tar";
    evaluation_.view = "crop:224/227";
    evaluation_.pictures.resize(3, {.name = "a", .label = 0, .pixels = 64});
    evaluation_.uncompressed = {Point("tiny-1", 0, 2)};
    Method method;
    method.name = "tiny-1";
    method.learned = true;
    method.encoder = {.bytes = 1, .parameters = 1, .mmac_224 = 129.84};
    method.codec_id = *id;
    method.tail = "tiny";
    method.points = {Point("rate 1", 1996, 1)};
    method.points[0].outcomes[2].bytes = 1997;
    evaluation_.methods = {method};
  }

  // Three pictures, of which the first `num_right` are right.
  static OperatingPoint Point(const std::string& setting, uint32_t bytes,
                              uint32_t num_right) {
    OperatingPoint point = {
        .setting = setting, .scored_by = "tail", .outcomes = {}};
    for (uint32_t i = 0; i < 3; ++i) {
      point.outcomes.push_back(
          {.bytes = bytes, .rank = i < num_right ? 0u : 1u});
    }
    return point;
  }

  absl::Status Record(const Evaluation& evaluation,
                      const fs::path& tail) const {
    return RecordMethod(evaluation, MakeFigures(evaluation), 0, codec(), tail);
  }

  fs::path codec() const { return folder_ / "codec"; }
  fs::path tail() const { return folder_ / "tail"; }

  static std::string Read(const fs::path& file) {
    const auto bytes = base::ReadFile(file, 1u << 20);
    return bytes.ok() ? std::string(bytes->begin(), bytes->end()) : "";
  }

  // Fails to record, leaving both files as they are.
  absl::Status Refusal(const Evaluation& evaluation) const {
    const std::string before =
        Read(codec() / "codec.json") + Read(tail() / "tail.json");
    const absl::Status status = Record(evaluation, tail());
    EXPECT_FALSE(status.ok());
    EXPECT_EQ(before,
              Read(codec() / "codec.json") + Read(tail() / "tail.json"));
    return status;
  }

  const testing::ScratchFolder folder_;
  Evaluation evaluation_;
};

TEST_F(RecordTest, FiguresAreKeptAndTheIdStays) {
  ASSERT_TRUE(artifact::RewriteCodecAbout(codec(), {{"recipe", "tiny"}}).ok());
  ASSERT_TRUE(
      artifact::RewriteTailAbout(tail(), {{"measured", "before"}}).ok());
  const absl::Status recorded = Record(evaluation_, tail());
  ASSERT_TRUE(recorded.ok()) << recorded;
  Json expected = {{"task", "classification"},
                   {"data", "val.tar"},
                   {"subset", ""},
                   {"view", "crop:224/227"},
                   {"num_images", 3},
                   {"uncompressed", {{"top1", 0.6667}, {"top5", 1.0}}},
                   {"points",
                    {{{"setting", "rate 1"},
                      {"frame_bytes_mean", 1996.3},
                      {"top1", 0.3333},
                      {"top5", 1.0}}}}};

  const auto loaded_tail = artifact::LoadTail(tail());
  ASSERT_TRUE(loaded_tail.ok()) << loaded_tail.status();
  expected["codec"] = "tiny-1";
  EXPECT_EQ(loaded_tail->about, Json({{"measured", Json::array({expected})}}));

  const auto loaded = artifact::LoadCodec(codec(), artifact::CodecHalf::kBoth);
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_EQ(loaded->id, evaluation_.methods[0].codec_id);
  expected.erase("codec");
  expected["tail"] = "tiny";
  expected["encoder_mmac_224"] = 129.8;
  EXPECT_EQ(loaded->about,
            Json({{"recipe", "tiny"}, {"measured", Json::array({expected})}}));
}

TEST_F(RecordTest, ATeacherIsKeptWhenThereWasOne) {
  evaluation_.teacher = Point("uncompressed", 0, 2);
  ASSERT_TRUE(Record(evaluation_, tail()).ok());
  const auto loaded = artifact::LoadCodec(codec(), artifact::CodecHalf::kBoth);
  EXPECT_EQ(loaded->about["measured"][0]["teacher"]["top1"], 0.6667);
}

TEST_F(RecordTest, OtherMeasurementsStayAndTheSameIsReplaced) {
  ASSERT_TRUE(Record(evaluation_, tail()).ok());
  Evaluation other = evaluation_;
  other.view = "fit:256x256";
  ASSERT_TRUE(Record(other, tail()).ok());
  other.methods[0].points[0].outcomes[1].rank = 0;
  ASSERT_TRUE(Record(other, tail()).ok());
  const auto loaded = artifact::LoadTail(tail());
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  const Json& measured = loaded->about["measured"];
  ASSERT_EQ(measured.size(), 2);
  EXPECT_EQ(measured[0]["view"], "crop:224/227");
  EXPECT_EQ(measured[0]["points"][0]["top1"], 0.3333);
  EXPECT_EQ(measured[1]["points"][0]["top1"], 0.6667);
}

TEST_F(RecordTest, ADetectionKeepsItsOwnFiguresAndClasses) {
  Evaluation detection = MakeDetectionEvaluation();
  detection.methods[0].codec_id = evaluation_.methods[0].codec_id;
  ASSERT_TRUE(Record(detection, tail()).ok());
  const auto loaded = artifact::LoadTail(tail());
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  const Json& measured = loaded->about["measured"][0];
  EXPECT_EQ(measured["task"], "detection");
  EXPECT_EQ(measured["subset"], "val");
  EXPECT_TRUE(measured["points"][0].contains("map50"));
  EXPECT_TRUE(measured["points"][0].contains("ap50_any_class"));
  EXPECT_EQ(measured["usual_setting"], "rate 2");
  EXPECT_EQ(measured["classes"]["Bolt"]["objects"], 60);
  EXPECT_FALSE(measured["classes"].contains("Wrench"));  // No objects.
}

TEST_F(RecordTest, FiguresOfAnotherCodecAreRefusedWithBothIds) {
  Evaluation other = evaluation_;
  other.methods[0].codec_id = std::string(64, 'a');
  const absl::Status status = Refusal(other);
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()),
              HasSubstr(other.methods[0].codec_id));
  EXPECT_THAT(std::string(status.message()),
              HasSubstr(evaluation_.methods[0].codec_id));
}

TEST_F(RecordTest, AnAboutThatIsNoObjectIsRefusedAndNamed) {
  ASSERT_TRUE(artifact::RewriteTailAbout(tail(), "words").ok());
  const absl::Status status = Refusal(evaluation_);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("tail.json: about: expected an object, found string"));
}

TEST_F(RecordTest, ADamagedArtifactIsRefused) {
  fs::resize_file(tail() / "tail.safetensors", 100);
  EXPECT_EQ(Refusal(evaluation_).code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(RecordTest, AMissingFolderIsNotFound) {
  EXPECT_EQ(Record(evaluation_, folder_ / "none").code(),
            absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace sluice::train
