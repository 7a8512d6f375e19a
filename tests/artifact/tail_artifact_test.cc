#include "common/artifact/tail_artifact.h"

#include "tests/artifact/test_artifacts.h"

namespace sluice::artifact {
namespace {

namespace fs = std::filesystem;
using ::nlohmann::json;
using ::testing::ElementsAre;

class TailArtifactTest : public FolderTest {
 protected:
  void SetUp() override {
    FolderTest::SetUp();
    ASSERT_TRUE(
        WriteWith(MakeTailSpec(), {"tench", "caf\u00e9 \"noir\""}).ok());
  }

  absl::Status WriteWith(const TailSpec& spec,
                         const std::vector<std::string>& labels) const {
    return WriteTail(folder_.path(), spec, labels, MakeWeights(1),
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
};

TEST_F(TailArtifactTest, RoundTripKeepsEverything) {
  const auto tail = LoadTail(folder_.path());
  ASSERT_TRUE(tail.ok()) << tail.status();
  EXPECT_EQ(tail->spec.name, "imagenet");
  EXPECT_EQ(tail->spec.task, "classification");
  EXPECT_EQ(tail->spec.family, "mobilenetv2");
  EXPECT_THAT(tail->spec.codec_ids, ElementsAre(std::string(64, 'a')));
  EXPECT_EQ(tail->spec.network, json({{"classes", 2}}));
  EXPECT_EQ(tail->digest.size(), 64u);
  EXPECT_THAT(tail->labels, ElementsAre("tench", "caf\u00e9 \"noir\""));
  EXPECT_EQ(tail->weights.size(), 2u);
  EXPECT_EQ(tail->about, json({{"note", 1}}));
}

TEST_F(TailArtifactTest, AboutMayChangeAndTheRestStays) {
  json expected = ReadJson("tail.json");
  expected["about"] = {{"top1", 70.5}};
  ASSERT_TRUE(RewriteTailAbout(folder_.path(), {{"top1", 70.5}}).ok());
  EXPECT_EQ(ReadJson("tail.json"), expected);
  EXPECT_TRUE(Load().ok());
}

TEST_F(TailArtifactTest, AboutOfADamagedTailIsNotRewritten) {
  json value = ReadJson("tail.json");
  value["codec_ids"] = json::array();
  Write("tail.json", value.dump());
  EXPECT_THAT(RewriteTailAbout(folder_.path(), {}), IsInvalid("codec_ids"));
  EXPECT_EQ(ReadJson("tail.json"), value);
}

TEST_F(TailArtifactTest, NoSuchFolderIsNotFound) {
  EXPECT_TRUE(absl::IsNotFound(LoadTail(folder_ / "absent").status()));
  EXPECT_TRUE(absl::IsNotFound(RewriteTailAbout(folder_ / "absent", {})));
}

TEST_F(TailArtifactTest, MissingFilesAreNamed) {
  for (const char* file : {"labels.txt", "tail.safetensors", "tail.json"}) {
    const std::string whole = Read(file);
    fs::remove(folder_ / file);
    EXPECT_THAT(Load(),
                IsInvalid(std::string(file) + ": expected a file, found none"));
    Write(file, whole);
  }
}

TEST_F(TailArtifactTest, AnyFlippedBitOfTheWeightsIsFound) {
  const size_t size = Read("tail.safetensors").size();
  for (size_t i = 0; i < size; ++i) {
    FlipByte("tail.safetensors", i);
    EXPECT_THAT(Load(), IsInvalid("tail.safetensors: expected SHA-256"));
    FlipByte("tail.safetensors", i);
  }
}

TEST_F(TailArtifactTest, LabelsMustBeAsManyAsStated) {
  Write("labels.txt", "tench\n");
  EXPECT_THAT(Load(), IsInvalid("labels.txt: expected 2 lines, as tail.json "
                                "says, found 1"));
  Write("labels.txt", "tench\ngoldfish\nshark\n");
  EXPECT_THAT(Load(), IsInvalid("found 3"));
  Write("labels.txt", "");
  EXPECT_THAT(Load(), IsInvalid("found 0"));
  Write("labels.txt", "tench\ngoldfish");  // Without the last newline.
  EXPECT_TRUE(Load().ok());
}

TEST_F(TailArtifactTest, LabelsMustBePlainText) {
  Write("labels.txt", "\ngoldfish\n");
  EXPECT_THAT(Load(), IsInvalid("labels.txt: line 1: expected a label"));
  Write("labels.txt", "tench\nbad \xff utf-8\n");
  EXPECT_THAT(Load(), IsInvalid("labels.txt: line 2"));
  Write("labels.txt", "tench\r\ngoldfish\r\n");
  EXPECT_THAT(Load(), IsInvalid("found \"tench\\r\""));
  Write("labels.txt", std::string("te\0ch\ngoldfish\n", 15));
  EXPECT_THAT(Load(), IsInvalid("line 1"));
}

TEST_F(TailArtifactTest, EveryFieldIsNeeded) {
  const json whole = ReadJson("tail.json");
  for (const auto& [name, value] : whole.items()) {
    if (name == "about") continue;
    json missing = whole;
    missing.erase(name);
    Write("tail.json", missing.dump());
    EXPECT_THAT(Load(), IsInvalid("tail.json: " + name + ": expected"));
  }
}

TEST_F(TailArtifactTest, WrongFieldsAreNamed) {
  EXPECT_THAT(LoadWithField("name", "Upper"), IsInvalid("tail.json: name"));
  EXPECT_THAT(LoadWithField("task", 3), IsInvalid("task: expected a string"));
  EXPECT_THAT(LoadWithField("version", 2), IsInvalid("version"));
  EXPECT_THAT(LoadWithField("codec_ids", "x"), IsInvalid("an array"));
  EXPECT_THAT(LoadWithField("codec_ids", json::array()),
              IsInvalid("at least one, found none"));
  EXPECT_THAT(LoadWithField("codec_ids", {"abc"}), IsInvalid("codec_ids"));
  EXPECT_THAT(LoadWithField("codec_ids", {1, 2}), IsInvalid("codec_ids"));
  EXPECT_THAT(LoadWithField("network", 1), IsInvalid("an object"));
  EXPECT_THAT(LoadWithField("sha256", "abc"), IsInvalid("sha256"));
  EXPECT_THAT(LoadWithField("num_labels", -2), IsInvalid("num_labels"));
  EXPECT_THAT(LoadWithField("num_labels", 0), IsInvalid("num_labels"));
  EXPECT_THAT(LoadWithField("surplus", 1), IsInvalid("unknown field"));
  EXPECT_TRUE(LoadWithField("about", nullptr).ok());
}

TEST_F(TailArtifactTest, EveryTruncationOfTheJsonIsInvalid) {
  const std::string whole = Read("tail.json");
  for (size_t length = 0; length + 2 < whole.size(); ++length) {
    Write("tail.json", whole.substr(0, length));
    EXPECT_THAT(Load(), IsInvalid("tail.json: expected JSON"));
  }
}

TEST_F(TailArtifactTest, WhatWouldNotLoadIsNotWritten) {
  EXPECT_THAT(WriteWith(MakeTailSpec(), {}), IsInvalid("num_labels"));
  EXPECT_THAT(WriteWith(MakeTailSpec(), {"a", ""}), IsInvalid("line 2"));
  EXPECT_THAT(WriteWith(MakeTailSpec(), {"a\nb"}), IsInvalid("line 1"));
  TailSpec spec = MakeTailSpec();
  spec.codec_ids.clear();
  EXPECT_THAT(WriteWith(spec, {"a"}), IsInvalid("tail spec: codec_ids"));
  EXPECT_TRUE(Load().ok());
}

TEST_F(TailArtifactTest, WeightsAreNotWrittenForATorchScriptTail) {
  TailSpec spec = MakeTailSpec();
  spec.family = kTorchScriptFamily;
  EXPECT_THAT(WriteWith(spec, {"a"}), IsInvalid("expected one with weights"));
  EXPECT_TRUE(Load().ok());
}

TEST_F(TailArtifactTest, KindIsToldByTheJsonFile) {
  EXPECT_EQ(KindOf(folder_.path()).value(), ArtifactKind::kTail);
  Write("codec.json", "{}");
  EXPECT_THAT(KindOf(folder_.path()).status(), IsInvalid("found both"));
  fs::remove(folder_ / "tail.json");
  EXPECT_EQ(KindOf(folder_.path()).value(), ArtifactKind::kCodec);
  fs::remove(folder_ / "codec.json");
  EXPECT_THAT(KindOf(folder_.path()).status(), IsInvalid("found neither"));
  EXPECT_TRUE(absl::IsNotFound(KindOf(folder_ / "absent").status()));
}

}  // namespace
}  // namespace sluice::artifact
