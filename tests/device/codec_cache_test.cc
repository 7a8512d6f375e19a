#include "device/codec_cache.h"

#include <signal.h>
#include <sys/resource.h>

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "device/server_channel.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/device/served_codec.h"

namespace sluice::device {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

class CodecCacheTest : public ::testing::Test {
 protected:
  CodecCacheTest() { served_.OfferAt(&server_); }

  absl::StatusOr<artifact::CodecArtifact> Fetch() {
    const auto stub =
        v1::Inference::NewStub(OpenChannel(server_.address(), {}));
    return cache_.Fetch(stub.get(), served_.id);
  }
  absl::Status FetchError(std::vector<v1::CodecChunk> chunks) {
    ServedCodec::Send(&server_, std::move(chunks));
    return Fetch().status();
  }
  // Names in the cache but the lock's.
  std::vector<std::string> Entries() const {
    std::vector<std::string> names;
    if (!fs::exists(folder_ / "cache")) return names;
    for (const auto& entry : fs::directory_iterator(folder_ / "cache")) {
      if (entry.path().filename() != ".lock") {
        names.push_back(entry.path().filename());
      }
    }
    return names;
  }

  const ServedCodec served_;
  TestServer server_;
  const testing::ScratchFolder folder_;
  const CodecCache cache_{folder_ / "cache"};
};

TEST_F(CodecCacheTest, FetchedCodecLoadsLaterWithoutAServer) {
  EXPECT_EQ(cache_.Load(served_.id).status().code(),
            absl::StatusCode::kNotFound);
  const auto fetched = Fetch();
  ASSERT_TRUE(fetched.ok()) << fetched.status();
  EXPECT_EQ(fetched->id, served_.id);
  server_.Kill();
  const auto loaded = cache_.Load(served_.id);
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_EQ(loaded->id, served_.id);
  EXPECT_THAT(Entries(), ElementsAre(served_.id));
}

TEST_F(CodecCacheTest, WhatIsNoIdIsNoPath) {
  for (const char* id : {"", "..", "../../etc", "ABCDEF", "0123"}) {
    EXPECT_EQ(cache_.Load(id).status().code(),
              absl::StatusCode::kInvalidArgument)
        << id;
  }
}

TEST_F(CodecCacheTest, EveryDamagedByteIsDataLossAndLeavesNothing) {
  for (size_t file = 0; file < 3; ++file) {
    ServedCodec damaged = served_;
    damaged.files[file].bytes[damaged.files[file].bytes.size() / 2] ^= 1;
    EXPECT_EQ(FetchError(damaged.Chunks()).code(), absl::StatusCode::kDataLoss)
        << damaged.files[file].name;
    EXPECT_THAT(Entries(), ElementsAre());
  }
}

TEST_F(CodecCacheTest, AnotherCodecThanAskedForNamesBothIds) {
  const ServedCodec other(7);
  const absl::Status status = FetchError(other.Chunks());
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(status.message()), HasSubstr(other.id));
  EXPECT_THAT(std::string(status.message()), HasSubstr(served_.id));
  EXPECT_THAT(Entries(), ElementsAre());
}

TEST_F(CodecCacheTest, HostileStreamsLeaveNothing) {
  std::vector<v1::CodecChunk> chunks = served_.Chunks();
  std::vector<v1::CodecChunk> torn(chunks.begin(), chunks.end() - 1);
  EXPECT_EQ(FetchError(torn).code(), absl::StatusCode::kDataLoss);
  std::vector<v1::CodecChunk> doubled = chunks;
  doubled.insert(doubled.begin(), chunks[0]);
  EXPECT_EQ(FetchError(doubled).code(), absl::StatusCode::kDataLoss);
  std::vector<v1::CodecChunk> oversized = chunks;
  oversized[0].set_file_bytes(uint64_t{1} << 40);
  EXPECT_EQ(FetchError(oversized).code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(Entries(), ElementsAre());
}

TEST_F(CodecCacheTest, EndlessStreamIsLeft) {
  server_.fetch = [this](const auto&, auto* writer) {
    const v1::CodecChunk chunk = served_.Chunks()[0];
    while (writer->Write(chunk)) {
    }
    return grpc::Status::OK;
  };
  EXPECT_EQ(Fetch().status().code(), absl::StatusCode::kDataLoss);
}

TEST_F(CodecCacheTest, ServerWithoutTheCodecIsAMismatch) {
  server_.fetch = nullptr;
  EXPECT_EQ(Fetch().status().code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(CodecCacheTest, DamagedEntryIsReplaced) {
  ASSERT_TRUE(Fetch().ok());
  folder_.Write("cache/" + served_.id + "/encoder.safetensors",
                std::string_view("torn"));
  EXPECT_EQ(cache_.Load(served_.id).status().code(),
            absl::StatusCode::kInvalidArgument);
  ASSERT_TRUE(Fetch().ok());
  EXPECT_TRUE(cache_.Load(served_.id).ok());
}

TEST_F(CodecCacheTest, DownloadsThatDiedAreSwept) {
  folder_.Write("cache/fetch-abc123/codec.json", std::string_view("{"));
  ASSERT_TRUE(Fetch().ok());
  EXPECT_THAT(Entries(), ElementsAre(served_.id));
}

TEST_F(CodecCacheTest, DevicesThatFetchAtOnceShareTheResult) {
  std::vector<std::thread> devices;
  for (int i = 0; i < 8; ++i) {
    devices.emplace_back([this] {
      const auto codec = Fetch();
      EXPECT_TRUE(codec.ok()) << codec.status();
    });
  }
  for (std::thread& device : devices) device.join();
  EXPECT_TRUE(cache_.Load(served_.id).ok());
  EXPECT_THAT(Entries(), ElementsAre(served_.id));
}

TEST_F(CodecCacheTest, DiskThatTakesNoMoreIsOneErrorAndLeavesNothing) {
  // A file that may not grow stands in for a disk that is full.
  signal(SIGXFSZ, SIG_IGN);
  rlimit before;
  getrlimit(RLIMIT_FSIZE, &before);
  rlimit tiny = before;
  tiny.rlim_cur = 64;
  setrlimit(RLIMIT_FSIZE, &tiny);
  const absl::Status status = Fetch().status();
  setrlimit(RLIMIT_FSIZE, &before);
  EXPECT_FALSE(status.ok());
  EXPECT_THAT(std::string(status.message()), HasSubstr("cannot write"));
  EXPECT_THAT(Entries(), ElementsAre());
}

TEST_F(CodecCacheTest, CacheThatCannotBeMadeNamesTheFolder) {
  folder_.Write("cache", std::string_view("in the way"));
  const absl::Status status = Fetch().status();
  EXPECT_FALSE(status.ok());
  EXPECT_THAT(std::string(status.message()),
              HasSubstr((folder_ / "cache").string()));
}

TEST_F(CodecCacheTest, RemembersTheLastCodecOfEachServer) {
  EXPECT_EQ(cache_.Recall("edge:1").status().code(),
            absl::StatusCode::kNotFound);
  const std::string other_id(64, 'b');
  ASSERT_TRUE(cache_.Remember("edge:1", served_.id).ok());
  ASSERT_TRUE(cache_.Remember("../edge:2", other_id).ok());
  EXPECT_EQ(*cache_.Recall("edge:1"), served_.id);
  EXPECT_EQ(*cache_.Recall("../edge:2"), other_id);
  ASSERT_TRUE(cache_.Remember("edge:1", other_id).ok());
  EXPECT_EQ(*cache_.Recall("edge:1"), other_id);
  EXPECT_THAT(Entries(), UnorderedElementsAre("servers"));
}

}  // namespace
}  // namespace sluice::device
