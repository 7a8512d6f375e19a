#include "common/wire/credentials.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/wire/test_certificates.h"

namespace sluice::wire {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::TestCertificate;

std::string Message(const absl::Status& status) {
  return std::string(status.message());
}

TEST(CredentialsTest, CertificateAndItsKeyAreTaken) {
  const TestCertificate pair;
  EXPECT_TRUE(
      MakeServerCredentials(pair.certificate(), pair.private_key()).ok());
  EXPECT_TRUE(MakeChannelCredentials(pair.certificate()).ok());
  EXPECT_TRUE(MakeChannelCredentials("").ok());
}

TEST(CredentialsTest, MissingFileIsNamed) {
  const TestCertificate pair;
  const testing::ScratchFolder folder;
  const std::filesystem::path missing = folder / "missing.pem";
  for (const absl::Status& status :
       {MakeServerCredentials(missing, pair.private_key()).status(),
        MakeServerCredentials(pair.certificate(), missing).status(),
        MakeChannelCredentials(missing).status()}) {
    EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
    EXPECT_THAT(Message(status), HasSubstr("missing.pem"));
  }
}

TEST(CredentialsTest, WhatIsNoPemIsNamed) {
  const TestCertificate pair;
  const testing::ScratchFolder folder;
  for (const char* text :
       {"", "hello", "-----BEGIN CERTIFICATE-----\nMIIB\n"}) {
    const auto file = folder.Write("text.pem", std::string_view(text));
    for (const absl::Status& status :
         {MakeServerCredentials(file, pair.private_key()).status(),
          MakeServerCredentials(pair.certificate(), file).status(),
          MakeChannelCredentials(file).status()}) {
      EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
      EXPECT_THAT(Message(status),
                  AllOf(HasSubstr("text.pem"), HasSubstr("PEM")));
    }
  }
}

TEST(CredentialsTest, FilesThatAreSwappedAreNamed) {
  const TestCertificate pair;
  const absl::Status status =
      MakeServerCredentials(pair.private_key(), pair.certificate()).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(Message(status),
              AllOf(HasSubstr("server.key"), HasSubstr("certificate")));
}

TEST(CredentialsTest, KeyOfAnotherCertificateIsRefused) {
  const TestCertificate pair;
  const TestCertificate other;
  const absl::Status status =
      MakeServerCredentials(pair.certificate(), other.private_key()).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(Message(status), HasSubstr("expected the private key of"));
}

TEST(CredentialsTest, LoopbackIsKnownByItsSpelling) {
  for (const char* address :
       {"localhost:1", "127.0.0.1:1", "127.1.2.3:1", "[::1]:1", "unix:/a/b"}) {
    EXPECT_TRUE(IsLoopback(address)) << address;
  }
  for (const char* address :
       {"edge:1", "10.0.0.1:1", "127.evil.org:1", "localhost.evil.org:1",
        "[::2]:1", "0.0.0.0:1", "ipv4:127.0.0.1:1", "", ":1"}) {
    EXPECT_FALSE(IsLoopback(address)) << address;
  }
}

}  // namespace
}  // namespace sluice::wire
