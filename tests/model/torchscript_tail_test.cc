#include "common/model/torchscript_tail.h"

#include <c10/core/ScalarType.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/model/script_modules.h"

namespace sluice::model {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

// Two samples, the first of ones and the second of twos.
base::FloatTensor Features() {
  base::FloatTensor features = {.shape = {2, 32, 4, 8},
                                .values = std::vector<float>(2 * 32 * 32, 1)};
  std::fill(features.values.begin() + 32 * 32, features.values.end(), 2.0f);
  return features;
}

artifact::TailArtifact Artifact(std::vector<uint8_t> module) {
  artifact::TailArtifact tail;
  tail.spec.name = "own";
  tail.spec.task = "tensors";
  tail.spec.family = artifact::kTorchScriptFamily;
  tail.module = std::move(module);
  return tail;
}

// What forward returns, given its body.
absl::StatusOr<std::vector<NamedTensor>> RunBody(const std::string& body) {
  const auto tail = LoadTorchScriptTail(
      Artifact(testing::MakeScriptModule("def forward(self, x):\n" + body)));
  if (!tail.ok()) return tail.status();
  return (*tail)->Run(Features());
}

void ExpectFails(const std::string& body, const std::string& text) {
  const auto outputs = RunBody(body);
  EXPECT_EQ(outputs.status().code(), absl::StatusCode::kInternal) << body;
  const std::string message(outputs.status().message());
  EXPECT_THAT(message, HasSubstr("module of tail own: "));
  EXPECT_THAT(message, HasSubstr(text));
  EXPECT_THAT(message, Not(HasSubstr("\n")));
}

void ExpectRefused(std::vector<uint8_t> module, const std::string& text) {
  const auto tail = LoadTorchScriptTail(Artifact(std::move(module)));
  EXPECT_EQ(tail.status().code(), absl::StatusCode::kInvalidArgument);
  const std::string message(tail.status().message());
  EXPECT_THAT(message, HasSubstr(text));
  EXPECT_THAT(message, Not(HasSubstr("\n")));
}

std::vector<std::string> NamesOf(const std::string& body) {
  const auto outputs = RunBody(body);
  EXPECT_TRUE(outputs.ok()) << outputs.status();
  std::vector<std::string> names;
  if (outputs.ok()) {
    for (const NamedTensor& output : *outputs) names.push_back(output.name);
  }
  return names;
}

TEST(TorchScriptTailTest, ATensorIsTheOutput) {
  const auto outputs = RunBody("  return x.sum([1, 2, 3])");
  ASSERT_TRUE(outputs.ok()) << outputs.status();
  ASSERT_EQ(outputs->size(), 1u);
  EXPECT_EQ(outputs->front().name, "output");
  EXPECT_THAT(outputs->front().tensor.shape, ElementsAre(2));
  EXPECT_THAT(outputs->front().tensor.values, ElementsAre(1024, 2048));
}

TEST(TorchScriptTailTest, ParametersComeFromTheArchive) {
  const auto outputs =
      RunBody("  return torch.matmul(x.mean([2, 3]), self.weight)");
  ASSERT_TRUE(outputs.ok()) << outputs.status();
  const base::FloatTensor& tensor = outputs->front().tensor;
  EXPECT_THAT(tensor.shape, ElementsAre(2, 3));
  EXPECT_NE(tensor.values[0], 0);
  EXPECT_NEAR(tensor.values[3], 2 * tensor.values[0], 1e-4);
}

TEST(TorchScriptTailTest, TuplesAndListsAreNumbered) {
  EXPECT_THAT(NamesOf("  return x, x + 1"), ElementsAre("output0", "output1"));
  EXPECT_THAT(NamesOf("  return [x, x, x]"),
              ElementsAre("output0", "output1", "output2"));
}

TEST(TorchScriptTailTest, ADictGivesItsKeysSorted) {
  EXPECT_THAT(NamesOf("  return {'scores': x, 'boxes': x + 1}"),
              ElementsAre("boxes", "scores"));
}

TEST(TorchScriptTailTest, OtherRealTypesBecomeFloats) {
  for (const at::ScalarType type : {at::kLong, at::kDouble, at::kBool,
                                    at::kByte, at::kHalf, at::kBFloat16}) {
    const auto outputs = RunBody(absl::StrCat(
        "  return x[:, 0, 0, 0].to(dtype=", static_cast<int>(type), ")"));
    ASSERT_TRUE(outputs.ok()) << outputs.status();
    EXPECT_EQ(outputs->front().tensor.values[0], 1) << type;
  }
}

TEST(TorchScriptTailTest, AViewComesInRowMajorOrder) {
  const auto outputs = RunBody("  return x[:, 0].permute(0, 2, 1)");
  ASSERT_TRUE(outputs.ok()) << outputs.status();
  EXPECT_THAT(outputs->front().tensor.shape, ElementsAre(2, 8, 4));
  EXPECT_EQ(outputs->front().tensor.values.size(), 64u);
}

TEST(TorchScriptTailTest, FeaturesStayAsTheyAreWhateverTheModuleWrites) {
  const auto tail = LoadTorchScriptTail(Artifact(testing::MakeScriptModule(
      "def forward(self, x):\n  x.zero_()\n  return x")));
  ASSERT_TRUE(tail.ok()) << tail.status();
  const base::FloatTensor features = Features();
  ASSERT_TRUE((*tail)->Run(features).ok());
  EXPECT_EQ(features.values, Features().values);
}

TEST(TorchScriptTailTest, DropoutIsOff) {
  const auto outputs = RunBody("  return torch.dropout(x, 0.5, self.training)");
  ASSERT_TRUE(outputs.ok()) << outputs.status();
  EXPECT_EQ(outputs->front().tensor.values, Features().values);
}

TEST(TorchScriptTailTest, OtherOutputsAreRefused) {
  ExpectFails("  return 3", "expected a tensor, a tuple or list of tensors");
  ExpectFails("  return 'text'", "found str");
  ExpectFails("  return {1: x}", "found Dict(int, Tensor)");
  ExpectFails("  return x, 3", "output1 of type Int");
  ExpectFails("  return {'a': (x, x)}", "a of type Tuple");
  ExpectFails("  return [[x]]", "output0 of type");
  ExpectFails("  pass", "found NoneType");
}

TEST(TorchScriptTailTest, TheNumberOfOutputsIsBounded) {
  ExpectFails("  return [x[:, 0] for i in range(0)]",
              "expected 1 to 64 tensors, found 0");
  ExpectFails("  return [x[:, 0] for i in range(65)]", "found 65");
  EXPECT_EQ(NamesOf("  return [x[:, 0] for i in range(64)]").size(), 64u);
}

TEST(TorchScriptTailTest, EverySampleHasARow) {
  ExpectFails("  return x.sum()",
              "output: expected a row for each of 2 samples, found shape []");
  ExpectFails("  return x.sum([0])", "found shape [32,4,8]");
  ExpectFails("  return x, torch.cat([x, x])",
              "output1: expected a row for each of 2 samples, found shape "
              "[4,32,4,8]");
}

TEST(TorchScriptTailTest, OtherKindsOfTensorsAreRefused) {
  ExpectFails("  return torch.complex(x, x)", "expected a dense real tensor");
  ExpectFails("  return x.to_sparse()", "expected a dense real tensor");
  ExpectFails("  return torch.empty([2], device='meta')", "on meta");
}

TEST(TorchScriptTailTest, NamesMustBePrintable) {
  ExpectFails("  return {'': x}", "expected names of 1 to 64 printable");
  ExpectFails("  return {'" + std::string(65, 'a') + "': x}", "1 to 64");
  ExpectFails("  return {'a\\tb': x}", "printable characters, found \"a");
}

TEST(TorchScriptTailTest, WhatTheModuleRaisesIsToldInOneLine) {
  ExpectFails("  return torch.matmul(x, torch.ones([5, 5]))", "5");
  ExpectFails("  assert x.size(1) == 64, 'expected 64 channels'\n  return x",
              "expected 64 channels");
  ExpectFails("  return x.cuda()", "cuda");
}

TEST(TorchScriptTailTest, WhatTheModuleRaisesIsBoundedAndPrintable) {
  const absl::Status status = RunBody("  assert x.size(1) == 1, 'caf\xff' + '" +
                                      std::string(5000, 'a') + "'\n  return x")
                                  .status();
  EXPECT_THAT(std::string(status.message()), HasSubstr("caf?aaa"));
  EXPECT_LT(status.message().size(), 600u);
}

TEST(TorchScriptTailTest, FeaturesOfAnotherRankAreRefused) {
  const auto tail = LoadTorchScriptTail(
      Artifact(testing::MakeScriptModule("def forward(self, x):\n  return x")));
  ASSERT_TRUE(tail.ok()) << tail.status();
  EXPECT_EQ((*tail)
                ->Run({.shape = {2, 3}, .values = std::vector<float>(6)})
                .status()
                .code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(TorchScriptTailTest, AModuleThatTakesMoreIsRefused) {
  const auto tail = LoadTorchScriptTail(Artifact(
      testing::MakeScriptModule("def forward(self, x, y):\n  return x + y")));
  ASSERT_TRUE(tail.ok()) << tail.status();
  const absl::Status status = (*tail)->Run(Features()).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
  EXPECT_THAT(std::string(status.message()), HasSubstr("'y'"));
}

TEST(TorchScriptTailTest, WhatIsNoArchiveIsRefused) {
  const std::string expected =
      "expected a module as torch.jit.script(module).save(path) writes it";
  ExpectRefused({}, expected);
  ExpectRefused({'P', 'K', 3, 4}, expected);
  ExpectRefused(std::vector<uint8_t>(5000, 'x'), expected);
}

TEST(TorchScriptTailTest, AStateDictIsToldFromAModule) {
  ExpectRefused(testing::MakeStateDict(), "torch.save(state_dict)");
}

TEST(TorchScriptTailTest, ATruncatedArchiveIsRefused) {
  const std::vector<uint8_t> whole =
      testing::MakeScriptModule("def forward(self, x):\n  return x");
  for (size_t size = 0; size < whole.size(); size += 97) {
    ExpectRefused({whole.begin(), whole.begin() + size}, "expected a module");
  }
}

TEST(TorchScriptTailTest, AModuleWithoutForwardIsRefused) {
  ExpectRefused(testing::MakeScriptModule("def run(self, x):\n  return x"),
                "expected a module with a method forward");
}

TEST(TorchScriptTailTest, OnlyWhoAllowsTorchScriptGetsIt) {
  const artifact::TailArtifact artifact =
      Artifact(testing::MakeScriptModule("def forward(self, x):\n  return x"));
  const absl::Status refused =
      LoadAnyTail(artifact, TorchScriptRule::kRefused).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(refused.message()), HasSubstr("tail own"));
  EXPECT_THAT(std::string(refused.message()), HasSubstr("--allow-torchscript"));
  EXPECT_TRUE(LoadAnyTail(artifact, TorchScriptRule::kAllowed).ok());
}

TEST(TorchScriptTailTest, OtherFamiliesNeedNoPermission) {
  artifact::TailArtifact artifact;
  artifact.spec.name = "own";
  artifact.spec.family = "unheard-of";
  EXPECT_EQ(LoadAnyTail(artifact, TorchScriptRule::kRefused).status().code(),
            LoadTailNetwork(artifact).status().code());
}

}  // namespace
}  // namespace sluice::model
