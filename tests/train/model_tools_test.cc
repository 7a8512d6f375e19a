// encode, decode, inspect and verify on artifacts of random weights.
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "common/artifact/codec_artifact.h"
#include "common/artifact/safetensors.h"
#include "common/base/file_io.h"
#include "common/codec/frame.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "models/train/tools/codec_files.h"
#include "models/train/tools/inspect.h"
#include "models/train/tools/verify.h"
#include "tests/model/tiny_models.h"
#include "tests/scratch_folder.h"
#include "tests/train/train_testing.h"

namespace sluice::train {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr int kSeed = 1;

// Artifacts are written once; every test has a folder of its own beside them.
class ModelToolsTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    shared_ = std::make_unique<testing::ScratchFolder>();
    const auto id = testing::WriteTinyCodec(codec(), kSeed);
    ASSERT_TRUE(id.ok()) << id.status();
    codec_id_ = *id;
    WriteTail(tail(), codec_id_);
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

  // A frame file of a small picture.
  fs::path MakeFrame() {
    const fs::path frame = folder_ / "frame";
    const auto text = EncodePictureFile(
        {.codec = codec(),
         .picture = folder_.Write("a.jpg", MakeJpeg(90, 70, 1)),
         .out = frame,
         .rate = 1,
         .view = {vision::ViewRule::Kind::kFit, {90, 70}}});
    EXPECT_TRUE(text.ok()) << text.status();
    return frame;
  }

  // Turns over one bit in the middle of a file.
  static void Damage(const fs::path& path) {
    std::vector<uint8_t> bytes = base::ReadFile(path, 1 << 26).value();
    bytes[bytes.size() / 2] ^= 1;
    ASSERT_TRUE(base::WriteFileAtomically(path, bytes).ok());
  }

  const testing::ScratchFolder folder_;
  static inline std::unique_ptr<testing::ScratchFolder> shared_;
  static inline std::string codec_id_;
};

class CodecFilesTest : public ModelToolsTest {};

TEST_F(CodecFilesTest, AFrameDecodesToFeaturesOfTheDeclaredShape) {
  const fs::path out = folder_ / "features.safetensors";
  const auto text =
      DecodeFrameFile({.codec = codec(), .frame = MakeFrame(), .out = out});
  ASSERT_TRUE(text.ok()) << text.status();
  EXPECT_THAT(*text, HasSubstr("rate 1, y_hat [8,12,12], features [32,12,12]"));
  const auto tensors = artifact::ReadSafetensors(out).value();
  EXPECT_THAT(tensors.at("y_hat").shape, ElementsAre(8, 12, 12));
  EXPECT_THAT(tensors.at("features").shape, ElementsAre(32, 12, 12));
}

TEST_F(CodecFilesTest, AnEntropicStudentsLatentIsAQuarterLessOne) {
  const fs::path student = folder_ / "student";
  ASSERT_TRUE(testing::WriteStudentCodec(student, kSeed).ok());
  const auto encoded =
      EncodePictureFile({.codec = student,
                         .picture = folder_.Write("a.jpg", MakeJpeg(90, 70, 1)),
                         .out = folder_ / "frame",
                         .rate = {},
                         .view = {vision::ViewRule::Kind::kFit, {90, 70}}});
  ASSERT_TRUE(encoded.ok()) << encoded.status();
  EXPECT_THAT(*encoded, HasSubstr("latent [24,23,23], 96x96"));
  const auto decoded = DecodeFrameFile({.codec = student,
                                        .frame = folder_ / "frame",
                                        .out = folder_ / "out.safetensors"});
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_THAT(*decoded,
              HasSubstr("rate 0, y_hat [24,23,23], features [32,12,12]"));
}

TEST_F(CodecFilesTest, WithoutARateTheDefaultCounts) {
  const auto text =
      EncodePictureFile({.codec = codec(),
                         .picture = folder_.Write("a.jpg", MakeJpeg(90, 70, 1)),
                         .out = folder_ / "frame",
                         .rate = {},
                         .view = {vision::ViewRule::Kind::kCrop, {64, 64}}});
  ASSERT_TRUE(text.ok()) << text.status();
  EXPECT_THAT(*text, HasSubstr("rate 0, latent [8,8,8], 64x64"));
}

TEST_F(CodecFilesTest, WithACapTheHighestRateThatFitsCounts) {
  const fs::path out = folder_ / "frame";
  EncodeFileOptions options = {
      .codec = codec(),
      .picture = folder_.Write("a.jpg", MakeJpeg(90, 70, 1)),
      .out = out,
      .rate = 0,
      .view = {vision::ViewRule::Kind::kCrop, {64, 64}}};
  ASSERT_TRUE(EncodePictureFile(options).ok());
  const auto lowest = static_cast<int>(fs::file_size(out));
  options.rate = 1;
  ASSERT_TRUE(EncodePictureFile(options).ok());
  const auto highest = static_cast<int>(fs::file_size(out));
  ASSERT_LT(lowest, highest);

  options.rate.reset();
  for (const auto& [cap, text] :
       {std::pair(highest, "rate 1"), std::pair(highest - 1, "rate 0"),
        std::pair(lowest, "rate 0")}) {
    options.max_bytes = cap;
    EXPECT_THAT(EncodePictureFile(options).value(), HasSubstr(text));
    EXPECT_LE(fs::file_size(out), static_cast<uintmax_t>(cap));
  }
  options.rate = 0;
  options.max_bytes = highest;
  EXPECT_THAT(EncodePictureFile(options).value(), HasSubstr("rate 0"));
}

TEST_F(CodecFilesTest, ACapThatNoFrameFitsIntoWritesNothing) {
  const auto text =
      EncodePictureFile({.codec = codec(),
                         .picture = folder_.Write("a.jpg", MakeJpeg(90, 70, 1)),
                         .out = folder_ / "frame",
                         .rate = {},
                         .max_bytes = 26});
  EXPECT_EQ(text.status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(text.status().message(), HasSubstr("into 26 bytes"));
  EXPECT_FALSE(fs::exists(folder_ / "frame"));
}

TEST_F(CodecFilesTest, ARateThatTheCodecHasNotIsRefused) {
  for (const int rate : {-1, 2}) {
    const auto text = EncodePictureFile(
        {.codec = codec(),
         .picture = folder_.Write("a.jpg", MakeJpeg(90, 70, 1)),
         .out = folder_ / "frame",
         .rate = rate});
    EXPECT_EQ(text.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(text.status().message(), HasSubstr("rates 0..1, found "));
  }
  EXPECT_FALSE(fs::exists(folder_ / "frame"));
}

TEST_F(CodecFilesTest, AFileThatIsNoPictureIsRefused) {
  const auto text =
      EncodePictureFile({.codec = codec(),
                         .picture = folder_.Write("a.jpg", "text"),
                         .out = folder_ / "frame",
                         .rate = {}});
  EXPECT_EQ(text.status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(CodecFilesTest, ADamagedFrameIsDataLossAndNamesTheFile) {
  const fs::path frame = MakeFrame();
  Damage(frame);
  const auto text = DecodeFrameFile(
      {.codec = codec(), .frame = frame, .out = folder_ / "out"});
  EXPECT_EQ(text.status().code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(text.status().message(), HasSubstr(frame.string()));
  EXPECT_FALSE(fs::exists(folder_ / "out"));
}

TEST_F(CodecFilesTest, AFrameOfAnotherCodecIsRefused) {
  std::vector<uint8_t> bytes;
  ASSERT_TRUE(codec::WriteFrame({.header = {.codec_short_id = 0x12345678,
                                            .rate = 0,
                                            .latent_height = 1,
                                            .latent_width = 1},
                                 .payload = {}},
                                bytes)
                  .ok());
  const auto text = DecodeFrameFile({.codec = codec(),
                                     .frame = folder_.Write("frame", bytes),
                                     .out = folder_ / "out"});
  EXPECT_EQ(text.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(text.status().message(), HasSubstr("12345678"));
}

class InspectTest : public ModelToolsTest {};

TEST_F(InspectTest, ACodecShowsIdentityAndRates) {
  const auto text = InspectArtifact(codec());
  ASSERT_TRUE(text.ok()) << text.status();
  EXPECT_THAT(*text, HasSubstr("codec tiny-1, family patch"));
  EXPECT_THAT(*text, HasSubstr("id " + codec_id_));
  EXPECT_THAT(*text, HasSubstr("latent 8 channels at 1/8"));
  EXPECT_THAT(*text, HasSubstr("bits per latent element"));
}

TEST_F(InspectTest, ATrimmedLatentIsToldSo) {
  const fs::path student = folder_ / "student";
  ASSERT_TRUE(testing::WriteStudentCodec(student, kSeed).ok());
  const auto text = InspectArtifact(student);
  ASSERT_TRUE(text.ok()) << text.status();
  EXPECT_THAT(*text, HasSubstr("latent 24 channels at 1/4 less 1"));
}

TEST_F(InspectTest, ATailShowsLabelsAndItsCodecs) {
  const auto text = InspectArtifact(tail());
  ASSERT_TRUE(text.ok()) << text.status();
  EXPECT_THAT(*text, HasSubstr("labels 1000"));
  EXPECT_THAT(*text, HasSubstr("for codec ids " + codec_id_));
}

TEST_F(InspectTest, AFrameShowsItsHeader) {
  const auto text = InspectArtifact(MakeFrame());
  ASSERT_TRUE(text.ok()) << text.status();
  EXPECT_THAT(*text, HasSubstr("codec short id " + codec_id_.substr(0, 8)));
  EXPECT_THAT(*text, HasSubstr("rate 1\nlatent 12 high, 12 wide"));
}

TEST_F(InspectTest, WhatIsNoArtifactIsRefused) {
  EXPECT_EQ(InspectArtifact(folder_ / "none").status().code(),
            absl::StatusCode::kNotFound);
  EXPECT_FALSE(InspectArtifact(folder_.path()).ok());
  EXPECT_FALSE(InspectArtifact(folder_.Write("empty", "")).ok());
  EXPECT_FALSE(
      InspectArtifact(folder_.Write("text", "not a frame at all")).ok());
}

class VerifyTest : public ModelToolsTest {};

TEST_F(VerifyTest, WholeArtifactsPass) {
  for (const VerifyOptions& options :
       {VerifyOptions{codec(), {}}, VerifyOptions{tail(), {}},
        VerifyOptions{tail(), codec()}, VerifyOptions{MakeFrame(), {}},
        VerifyOptions{MakeFrame(), codec()}}) {
    const auto text = VerifyArtifact(options);
    EXPECT_TRUE(text.ok()) << text.status();
  }
}

TEST_F(VerifyTest, AnEntropicStudentPassesBehindATail) {
  const fs::path student = folder_ / "student";
  const auto id = testing::WriteStudentCodec(student, kSeed);
  ASSERT_TRUE(id.ok()) << id.status();
  WriteTail(folder_ / "tail", *id);
  const auto text =
      VerifyArtifact({.artifact = folder_ / "tail", .codec = student});
  ASSERT_TRUE(text.ok()) << text.status();
  EXPECT_THAT(*text, HasSubstr("run behind codec student-1"));
}

TEST_F(VerifyTest, ADamagedFileOfACodecIsNamed) {
  for (const char* file : {"codec.json", "encoder.safetensors",
                           "tables.safetensors", "decoder.safetensors"}) {
    const fs::path copy = folder_ / file / "codec";
    fs::create_directories(copy.parent_path());
    fs::copy(codec(), copy);
    Damage(copy / file);
    const auto text = VerifyArtifact({copy, {}});
    EXPECT_EQ(text.status().code(), absl::StatusCode::kInvalidArgument) << file;
    EXPECT_THAT(text.status().message(), HasSubstr(file));
  }
}

TEST_F(VerifyTest, ADamagedTailIsNamed) {
  fs::copy(tail(), folder_ / "tail");
  Damage(folder_ / "tail" / "tail.safetensors");
  const auto text = VerifyArtifact({folder_ / "tail", {}});
  EXPECT_EQ(text.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(text.status().message(), HasSubstr("tail.safetensors"));
}

TEST_F(VerifyTest, ATailOfAnotherCodecIsRefused) {
  WriteTail(folder_ / "tail", std::string(64, 'a'));
  const auto text = VerifyArtifact({folder_ / "tail", codec()});
  EXPECT_EQ(text.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(text.status().message(), HasSubstr(codec_id_));
}

TEST_F(VerifyTest, ADamagedFrameIsDataLoss) {
  const fs::path frame = MakeFrame();
  Damage(frame);
  EXPECT_EQ(VerifyArtifact({frame, {}}).status().code(),
            absl::StatusCode::kDataLoss);
}

TEST_F(VerifyTest, NothingThereIsNotFound) {
  EXPECT_EQ(VerifyArtifact({folder_ / "none", {}}).status().code(),
            absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace sluice::train
