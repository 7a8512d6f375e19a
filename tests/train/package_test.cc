#include "models/train/tools/package.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "common/artifact/tail_artifact.h"
#include "tests/model/script_modules.h"
#include "tests/model/tiny_models.h"
#include "tests/scratch_folder.h"

namespace sluice::train {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class PackageTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    shared_ = std::make_unique<testing::ScratchFolder>();
    const auto first = testing::WriteTinyCodec(*shared_ / "first", 1);
    const auto second = testing::WriteStudentCodec(*shared_ / "second", 2);
    ASSERT_TRUE(first.ok() && second.ok());
    first_id_ = *first;
    second_id_ = *second;
  }
  static void TearDownTestSuite() { shared_.reset(); }

  PackageTest() {
    options_ = {.module = Module("  return x.mean([2, 3])"),
                .codecs = {*shared_ / "first"},
                .name = "own",
                .labels = {},
                .out = folder_ / "out"};
  }

  // A file whose forward has that body.
  fs::path Module(const std::string& body) {
    return folder_.Write(
        "my.pt", testing::MakeScriptModule("def forward(self, x):\n" + body));
  }

  void ExpectFails(absl::StatusCode code, const std::string& text) {
    const absl::Status status = PackageTorchScript(options_).status();
    EXPECT_EQ(status.code(), code);
    EXPECT_THAT(std::string(status.message()), HasSubstr(text));
    EXPECT_FALSE(fs::exists(folder_ / "out"));
  }
  void ExpectRefused(const std::string& body, const std::string& text) {
    options_.module = Module(body);
    ExpectFails(absl::StatusCode::kInvalidArgument, text);
  }

  const testing::ScratchFolder folder_;
  PackageOptions options_;
  static inline std::unique_ptr<testing::ScratchFolder> shared_;
  static inline std::string first_id_;
  static inline std::string second_id_;
};

TEST_F(PackageTest, TheFolderIsATailForEveryCodec) {
  options_.codecs.push_back(*shared_ / "second");
  const auto text = PackageTorchScript(options_);
  ASSERT_TRUE(text.ok()) << text.status();
  EXPECT_THAT(*text, HasSubstr("tail own"));
  EXPECT_THAT(*text, HasSubstr("for codec tiny-1, student-2"));
  EXPECT_THAT(*text, HasSubstr("224x224 pixels: output [32]"));
  const auto tail = artifact::LoadTail(options_.out);
  ASSERT_TRUE(tail.ok()) << tail.status();
  EXPECT_EQ(tail->spec.name, "own");
  EXPECT_EQ(tail->spec.task, "tensors");
  EXPECT_THAT(tail->spec.codec_ids, ElementsAre(first_id_, second_id_));
  EXPECT_THAT(tail->labels, IsEmpty());
}

TEST_F(PackageTest, TheFolderSaysWhatTheModuleReturns) {
  options_.module =
      Module("  return {'maps': x[:, :2], 'mean': x.mean([2, 3])}");
  ASSERT_TRUE(PackageTorchScript(options_).ok());
  const nlohmann::json expected = {
      {"224x224", {{"maps", {2, 28, 28}}, {"mean", {32}}}},
      {"320x256", {{"maps", {2, 32, 40}}, {"mean", {32}}}}};
  EXPECT_EQ(artifact::LoadTail(options_.out)->about["outputs"], expected);
}

TEST_F(PackageTest, LabelsAreKept) {
  options_.labels = folder_.Write("labels.txt", "bolt\nnut\n");
  const auto text = PackageTorchScript(options_);
  ASSERT_TRUE(text.ok()) << text.status();
  EXPECT_THAT(artifact::LoadTail(options_.out)->labels,
              ElementsAre("bolt", "nut"));
}

TEST_F(PackageTest, ALabelWithoutTextIsRefused) {
  options_.labels = folder_.Write("labels.txt", "bolt\n\nnut\n");
  ExpectFails(absl::StatusCode::kInvalidArgument, "labels: line 2");
}

TEST_F(PackageTest, MissingFilesAreNamed) {
  options_.labels = folder_ / "none.txt";
  ExpectFails(absl::StatusCode::kNotFound, "none.txt");
  options_.labels.clear();
  options_.codecs = {folder_ / "none"};
  ExpectFails(absl::StatusCode::kNotFound, "none");
  options_.module = folder_ / "none.pt";
  ExpectFails(absl::StatusCode::kNotFound, "none.pt");
}

TEST_F(PackageTest, WhatIsNoModuleIsRefused) {
  options_.module = folder_.Write("my.pt", "text");
  ExpectFails(absl::StatusCode::kInvalidArgument,
              "my.pt: expected a module as torch.jit.script");
  options_.module = folder_.Write("weights.pt", testing::MakeStateDict());
  ExpectFails(absl::StatusCode::kInvalidArgument, "torch.save(state_dict)");
}

TEST_F(PackageTest, AnExistingFolderIsLeftAlone) {
  folder_.Write("out/mine", "text");
  const absl::Status status = PackageTorchScript(options_).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kAlreadyExists);
  EXPECT_FALSE(fs::exists(folder_ / "out/tail.json"));
}

TEST_F(PackageTest, NamesAreChecked) {
  options_.name = "My tail";
  ExpectFails(absl::StatusCode::kInvalidArgument, "name: expected");
}

TEST_F(PackageTest, AModuleForOtherFeaturesIsRefused) {
  ExpectRefused("  assert x.size(1) == 64, 'expected 64 channels'\n  return x",
                "behind codec tiny-1, for 224x224 pixels: module of tail own: "
                "AssertionError: expected 64 channels");
  ExpectRefused("  return x.reshape(x.size(0), 32, 784)", "for 320x256 pixels");
}

TEST_F(PackageTest, OutputsOfAnotherKindAreRefused) {
  ExpectRefused("  return 'text'", "expected a tensor, a tuple or list");
  ExpectRefused("  return x.sum()", "expected a row for each of 2 samples");
  ExpectRefused("  return x[:1].mean([2, 3])", "found shape [1,32]");
}

TEST_F(PackageTest, ResultsThatDependOnTheBatchAreRefused) {
  ExpectRefused("  return x.mean([2, 3]).softmax(0)",
                "expected the same of a picture alone and in a batch of 2");
  ExpectRefused("  return x.reshape(x.size(0), -1)[:, :x.size(0)]",
                "found a difference");
}

}  // namespace
}  // namespace sluice::train
