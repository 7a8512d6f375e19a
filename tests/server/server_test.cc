#include "server/server.h"

#include <string>

#include "gmock/gmock.h"

namespace sluice::server {
namespace {

TEST(ListenAddressTest, HostAndPortAreSplitAtTheLastColon) {
  const auto v4 = ParseListenAddress("127.0.0.1:50051");
  ASSERT_TRUE(v4.ok());
  EXPECT_EQ(v4->host, "127.0.0.1");
  EXPECT_EQ(v4->port, 50051);
  const auto v6 = ParseListenAddress("[::1]:0");
  ASSERT_TRUE(v6.ok());
  EXPECT_EQ(v6->host, "[::1]");
  EXPECT_EQ(v6->port, 0);
}

TEST(ListenAddressTest, AnythingElseIsInvalidAndQuoted) {
  for (const std::string text :
       {"", ":", ":80", "localhost", "localhost:", "localhost:http", "::1:80",
        "localhost:65536", "localhost:-1", "localhost:80 "}) {
    const absl::Status status = ParseListenAddress(text).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << text;
    EXPECT_THAT(std::string(status.message()),
                ::testing::HasSubstr("\"" + text + "\""));
  }
}

}  // namespace
}  // namespace sluice::server
