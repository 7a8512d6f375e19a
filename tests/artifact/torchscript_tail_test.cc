// Tail folders that hold a module instead of weights.
#include <filesystem>
#include <string>
#include <vector>

#include "common/artifact/tail_artifact.h"
#include "tests/artifact/test_artifacts.h"

namespace sluice::artifact {
namespace {

namespace fs = std::filesystem;
using ::nlohmann::json;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

TailSpec MakeModuleSpec() {
  TailSpec spec = MakeTailSpec();
  spec.task = "tensors";
  spec.family = kTorchScriptFamily;
  return spec;
}

class TorchScriptTailTest : public FolderTest {
 protected:
  void SetUp() override {
    FolderTest::SetUp();
    ASSERT_TRUE(WriteWith(MakeModuleSpec(), {}).ok());
  }

  absl::Status WriteWith(const TailSpec& spec,
                         const std::vector<std::string>& labels) const {
    return WriteTorchScriptTail(folder_.path(), spec, labels, kModule,
                                {{"note", 1}});
  }
  absl::Status Load() const { return LoadTail(folder_.path()).status(); }
  absl::Status LoadWithField(const std::string& name, const json& value) const {
    json changed = ReadJson("tail.json");
    changed[name] = value;
    const std::string whole = Read("tail.json");
    Write("tail.json", changed.dump());
    const absl::Status status = Load();
    Write("tail.json", whole);
    return status;
  }

  // Its bytes are opaque here.
  static inline const std::vector<uint8_t> kModule = {'P', 'K', 0, 255, 7};
};

TEST_F(TorchScriptTailTest, RoundTripKeepsEverything) {
  const auto tail = LoadTail(folder_.path());
  ASSERT_TRUE(tail.ok()) << tail.status();
  EXPECT_TRUE(IsTorchScript(tail->spec));
  EXPECT_EQ(tail->spec.task, "tensors");
  EXPECT_EQ(tail->module, kModule);
  EXPECT_THAT(tail->weights, IsEmpty());
  EXPECT_THAT(tail->labels, IsEmpty());
  EXPECT_EQ(tail->about, json({{"note", 1}}));
  EXPECT_FALSE(fs::exists(folder_ / "labels.txt"));
}

TEST_F(TorchScriptTailTest, LabelsAreKeptWhereThereAreAny) {
  ASSERT_TRUE(WriteWith(MakeModuleSpec(), {"bolt", "nut"}).ok());
  EXPECT_THAT(LoadTail(folder_.path())->labels, ElementsAre("bolt", "nut"));
  fs::remove(folder_ / "labels.txt");
  EXPECT_THAT(Load(), IsInvalid("labels.txt: expected a file, found none"));
}

TEST_F(TorchScriptTailTest, LabelsGoWhenTheTailIsWrittenWithoutAny) {
  ASSERT_TRUE(WriteWith(MakeModuleSpec(), {"bolt", "nut"}).ok());
  ASSERT_TRUE(WriteWith(MakeModuleSpec(), {}).ok());
  EXPECT_TRUE(Load().ok());
}

TEST_F(TorchScriptTailTest, LabelsThatTheJsonDoesNotCountAreInvalid) {
  Write("labels.txt", "bolt\n");
  EXPECT_THAT(Load(), IsInvalid("labels.txt: expected 0 lines, as tail.json "
                                "says, found 1"));
}

TEST_F(TorchScriptTailTest, AnyFlippedBitOfTheModuleIsFound) {
  for (size_t i = 0; i < kModule.size(); ++i) {
    FlipByte("module.pt", i);
    EXPECT_THAT(Load(), IsInvalid("module.pt: expected SHA-256"));
    FlipByte("module.pt", i);
  }
}

TEST_F(TorchScriptTailTest, AMissingModuleIsNamed) {
  fs::remove(folder_ / "module.pt");
  EXPECT_THAT(Load(), IsInvalid("module.pt: expected a file, found none"));
}

TEST_F(TorchScriptTailTest, AModuleBeyondTheLimitIsNotRead) {
  fs::resize_file(folder_ / "module.pt", kMaxModuleBytes + 1);  // Sparse.
  EXPECT_EQ(Load().code(), absl::StatusCode::kResourceExhausted);
}

TEST_F(TorchScriptTailTest, WeightsAreNoSubstituteForAModule) {
  EXPECT_THAT(LoadWithField("family", "mobilenetv2"), IsInvalid("num_labels"));
  ASSERT_TRUE(WriteWith(MakeModuleSpec(), {"bolt"}).ok());
  EXPECT_THAT(LoadWithField("family", "mobilenetv2"),
              IsInvalid("tail.safetensors: expected a file, found none"));
}

TEST_F(TorchScriptTailTest, TheTaskIsTensors) {
  EXPECT_THAT(LoadWithField("task", "classification"),
              IsInvalid("tail.json: task: expected \"tensors\", as family is "
                        "\"torchscript\", found \"classification\""));
}

TEST_F(TorchScriptTailTest, WrongFieldsAreNamed) {
  EXPECT_THAT(LoadWithField("num_labels", -1), IsInvalid("num_labels"));
  EXPECT_THAT(LoadWithField("sha256", "abc"), IsInvalid("sha256"));
  EXPECT_THAT(LoadWithField("surplus", 1), IsInvalid("unknown field"));
}

TEST_F(TorchScriptTailTest, WhatWouldNotLoadIsNotWritten) {
  EXPECT_THAT(WriteWith(MakeTailSpec(), {}),
              IsInvalid("expected \"torchscript\", found \"mobilenetv2\""));
  TailSpec spec = MakeModuleSpec();
  spec.task = "detection";
  EXPECT_THAT(WriteWith(spec, {}), IsInvalid("tail spec: task"));
  spec = MakeModuleSpec();
  spec.name = "Upper";
  EXPECT_THAT(WriteWith(spec, {}), IsInvalid("tail spec: name"));
  EXPECT_THAT(WriteWith(MakeModuleSpec(), {"a", ""}), IsInvalid("line 2"));
  EXPECT_TRUE(Load().ok());
}

}  // namespace
}  // namespace sluice::artifact
