#include "models/train/sets/segmentation_set.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/scratch_folder.h"
#include "tests/train/index_png_testing.h"
#include "tests/train/train_testing.h"
#include "tests/vision/picture_files.h"

namespace sluice::train {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr MaskClasses kCamVid = {.num_classes = 11, .ignore_index = 11};

class SegmentationSetTest : public ::testing::Test {
 protected:
  void WritePicture(const std::string& name) const {
    folder_.Write("set/" + name, MakeJpeg(3, 2, 1));
  }
  void WriteMask(const std::string& name,
                 const std::vector<uint8_t>& values = {0, 1, 2, 3, 4, 5},
                 PngColour colour = PngColour::kGrey) const {
    folder_.Write("set/" + name, MakePng(3, 2, values, {.colour = colour}));
  }
  absl::StatusOr<SegmentationSet> Open(
      const std::string& split, const MaskClasses& classes = kCamVid) const {
    return SegmentationSet::Open(folder_ / "set", split, classes);
  }
  // The message of opening, which has to fail and to name the set.
  std::string OpenError(const std::string& split) const {
    const auto set = Open(split);
    EXPECT_EQ(set.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(set.status().message(), HasSubstr("set: "));
    return std::string(set.status().message());
  }
  // The status of reading the only mask of images/ and masks/.
  absl::Status MaskStatus() const {
    const auto set = Open("");
    EXPECT_TRUE(set.ok()) << set.status();
    return set.ok() ? set->ReadMask(0).status() : set.status();
  }

  const testing::ScratchFolder folder_;
};

TEST_F(SegmentationSetTest, ReadsCamVid) {
  WritePicture("train/b.jpg");
  WritePicture("train/a.jpg");
  WritePicture("val/c.jpg");
  WriteMask("trainannot/a.png", {0, 10, 11, 255, 1, 2});
  WriteMask("trainannot/b.png");
  WriteMask("valannot/c.png");
  const auto set = Open("train");
  ASSERT_TRUE(set.ok()) << set.status();
  ASSERT_EQ(set->size(), 2);
  EXPECT_EQ(set->name(0), "train/a.jpg");
  EXPECT_EQ(set->mask_name(0), "trainannot/a.png");
  EXPECT_EQ(set->ReadPicture(0)->size(), (vision::Size{3, 2}));
  const auto mask = set->ReadMask(0);
  ASSERT_TRUE(mask.ok()) << mask.status();
  EXPECT_EQ(mask->size, (vision::Size{3, 2}));
  EXPECT_THAT(mask->classes,
              ElementsAre(0, 10, task::kNoClass, task::kNoClass, 1, 2));
  EXPECT_EQ(Open("val")->size(), 1);
}

TEST_F(SegmentationSetTest, ReadsImagesAndMasks) {
  WritePicture("images/sub/a.jpeg");
  WriteMask("masks/sub/a.png");
  const auto set = Open("");
  ASSERT_TRUE(set.ok()) << set.status();
  EXPECT_EQ(set->name(0), "images/sub/a.jpeg");
  EXPECT_TRUE(set->ReadMask(0).ok());
}

TEST_F(SegmentationSetTest, SplitsOfImagesAndMasksLieInsideOrAround) {
  WritePicture("images/train/a.jpg");
  WriteMask("masks/train/a.png");
  WritePicture("val/images/b.jpg");
  WriteMask("val/masks/b.png");
  EXPECT_EQ(Open("train")->name(0), "images/train/a.jpg");
  EXPECT_EQ(Open("val")->name(0), "val/images/b.jpg");
}

TEST_F(SegmentationSetTest, ReadsIndicesOfPascalVocAndNotColours) {
  for (const char* name : {"a.jpg", "b.jpg", "unmasked.jpg"}) {
    WritePicture(std::string("VOC2012/JPEGImages/") + name);
  }
  WriteMask("VOC2012/SegmentationClass/a.png", {0, 255, 20, 1, 2, 3},
            PngColour::kPalette);
  WriteMask("VOC2012/SegmentationClass/b.png");
  folder_.Write("set/VOC2012/ImageSets/Segmentation/train.txt", "a\n");
  const MaskClasses classes = {.num_classes = 21};
  const auto set = Open("train", classes);
  ASSERT_TRUE(set.ok()) << set.status();
  ASSERT_EQ(set->size(), 1);
  EXPECT_THAT(set->ReadMask(0)->classes,
              ElementsAre(0, task::kNoClass, 20, 1, 2, 3));
  EXPECT_EQ(Open("", classes)->size(), 2);
  EXPECT_THAT(OpenError("val"), HasSubstr("ImageSets/Segmentation/val.txt"));
}

TEST_F(SegmentationSetTest, AnIgnoredValueMayBeAClass) {
  WritePicture("images/a.jpg");
  WriteMask("masks/a.png", {0, 1, 2, 0, 1, 2});
  const auto set = Open("", {.num_classes = 3, .ignore_index = 0});
  ASSERT_TRUE(set.ok()) << set.status();
  EXPECT_THAT(set->ReadMask(0)->classes,
              ElementsAre(task::kNoClass, 1, 2, task::kNoClass, 1, 2));
}

TEST_F(SegmentationSetTest, ClassesOutOfRangeAreRefused) {
  for (const MaskClasses& classes :
       {MaskClasses{}, MaskClasses{.num_classes = 256},
        MaskClasses{.num_classes = 2, .ignore_index = -1},
        MaskClasses{.num_classes = 2, .ignore_index = 256}}) {
    EXPECT_EQ(Open("", classes).status().code(),
              absl::StatusCode::kInvalidArgument);
  }
}

TEST_F(SegmentationSetTest, AValueThatIsNoClassNamesFileValueAndPlace) {
  WritePicture("images/a.jpg");
  WriteMask("masks/a.png", {0, 1, 2, 3, 4, 12});
  EXPECT_EQ(MaskStatus().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(MaskStatus().message(),
              HasSubstr("masks/a.png: expected a class in 0..10 or 11 for "
                        "none, found 12 at x 2, y 1"));
}

TEST_F(SegmentationSetTest, AMaskOfAnotherSizeNamesBoth) {
  WritePicture("images/a.jpg");
  folder_.Write("set/masks/a.png", MakePng(2, 3, {0, 1, 2, 3, 4, 5}, {}));
  EXPECT_EQ(MaskStatus().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(MaskStatus().message(),
              HasSubstr("masks/a.png: expected its picture's 3 x 2 pixels, "
                        "found 2 x 3"));
}

TEST_F(SegmentationSetTest, AMaskCoversTheUprightPicture) {
  folder_.Write(
      "set/images/a.jpg",
      vision::WithExif(MakeJpeg(2, 3, 1), vision::PictureFormat::kJpeg, {2, 3},
                       vision::ExifOf(8, false)));
  WriteMask("masks/a.png");
  EXPECT_TRUE(MaskStatus().ok()) << MaskStatus();
  EXPECT_EQ(Open("")->ReadPicture(0)->size(), (vision::Size{3, 2}));
}

TEST_F(SegmentationSetTest, AMaskOfColoursIsRefused) {
  WritePicture("images/a.jpg");
  folder_.Write("set/masks/a.png", MakeRedPng(3, 2));
  EXPECT_THAT(MaskStatus().message(),
              AllOf(HasSubstr("masks/a.png: "), HasSubstr("found RGB")));
}

TEST_F(SegmentationSetTest, ALossyMaskIsRefused) {
  WritePicture("images/a.jpg");
  WritePicture("masks/a.jpg");
  EXPECT_THAT(MaskStatus().message(),
              HasSubstr("masks/a.jpg: expected a PNG of class indices"));
}

TEST_F(SegmentationSetTest, FilesThatAreNoPicturesAreNamed) {
  folder_.Write("set/images/a.jpg", "no picture");
  WriteMask("masks/a.png");
  EXPECT_THAT(MaskStatus().message(), HasSubstr("images/a.jpg: "));
  EXPECT_THAT(Open("")->ReadPicture(0).status().message(),
              HasSubstr("images/a.jpg: "));
  folder_.Write("set/masks/a.png", "no picture");
  EXPECT_THAT(MaskStatus().message(), HasSubstr("masks/a.png: "));
}

TEST_F(SegmentationSetTest, APictureWithoutItsMaskIsNamed) {
  WritePicture("train/a.jpg");
  WritePicture("train/b.jpg");
  WriteMask("trainannot/b.png");
  EXPECT_THAT(OpenError("train"), HasSubstr("found no mask named a"));
}

TEST_F(SegmentationSetTest, AMaskWithoutItsPictureIsNamed) {
  WritePicture("train/b.jpg");
  WriteMask("trainannot/a.png");
  WriteMask("trainannot/b.png");
  EXPECT_THAT(OpenError("train"), HasSubstr("found no picture named a"));
}

TEST_F(SegmentationSetTest, AListedNameWithoutFilesIsRefused) {
  WritePicture("JPEGImages/a.jpg");
  WriteMask("SegmentationClass/a.png");
  folder_.Write("set/ImageSets/Segmentation/train.txt", "a\n../b\n");
  EXPECT_THAT(OpenError("train"), HasSubstr("found no mask named ../b"));
}

TEST_F(SegmentationSetTest, TwoPicturesOfOneNameAreRefused) {
  WritePicture("images/a.jpg");
  WritePicture("images/a.png");
  WriteMask("masks/a.png");
  EXPECT_THAT(OpenError(""), HasSubstr("found images/a.jpg and images/a.png"));
}

TEST_F(SegmentationSetTest, AnUnknownLayoutSaysWhatItExpected) {
  WritePicture("a.jpg");
  EXPECT_THAT(OpenError("val"), HasSubstr("val/ and valannot/, images/val/"));
  EXPECT_THAT(OpenError(""), HasSubstr("images/ and masks/ or JPEGImages/"));
  EXPECT_EQ(
      SegmentationSet::Open(folder_ / "none", "", kCamVid).status().code(),
      absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace sluice::train
