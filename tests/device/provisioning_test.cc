#include "device/provisioning.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/device/served_codec.h"

namespace sluice::device {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string Message(const absl::Status& status) {
  return std::string(status.message());
}

class ProvisioningTest : public ::testing::Test {
 protected:
  ProvisioningTest() {
    served_.OfferAt(&server_);
    options_.cache = folder_ / "cache";
    options_.addresses = {server_.address()};
  }

  absl::StatusOr<artifact::CodecArtifact> Provision() {
    said_.clear();
    return ProvisionCodec(
        options_, [this](const std::string& line) { said_.push_back(line); });
  }

  const ServedCodec served_;
  TestServer server_;
  const testing::ScratchFolder folder_;
  ProvisioningOptions options_;
  std::vector<std::string> said_;
};

TEST_F(ProvisioningTest, FetchesOnceThenTakesTheCache) {
  for (int i = 0; i < 3; ++i) {
    const auto codec = Provision();
    ASSERT_TRUE(codec.ok()) << codec.status();
    EXPECT_EQ(codec->id, served_.id);
  }
  EXPECT_EQ(server_.num_fetch_calls, 1);
  EXPECT_THAT(said_, IsEmpty());
}

TEST_F(ProvisioningTest, BootsWithoutAServerLater) {
  ASSERT_TRUE(Provision().ok());
  server_.Kill();
  const auto codec = Provision();
  ASSERT_TRUE(codec.ok()) << codec.status();
  EXPECT_EQ(codec->id, served_.id);
  EXPECT_THAT(said_, ElementsAre(HasSubstr("no server answers")));
  options_.codec_id = served_.id;
  EXPECT_TRUE(Provision().ok());
  EXPECT_THAT(said_, IsEmpty());
}

TEST_F(ProvisioningTest, NoServerAndNothingCachedIsUnavailable) {
  server_.Kill();
  EXPECT_EQ(Provision().status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(Message(Provision().status()), HasSubstr(server_.address()));
}

TEST_F(ProvisioningTest, ChangedCodecIsFetchedBesideTheOther) {
  ASSERT_TRUE(Provision().ok());
  const ServedCodec other(7);
  other.OfferAt(&server_);
  EXPECT_EQ(Provision()->id, other.id);
  options_.codec_id = served_.id;
  EXPECT_EQ(Provision()->id, served_.id);
}

TEST_F(ProvisioningTest, ServersAreAskedInOrder) {
  options_.addresses = {"unix:/nowhere/socket", server_.address()};
  EXPECT_TRUE(Provision().ok());
  options_.addresses = {"nowhere"};
  EXPECT_EQ(Provision().status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(ProvisioningTest, NamedCodecThatTheServerLacksIsAMismatch) {
  server_.fetch = nullptr;
  options_.codec_id = std::string(64, 'b');
  const absl::Status status = Provision().status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(Message(status), HasSubstr(options_.codec_id));
}

TEST_F(ProvisioningTest, WhatIsNoIdIsRefused) {
  options_.codec_id = "../../etc/passwd";
  EXPECT_EQ(Provision().status().code(), absl::StatusCode::kInvalidArgument);
  options_.codec_id = "";
  server_.models.mutable_codecs(0)->set_id("../evil");
  server_.models.mutable_tails(0)->set_codec_ids(0, "../evil");
  EXPECT_FALSE(Provision().ok());
}

TEST_F(ProvisioningTest, UnknownTailIsNotFound) {
  options_.tails = {"flavour"};
  EXPECT_EQ(Provision().status().code(), absl::StatusCode::kNotFound);
}

TEST_F(ProvisioningTest, TailsWithoutACommonCodecAreAMismatch) {
  v1::TailInfo* tail = server_.models.add_tails();
  tail->set_name("flavour");
  tail->add_codec_ids(std::string(64, 'b'));
  options_.tails = {"brightness", "flavour"};
  EXPECT_EQ(Provision().status().code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(ProvisioningTest, DownloadThatFailsSaysFromWhereAndWhere) {
  ServedCodec::Send(&server_, {});
  const absl::Status status = Provision().status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(Message(status),
              AllOf(HasSubstr(server_.address()),
                    HasSubstr(options_.cache.string()), HasSubstr("--cache")));
}

}  // namespace
}  // namespace sluice::device
