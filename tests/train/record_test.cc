// The figures of an evaluation in codec.json and tail.json.
#include "models/train/record.h"

#include <string>

#include "common/artifact/codec_artifact.h"
#include "common/artifact/tail_artifact.h"
#include "common/base/file_io.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tests/model/tiny_models.h"
#include "tests/scratch_folder.h"

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
    report_.codec_name = "tiny-1";
    report_.codec_id = *id;
    report_.tail_name = "tiny";
    report_.data = "val.tar";
    report_.view = "crop:224/227";
    report_.num_images = 3;
    report_.uncompressed.top1 = 2.0 / 3;
    report_.points.push_back({.rate = 1,
                              .cost = {.bytes_mean = 1996.26},
                              .score = {.top1 = 0.5, .kl_to_teacher = {}}});
    report_.compute.encoder_mmac_224 = 129.84;
  }

  fs::path codec() const { return folder_ / "codec"; }
  fs::path tail() const { return folder_ / "tail"; }

  static std::string Read(const fs::path& file) {
    const auto bytes = base::ReadFile(file, 1u << 20);
    return bytes.ok() ? std::string(bytes->begin(), bytes->end()) : "";
  }

  // Fails to record, leaving both files as they are.
  absl::Status Refusal(const EvalReport& report) const {
    const std::string before =
        Read(codec() / "codec.json") + Read(tail() / "tail.json");
    const absl::Status status = RecordReport(report, codec(), tail());
    EXPECT_FALSE(status.ok());
    EXPECT_EQ(before,
              Read(codec() / "codec.json") + Read(tail() / "tail.json"));
    return status;
  }

  const testing::ScratchFolder folder_;
  EvalReport report_;
};

TEST_F(RecordTest, FiguresAreKeptAndTheIdStays) {
  ASSERT_TRUE(artifact::RewriteCodecAbout(codec(), {{"recipe", "tiny"}}).ok());
  ASSERT_TRUE(
      artifact::RewriteTailAbout(tail(), {{"measured", "before"}}).ok());
  const absl::Status recorded = RecordReport(report_, codec(), tail());
  ASSERT_TRUE(recorded.ok()) << recorded;
  Json expected = {
      {"data", "val.tar"},
      {"view", "crop:224/227"},
      {"num_images", 3},
      {"uncompressed_top1", 0.6667},
      {"points", {{{"rate", 1}, {"frame_bytes_mean", 1996.3}, {"top1", 0.5}}}}};

  const auto loaded_tail = artifact::LoadTail(tail());
  ASSERT_TRUE(loaded_tail.ok()) << loaded_tail.status();
  expected["codec"] = "tiny-1";
  EXPECT_EQ(loaded_tail->about, Json({{"measured", expected}}));

  const auto loaded = artifact::LoadCodec(codec(), artifact::CodecHalf::kBoth);
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_EQ(loaded->id, report_.codec_id);
  expected.erase("codec");
  expected["tail"] = "tiny";
  expected["encoder_mmac_224"] = 129.8;
  EXPECT_EQ(loaded->about, Json({{"recipe", "tiny"}, {"measured", expected}}));
}

TEST_F(RecordTest, ATeacherIsKeptWhenThereWasOne) {
  report_.teacher = {.top1 = 0.78678, .kl_to_teacher = {}};
  ASSERT_TRUE(RecordReport(report_, codec(), tail()).ok());
  const auto loaded = artifact::LoadCodec(codec(), artifact::CodecHalf::kBoth);
  EXPECT_EQ(loaded->about["measured"]["teacher_top1"], 0.7868);
}

TEST_F(RecordTest, FiguresOfAnotherCodecAreRefusedWithBothIds) {
  EvalReport other = report_;
  other.codec_id = std::string(64, 'a');
  const absl::Status status = Refusal(other);
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr(other.codec_id));
  EXPECT_THAT(std::string(status.message()), HasSubstr(report_.codec_id));
}

TEST_F(RecordTest, AnAboutThatIsNoObjectIsRefusedAndNamed) {
  ASSERT_TRUE(artifact::RewriteTailAbout(tail(), "words").ok());
  const absl::Status status = Refusal(report_);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("tail.json: about: expected an object, found string"));
}

TEST_F(RecordTest, ADamagedArtifactIsRefused) {
  fs::resize_file(tail() / "tail.safetensors", 100);
  EXPECT_EQ(Refusal(report_).code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(RecordTest, AMissingFolderIsNotFound) {
  EXPECT_EQ(RecordReport(report_, codec(), folder_ / "none").code(),
            absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace sluice::train
