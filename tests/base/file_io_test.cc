#include "common/base/file_io.h"

#include <sys/stat.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/scratch_folder.h"

namespace sluice::base {
namespace {

using ::testing::HasSubstr;

class FileIoTest : public ::testing::Test {
 protected:
  const testing::ScratchFolder folder_;
};

TEST_F(FileIoTest, ReadsBackWhatWasWritten) {
  std::vector<uint8_t> bytes(100'000);
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = uint8_t(i * 31);
  ASSERT_TRUE(WriteFileAtomically(folder_ / "a", bytes).ok());
  EXPECT_EQ(ReadFile(folder_ / "a", bytes.size()).value(), bytes);
}

TEST_F(FileIoTest, AnEmptyFileIsNoBytes) {
  ASSERT_TRUE(WriteFileAtomically(folder_ / "a", std::string_view()).ok());
  EXPECT_TRUE(ReadFile(folder_ / "a", 0).value().empty());
}

TEST_F(FileIoTest, WritingReplacesAndLeavesNothingBeside) {
  ASSERT_TRUE(WriteFileAtomically(folder_ / "a", "long old text").ok());
  ASSERT_TRUE(WriteFileAtomically(folder_ / "a", "new").ok());
  EXPECT_EQ(ReadFile(folder_ / "a", 100).value(),
            std::vector<uint8_t>({'n', 'e', 'w'}));
  const std::filesystem::directory_iterator files(folder_.path());
  EXPECT_EQ(std::distance(begin(files), end(files)), 1);
}

TEST_F(FileIoTest, AMissingFileIsNotFound) {
  const absl::Status status = ReadFile(folder_ / "absent", 10).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(status.message()), HasSubstr("absent"));
}

TEST_F(FileIoTest, ADirectoryIsInvalid) {
  const absl::Status status = ReadFile(folder_.path(), 10).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("a directory"));
}

TEST_F(FileIoTest, APipeIsInvalidAndDoesNotWait) {
  ASSERT_EQ(mkfifo((folder_ / "pipe").c_str(), 0600), 0);
  EXPECT_EQ(ReadFile(folder_ / "pipe", 10).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST_F(FileIoTest, AFileOverTheLimitIsResourceExhausted) {
  ASSERT_TRUE(WriteFileAtomically(folder_ / "a", "12345").ok());
  EXPECT_TRUE(ReadFile(folder_ / "a", 5).ok());
  const absl::Status status = ReadFile(folder_ / "a", 4).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("expected at most 4 bytes, found 5"));
}

TEST_F(FileIoTest, WritingIntoAMissingFolderIsNotFound) {
  const absl::Status status =
      WriteFileAtomically(folder_ / "absent" / "a", "text");
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
}

TEST_F(FileIoTest, WritingOverAFolderFailsAndLeavesNothingBeside) {
  std::filesystem::create_directories(folder_ / "a" / "b");
  EXPECT_FALSE(WriteFileAtomically(folder_ / "a", "text").ok());
  const std::filesystem::directory_iterator files(folder_.path());
  EXPECT_EQ(std::distance(begin(files), end(files)), 1);
}

}  // namespace
}  // namespace sluice::base
