#include "server/model_store.h"

#include <filesystem>

#include "gmock/gmock.h"
#include "tests/scratch_folder.h"
#include "tests/server/server_testing.h"

namespace sluice::server {
namespace {

using ::testing::HasSubstr;

std::vector<LoadedCodec> Codecs(std::vector<char> digits) {
  std::vector<LoadedCodec> codecs;
  for (const char digit : digits) {
    codecs.push_back(MakeTestCodec(std::string("codec-") + digit, digit));
  }
  return codecs;
}

std::vector<LoadedTail> Tails(std::vector<std::string> names, char digit) {
  std::vector<LoadedTail> tails;
  for (const std::string& name : names) {
    tails.push_back(
        MakeTestTail(name, {TestCodecId(digit)}, std::make_unique<MeanTail>()));
  }
  return tails;
}

TEST(ModelStoreTest, FindsWhatIsLoaded) {
  const auto store =
      ModelStore::Create(Codecs({'a', 'b'}), Tails({"one", "two"}, 'b'), "two");
  ASSERT_TRUE(store.ok()) << store.status();
  EXPECT_EQ(store->FindCodec(TestCodecId('b'))->artifact.spec.name, "codec-b");
  EXPECT_EQ(store->FindCodecByShortId(0xaaaaaaaa)->artifact.spec.name,
            "codec-a");
  EXPECT_EQ(store->FindTail("one")->name(), "one");
  EXPECT_EQ(store->default_tail().name(), "two");
  EXPECT_EQ(store->FindCodec("aaaa"), nullptr);
  EXPECT_EQ(store->FindCodecByShortId(1), nullptr);
  EXPECT_EQ(store->FindTail(""), nullptr);
}

TEST(ModelStoreTest, FirstTailIsTheDefault) {
  const auto store =
      ModelStore::Create(Codecs({'a'}), Tails({"one", "two"}, 'a'), "");
  ASSERT_TRUE(store.ok());
  EXPECT_EQ(store->default_tail().name(), "one");
}

TEST(ModelStoreTest, FirstClassificationIsTheDefaultBehindOtherTasks) {
  std::vector<LoadedTail> tails = Tails({"boxes", "one", "two"}, 'a');
  tails.front().artifact.spec.task = "detection";
  const auto store = ModelStore::Create(Codecs({'a'}), std::move(tails), "");
  ASSERT_TRUE(store.ok()) << store.status();
  EXPECT_EQ(store->default_tail().name(), "one");
}

TEST(ModelStoreTest, UnknownDefaultTailIsNotFoundAndListsTheLoaded) {
  const absl::Status status =
      ModelStore::Create(Codecs({'a'}), Tails({"one"}, 'a'), "three").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(status.message()), HasSubstr("loaded: one"));
}

TEST(ModelStoreTest, TailsOfUnknownTasksAreRefused) {
  std::vector<LoadedTail> tails = Tails({"one"}, 'a');
  tails[0].artifact.spec.task = "poetry";
  const absl::Status status =
      ModelStore::Create(Codecs({'a'}), std::move(tails), "").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("tail \"one\": unknown task \"poetry\""));
}

TEST(ModelStoreTest, TailsLearnTheirTask) {
  std::vector<LoadedTail> tails = Tails({"one"}, 'a');
  tails[0].artifact.spec.task = "detection";
  const auto store = ModelStore::Create(Codecs({'a'}), std::move(tails), "");
  ASSERT_TRUE(store.ok()) << store.status();
  EXPECT_EQ(store->tails()[0].task, TailTask::kDetection);
}

TEST(ModelStoreTest, MoreClassesThanAMaskHoldsAreRefused) {
  std::vector<LoadedTail> tails = Tails({"one"}, 'a');
  tails[0].artifact.spec.task = "segmentation";
  tails[0].artifact.labels.assign(256, "label");
  const absl::Status status =
      ModelStore::Create(Codecs({'a'}), std::move(tails), "").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("has 256 labels, expected at most 255"));
}

TEST(ModelStoreTest, NothingToServeIsRefused) {
  EXPECT_EQ(ModelStore::Create({}, Tails({"one"}, 'a'), "").status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ModelStore::Create(Codecs({'a'}), {}, "").status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(ModelStoreTest, SameCodecTwiceIsRefused) {
  const absl::Status status =
      ModelStore::Create(Codecs({'a', 'a'}), Tails({"one"}, 'a'), "").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("same id"));
}

TEST(ModelStoreTest, CollidingShortIdsAreRefusedNamingBoth) {
  std::vector<LoadedCodec> codecs = Codecs({'a', 'b'});
  codecs[1].artifact.id = "aaaaaaaa" + std::string(56, 'b');
  codecs[1].artifact.short_id = 0xaaaaaaaa;
  const absl::Status status =
      ModelStore::Create(std::move(codecs), Tails({"one"}, 'a'), "").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("short id"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("codec-a"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("codec-b"));
}

TEST(ModelStoreTest, TwoTailsOfOneNameAreRefused) {
  const absl::Status status =
      ModelStore::Create(Codecs({'a'}), Tails({"one", "one"}, 'a'), "")
          .status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("\"one\""));
}

TEST(ModelStoreTest, TailForNoLoadedCodecIsRefusedNamingBothIds) {
  const absl::Status status =
      ModelStore::Create(Codecs({'a'}), Tails({"one"}, 'c'), "").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr(TestCodecId('a')));
  EXPECT_THAT(std::string(status.message()), HasSubstr(TestCodecId('c')));
}

class ModelStoreLoadTest : public ::testing::Test {
 protected:
  absl::StatusOr<ModelStore> LoadStore(const std::filesystem::path& path) {
    const NetworkLoader loader = {
        [](const auto&) { return std::make_unique<TestDecoder>(); },
        [](const auto&) { return std::make_unique<MeanTail>(); }};
    return ModelStore::Load({&path, 1}, loader, "");
  }
  absl::Status Load(const std::filesystem::path& path) {
    return LoadStore(path).status();
  }

  // A codec and a tail for it.
  void WriteZoo() {
    LoadedCodec codec = MakeTestCodec("codec-a", 'a');
    codec.artifact.spec.encoder = nlohmann::json::object();
    codec.artifact.spec.decoder = nlohmann::json::object();
    const artifact::TensorMap weights = {
        {"w", artifact::MakeInts(std::vector<int32_t>{1, 2, 3}, {3})}};
    const auto id =
        artifact::WriteCodec(folder_ / "codec", codec.artifact.spec,
                             codec.artifact.tables, weights, weights, nullptr);
    ASSERT_TRUE(id.ok()) << id.status();
    LoadedTail tail = MakeTestTail("one", {*id}, nullptr);
    tail.artifact.spec.family = "test";
    tail.artifact.spec.network = nlohmann::json::object();
    const absl::Status written =
        artifact::WriteTail(folder_ / "one", tail.artifact.spec,
                            tail.artifact.labels, weights, nullptr);
    ASSERT_TRUE(written.ok()) << written;
  }

  const testing::ScratchFolder folder_;
};

TEST_F(ModelStoreLoadTest, MissingFolderIsNotFound) {
  const absl::Status status = Load(folder_ / "absent");
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(status.message()), HasSubstr("absent"));
}

TEST_F(ModelStoreLoadTest, FolderWithoutArtifactsIsNotFound) {
  std::filesystem::create_directories(folder_ / "pictures");
  const absl::Status status = Load(folder_.path());
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(status.message()), HasSubstr("codec.json"));
}

TEST_F(ModelStoreLoadTest, CodecComesWithItsDeviceHalfAndKnownAnswer) {
  WriteZoo();
  const auto store = LoadStore(folder_.path());
  ASSERT_TRUE(store.ok()) << store.status();
  const LoadedCodec& codec = store->codecs()[0];
  ASSERT_EQ(codec.device_half.size(), 3u);
  EXPECT_EQ(codec.device_half[0].name, "codec.json");
  EXPECT_TRUE(codec::CheckKnownAnswer(
                  codec.known_answer.frame, codec.known_answer.symbols_crc32c,
                  codec.artifact.tables, codec.artifact.short_id)
                  .ok());
}

TEST_F(ModelStoreLoadTest, CodecWithoutEncoderHasNoDeviceHalf) {
  WriteZoo();
  std::filesystem::remove(folder_ / "codec/encoder.safetensors");
  const auto store = LoadStore(folder_.path());
  ASSERT_TRUE(store.ok()) << store.status();
  EXPECT_TRUE(store->codecs()[0].device_half.empty());
}

TEST_F(ModelStoreLoadTest, DamagedEncoderIsRefusedNamingIt) {
  WriteZoo();
  folder_.Write("codec/encoder.safetensors", "garbage");
  const absl::Status status = Load(folder_.path());
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("encoder.safetensors"));
}

TEST_F(ModelStoreLoadTest, BrokenArtifactOfAZooIsAnErrorNamingIt) {
  folder_.Write("broken/codec.json", "{");
  const absl::Status status = Load(folder_.path());
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("broken"));
}

}  // namespace
}  // namespace sluice::server
