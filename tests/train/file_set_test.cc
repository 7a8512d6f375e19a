#include "models/train/data/file_set.h"

#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/scratch_folder.h"
#include "tests/train/train_testing.h"

namespace sluice::train {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class FileSetTest : public ::testing::Test {
 protected:
  const testing::ScratchFolder folder_;
};

std::vector<std::string> NamesOf(const FileSet& set) {
  std::vector<std::string> names;
  for (size_t i = 0; i < set.size(); ++i) names.push_back(set.name(i));
  return names;
}

std::string TextOf(const FileSet& set, size_t index) {
  const auto bytes = set.Read(index);
  EXPECT_TRUE(bytes.ok()) << bytes.status();
  return bytes.ok() ? std::string(bytes->begin(), bytes->end()) : "";
}

TEST_F(FileSetTest, AFolderIsListedRecursivelyAndSorted) {
  folder_.Write("set/b.txt", "two");
  folder_.Write("set/a/z.txt", "one");
  folder_.Write("set/c.txt", "");
  const FileSet set = FileSet::Open(folder_ / "set").value();
  EXPECT_THAT(NamesOf(set), ElementsAre("a/z.txt", "b.txt", "c.txt"));
  EXPECT_EQ(TextOf(set, 0), "one");
  EXPECT_EQ(TextOf(set, 2), "");
}

TEST_F(FileSetTest, TarsOfEveryFormatAreSortedAndReadInAnyOrder) {
  const std::string long_name =
      std::string(180, 'x') + "/" + std::string(90, 'y') + ".jpg";
  for (const TarFormat format : {TarFormat::kGnu, TarFormat::kPax}) {
    const auto path = folder_.Write("a.tar", MakeTar({{"z.jpg", "last"},
                                                      {long_name, "long"},
                                                      {"./a//b.jpg", "first"}},
                                                     format));
    const FileSet set = FileSet::Open(path).value();
    ASSERT_THAT(NamesOf(set), ElementsAre("a/b.jpg", long_name, "z.jpg"));
    EXPECT_EQ(TextOf(set, 2), "last");
    EXPECT_EQ(TextOf(set, 1), "long");
    EXPECT_EQ(TextOf(set, 0), "first");
  }
}

TEST_F(FileSetTest, ATarNeedsNoExtension) {
  const auto path = folder_.Write(
      "pictures", MakeTar({{"a", "1"}, {"b", "2"}}, TarFormat::kUstar));
  EXPECT_THAT(NamesOf(FileSet::Open(path).value()), ElementsAre("a", "b"));
}

TEST_F(FileSetTest, NamesBeyondAsciiSurvive) {
  const auto path = folder_.Write(
      "a.tar", MakeTar({{"caf\xc3\xa9.jpg", "1"}}, TarFormat::kGnu));
  const FileSet set = FileSet::Open(path).value();
  ASSERT_THAT(NamesOf(set), ElementsAre("caf\xc3\xa9.jpg"));
  EXPECT_EQ(TextOf(set, 0), "1");
}

TEST_F(FileSetTest, OfEqualNamesInATarTheLastCounts) {
  const auto path = folder_.Write(
      "a.tar",
      MakeTar({{"a", "old"}, {"b", "x"}, {"./a", "new"}, {"a", "last"}},
              TarFormat::kUstar));
  const FileSet set = FileSet::Open(path).value();
  ASSERT_THAT(NamesOf(set), ElementsAre("a", "b"));
  EXPECT_EQ(TextOf(set, 0), "last");
}

TEST_F(FileSetTest, AnyOtherFileIsASetOfOne) {
  const FileSet set = FileSet::Open(folder_.Write("a.jpg", "picture")).value();
  ASSERT_THAT(NamesOf(set), ElementsAre("a.jpg"));
  EXPECT_EQ(TextOf(set, 0), "picture");
}

TEST_F(FileSetTest, FindKnowsWhatIsThereAndWhatIsNot) {
  folder_.Write("set/a", "1");
  folder_.Write("set/b", "2");
  const FileSet set = FileSet::Open(folder_ / "set").value();
  EXPECT_EQ(set.Find("b"), 1);
  EXPECT_EQ(set.Find("aa"), std::nullopt);
  EXPECT_EQ(set.Find("c"), std::nullopt);
}

TEST_F(FileSetTest, NothingThereIsNotFound) {
  EXPECT_EQ(FileSet::Open(folder_ / "none").status().code(),
            absl::StatusCode::kNotFound);
}

TEST_F(FileSetTest, ADeviceIsRefused) {
  EXPECT_EQ(FileSet::Open("/dev/null").status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST_F(FileSetTest, NoTarUnderATarsNameIsRefused) {
  for (const std::string& text :
       {std::string(), std::string("not a tar"), std::string(5000, 'x')}) {
    const auto set = FileSet::Open(folder_.Write("a.tar", text));
    EXPECT_EQ(set.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(set.status().message(), HasSubstr("a.tar: "));
  }
}

TEST_F(FileSetTest, ATruncatedTarIsAnErrorAtOpeningOrReading) {
  const std::string tar =
      MakeTar({{"a", std::string(2000, 'a')}, {"b", std::string(2000, 'b')}},
              TarFormat::kPax);
  // Each member is a header of 512 bytes and 2000 of data, padded to 2048.
  for (size_t size = 512; size < 5072; size += 240) {
    const auto set = FileSet::Open(folder_.Write("a.tar", tar.substr(0, size)));
    if (!set.ok()) continue;
    bool all_read = set->size() == 2;
    for (size_t i = 0; i < set->size(); ++i) {
      all_read = all_read && set->Read(i).ok();
    }
    EXPECT_FALSE(all_read) << "cut to " << size << " bytes";
  }
}

TEST_F(FileSetTest, AFlippedHeaderByteNeverCrashes) {
  const std::string tar =
      MakeTar({{"a", "one"}, {"b", "two"}}, TarFormat::kGnu);
  for (size_t i = 0; i < 1024; ++i) {
    std::string damaged = tar;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x5a);
    const auto set = FileSet::Open(folder_.Write("a.tar", damaged));
    for (size_t k = 0; set.ok() && k < set->size(); ++k) {
      set->Read(k).IgnoreError();
    }
  }
}

TEST_F(FileSetTest, AHugeDeclaredSizeIsRefusedBeforeAllocating) {
  std::string tar = MakeTar({{"a", "one"}}, TarFormat::kUstar);
  // The size field, octal, and the header checksum that goes with it.
  tar.replace(124, 11, "77777777777");
  tar.replace(148, 8, 8, ' ');
  unsigned sum = 0;
  for (size_t i = 0; i < 512; ++i) sum += static_cast<unsigned char>(tar[i]);
  char field[8];
  std::snprintf(field, sizeof(field), "%06o", sum);
  tar.replace(148, 7, field, 7);
  const auto set = FileSet::Open(folder_.Write("a.tar", tar));
  if (set.ok() && set->size() > 0) {
    EXPECT_EQ(set->Read(0).status().code(),
              absl::StatusCode::kResourceExhausted);
  }
}

TEST_F(FileSetTest, ATarThatChangedSinceIsDataLoss) {
  const auto path = folder_.Write(
      "a.tar", MakeTar({{"a", "one"}, {"b", "two"}}, TarFormat::kUstar));
  const FileSet set = FileSet::Open(path).value();
  folder_.Write("a.tar",
                MakeTar({{"c", "one"}, {"d", "two"}}, TarFormat::kUstar));
  EXPECT_EQ(set.Read(0).status().code(), absl::StatusCode::kDataLoss);
}

TEST_F(FileSetTest, AFileThatVanishedIsNotFound) {
  const auto path = folder_.Write("set/a", "1");
  const FileSet set = FileSet::Open(folder_ / "set").value();
  std::filesystem::remove(path);
  EXPECT_EQ(set.Read(0).status().code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace sluice::train
