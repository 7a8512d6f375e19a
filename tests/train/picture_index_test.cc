#include "models/train/sets/picture_index.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/scratch_folder.h"

namespace sluice::train {
namespace {

using ::testing::HasSubstr;

TEST(WithoutExtensionTest, OnlyTheLastPartOfTheBaseNameGoes) {
  EXPECT_EQ(WithoutExtension("a/b.c.png"), "a/b.c");
  EXPECT_EQ(WithoutExtension("a.b/c"), "a.b/c");
  EXPECT_EQ(WithoutExtension(""), "");
}

TEST(IsPictureNameTest, KnowsExtensionsInAnyCase) {
  for (const char* name : {"a.jpg", "b/a.JPG", "a.jpeg", "a.png", "a.x.WebP"}) {
    EXPECT_TRUE(IsPictureName(name)) << name;
  }
  for (const char* name : {"", "a", "jpg", "a.jpg/b", "a.gif", "b/._a.jpg"}) {
    EXPECT_FALSE(IsPictureName(name)) << name;
  }
}

class PictureIndexTest : public ::testing::Test {
 protected:
  FileSet Open() const { return FileSet::Open(folder_ / "set").value(); }

  const testing::ScratchFolder folder_;
};

TEST_F(PictureIndexTest, TheCommonFolderHoldsEveryFile) {
  folder_.Write("set/voc/2012/Annotations/a.xml", "");
  EXPECT_EQ(CommonFolder(Open()), "voc/2012/Annotations/");
  folder_.Write("set/voc/2012/JPEGImages/a.jpg", "");
  folder_.Write("set/voc/2012/Annex/a.jpg", "");
  EXPECT_EQ(CommonFolder(Open()), "voc/2012/");
  folder_.Write("set/readme", "");
  EXPECT_EQ(CommonFolder(Open()), "");
}

TEST_F(PictureIndexTest, FindsByNameWithAndWithoutExtension) {
  folder_.Write("set/a/b.c.JPG", "");
  folder_.Write("set/a/b.txt", "");
  const FileSet files = Open();
  const PictureIndex pictures(files);
  EXPECT_EQ(pictures.Find("a/b.c").value(), 0);
  EXPECT_EQ(pictures.Find("a/b.c.JPG").value(), 0);
  EXPECT_THAT(pictures.Find("a/b").status().message(),
              HasSubstr("expected a picture \"a/b\" (.jpg, .jpeg, .png or "
                        ".webp), found none"));
  EXPECT_FALSE(pictures.Find("a/b.txt").ok());
  EXPECT_FALSE(pictures.Find("../set/a/b.c").ok());
}

TEST_F(PictureIndexTest, TwoPicturesOfOneNameAreRefused) {
  folder_.Write("set/a.jpg", "");
  folder_.Write("set/a.png", "");
  const FileSet files = Open();
  const PictureIndex pictures(files);
  EXPECT_TRUE(pictures.Find("a.png").ok());
  EXPECT_THAT(pictures.Find("a").status().message(),
              HasSubstr("expected one picture \"a\""));
}

}  // namespace
}  // namespace sluice::train
