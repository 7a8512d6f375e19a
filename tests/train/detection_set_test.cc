#include "models/train/sets/detection_set.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/scratch_folder.h"
#include "tests/train/train_testing.h"
#include "tests/vision/picture_files.h"

namespace sluice::train {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::string kCsvHeader = "split,image,class,xmin,ymin,xmax,ymax\n";

std::string Object(const std::string& name, const std::string& difficult = "") {
  return "<object><name>" + name + "</name>" + difficult +
         "<bndbox><xmin>1</xmin><ymin>2</ymin><xmax>30</xmax><ymax>20</ymax>"
         "</bndbox></object>";
}
std::string Voc(const std::string& inside) {
  return "<annotation><size><width>40</width><height>30</height></size>" +
         inside + "</annotation>";
}
std::string Coco(const std::string& file_name, const std::string& box) {
  return R"({"images": [{"id": 1, "file_name": ")" + file_name +
         R"(", "width": 40, "height": 30}], "annotations": [{"image_id": 1,
         "category_id": 5, "bbox": )" +
         box + R"(, "iscrowd": 1}], "categories": [{"id": 5, "name": "dog"},
         {"id": 6, "name": "unused"}]})";
}

class DetectionSetTest : public ::testing::Test {
 protected:
  void WritePicture(const std::string& name) const {
    folder_.Write("set/" + name, MakeJpeg(40, 30, 1));
  }
  absl::StatusOr<DetectionSet> Open(
      const std::string& split,
      const std::vector<std::string>& labels = {}) const {
    return DetectionSet::Open(folder_ / "set", split, labels);
  }
  // The message of opening, which has to fail and to name the set.
  std::string OpenError(const std::string& split,
                        const std::vector<std::string>& labels = {}) const {
    const auto set = Open(split, labels);
    EXPECT_EQ(set.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(set.status().message(), HasSubstr("set: "));
    return std::string(set.status().message());
  }

  const testing::ScratchFolder folder_;
};

TEST_F(DetectionSetTest, ReadsBoxesCsv) {
  folder_.Write("set/boxes.csv", kCsvHeader +
                                     "train,b,Nut,1,2,3,4\n"
                                     "val,a,Wire,1,2,3,4\n"
                                     "train,a.jpg,Bolt,5,6,40.5,8\n"
                                     "train,b,Bolt,0,0,2,2\n");
  for (const char* name :
       {"train/a.jpg", "train/b.jpg", "train/empty.jpg", "val/a.jpg"}) {
    WritePicture(name);
  }
  const auto set = Open("train");
  ASSERT_TRUE(set.ok()) << set.status();
  EXPECT_THAT(set->labels(), ElementsAre("Bolt", "Nut"));
  ASSERT_EQ(set->size(), 3);
  EXPECT_EQ(set->name(0), "train/a.jpg");
  ASSERT_EQ(set->boxes(0).size(), 1);
  EXPECT_EQ(set->boxes(0)[0].class_index, 0);
  EXPECT_EQ(set->boxes(0)[0].box.x_max, 40.5f);
  ASSERT_EQ(set->boxes(1).size(), 2);
  EXPECT_EQ(set->boxes(1)[0].class_index, 1);
  EXPECT_EQ(set->boxes(1)[1].class_index, 0);
  EXPECT_EQ(set->name(2), "train/empty.jpg");
  EXPECT_TRUE(set->boxes(2).empty());
  EXPECT_EQ(set->ReadPicture(0)->size(), (vision::Size{40, 30}));
}

TEST_F(DetectionSetTest, ReadsPascalVoc) {
  for (const char* images : {"JPEGImages/", "images/"}) {
    const testing::ScratchFolder voc;
    voc.Write("set/Annotations/b.xml",
              Voc(Object("dog", "<difficult>1</difficult>") + Object("cat")));
    voc.Write("set/Annotations/a.xml", Voc(Object("cat")));
    voc.Write("set/Annotations/c.xml", "not of the split, never parsed");
    voc.Write("set/ImageSets/Main/train.txt", "b\na\n");
    for (const char* name : {"a.jpg", "b.jpg", "c.jpg"}) {
      voc.Write(std::string("set/") + images + name, MakeJpeg(40, 30, 1));
    }
    const auto set = DetectionSet::Open(voc / "set", "train", {});
    ASSERT_TRUE(set.ok()) << set.status();
    EXPECT_THAT(set->labels(), ElementsAre("cat", "dog"));
    ASSERT_EQ(set->size(), 2);
    EXPECT_EQ(set->name(1), images + std::string("b.jpg"));
    ASSERT_EQ(set->boxes(1).size(), 2);
    const LabelledBox& dog = set->boxes(1)[0];
    EXPECT_EQ(dog.class_index, 1);
    EXPECT_TRUE(dog.ignore);
    EXPECT_EQ(dog.box.x_min, 0.0f);
    EXPECT_EQ(dog.box.y_min, 1.0f);
    EXPECT_EQ(dog.box.x_max, 30.0f);
    EXPECT_EQ(dog.box.y_max, 20.0f);
    EXPECT_TRUE(set->ReadPicture(1).ok());
  }
}

TEST_F(DetectionSetTest, WithoutASplitAllOfPascalVocCounts) {
  folder_.Write("set/Annotations/a.xml", Voc(Object("cat")));
  folder_.Write("set/Annotations/b.xml", Voc(""));
  WritePicture("JPEGImages/a.jpg");
  WritePicture("JPEGImages/b.jpg");
  WritePicture("JPEGImages/unannotated.jpg");
  const auto set = Open("");
  ASSERT_TRUE(set.ok()) << set.status();
  EXPECT_EQ(set->size(), 2);
  EXPECT_THAT(OpenError("val"), HasSubstr("ImageSets/Main/val.txt"));
}

TEST_F(DetectionSetTest, ReadsCocoWhereverItsPicturesAre) {
  for (const char* json :
       {"annotations/instances_val.json", "instances_val.json"}) {
    for (const char* images : {"val/", "images/val/", "images/", ""}) {
      const testing::ScratchFolder coco;
      coco.Write(std::string("set/") + json, Coco("a.jpg", "[1, 2, 60, 4.5]"));
      coco.Write(std::string("set/") + images + "a.jpg", MakeJpeg(40, 30, 1));
      const auto set = DetectionSet::Open(coco / "set", "val", {});
      ASSERT_TRUE(set.ok()) << set.status();
      EXPECT_THAT(set->labels(), ElementsAre("dog"));
      ASSERT_EQ(set->size(), 1);
      const LabelledBox& box = set->boxes(0)[0];
      EXPECT_TRUE(box.ignore);
      EXPECT_EQ(box.box.x_min, 1.0f);
      EXPECT_EQ(box.box.y_max, 6.5f);
      EXPECT_EQ(box.box.x_max, 40.0f);  // Clipped.
      EXPECT_TRUE(set->ReadPicture(0).ok());
    }
  }
}

TEST_F(DetectionSetTest, CocoWithoutSplitsIsOneFile) {
  folder_.Write("set/annotations.json", Coco("x/a.jpg", "[1, 2, 3, 4]"));
  WritePicture("images/x/a.jpg");
  EXPECT_TRUE(Open("").ok()) << Open("").status();
  EXPECT_THAT(OpenError("val"), HasSubstr("instances_val.json"));
}

TEST_F(DetectionSetTest, OneFolderAroundEverythingInATarIsFine) {
  const std::vector<uint8_t> jpeg = MakeJpeg(40, 30, 1);
  folder_.Write("set.tar",
                MakeTar({{"VOC/2012/Annotations/a.xml", Voc(Object("cat"))},
                         {"VOC/2012/ImageSets/Main/train.txt", "a\n"},
                         {"VOC/2012/JPEGImages/a.jpg",
                          std::string(jpeg.begin(), jpeg.end())}},
                        TarFormat::kUstar));
  const auto set = DetectionSet::Open(folder_ / "set.tar", "train", {});
  ASSERT_TRUE(set.ok()) << set.status();
  EXPECT_EQ(set->name(0), "VOC/2012/JPEGImages/a.jpg");
  EXPECT_TRUE(set->ReadPicture(0).ok());
}

TEST_F(DetectionSetTest, GivenLabelsDecideTheClasses) {
  folder_.Write("set/Annotations/a.xml", Voc(Object("cat") + Object("dog")));
  WritePicture("images/a.jpg");
  const auto set = Open("", {"dog", "bird", "cat"});
  ASSERT_TRUE(set.ok()) << set.status();
  EXPECT_THAT(set->labels(), ElementsAre("dog", "bird", "cat"));
  EXPECT_EQ(set->boxes(0)[0].class_index, 2);
  EXPECT_EQ(set->boxes(0)[1].class_index, 0);
}

TEST_F(DetectionSetTest, AClassThatIsNotGivenNamesFileAndClass) {
  folder_.Write("set/Annotations/a.xml", Voc(Object("cat") + Object("dog")));
  WritePicture("images/a.jpg");
  EXPECT_THAT(OpenError("", {"cat"}),
              AllOf(HasSubstr("Annotations/a.xml: picture images/a.jpg: box 2 "
                              "of 2: "),
                    HasSubstr("found \"dog\"")));
}

TEST_F(DetectionSetTest, BadLabelsAreRefused) {
  folder_.Write("set/Annotations/a.xml", Voc(Object("cat")));
  WritePicture("images/a.jpg");
  EXPECT_THAT(OpenError("", {"cat", "cat"}), HasSubstr("\"cat\" twice"));
  EXPECT_THAT(OpenError("", {"cat", ""}), HasSubstr("expected classes of"));
  folder_.Write("set/Annotations/a.xml", Voc(Object("c\nat")));
  EXPECT_THAT(OpenError(""), HasSubstr("found \"c\\nat\""));
}

TEST_F(DetectionSetTest, AnEmptyOrUnknownSetSaysWhatItExpected) {
  std::filesystem::create_directory(folder_ / "set");
  EXPECT_THAT(OpenError("val"), HasSubstr("boxes.csv, Annotations/*.xml or "
                                          "annotations/instances_val.json or "
                                          "instances_val.json; found 0 files"));
  WritePicture("a.jpg");
  EXPECT_THAT(OpenError(""), HasSubstr("annotations.json; found 1 files"));
  EXPECT_EQ(DetectionSet::Open(folder_ / "none", "", {}).status().code(),
            absl::StatusCode::kNotFound);
}

TEST_F(DetectionSetTest, NoBoxesAtAllMakeNoClasses) {
  folder_.Write("set/Annotations/a.xml", Voc(""));
  WritePicture("images/a.jpg");
  EXPECT_THAT(OpenError(""), HasSubstr("expected a box or more"));
  EXPECT_TRUE(Open("", {"cat"}).ok());
}

TEST_F(DetectionSetTest, NoPicturesAtAllAreRefused) {
  folder_.Write("set/annotations.json",
                R"({"images": [], "annotations": [], "categories": []})");
  EXPECT_THAT(OpenError(""), HasSubstr("expected a picture or more"));
}

TEST_F(DetectionSetTest, AMissingPictureIsNamed) {
  folder_.Write("set/annotations.json", Coco("../a.jpg", "[1, 2, 3, 4]"));
  WritePicture("images/b.jpg");
  EXPECT_THAT(OpenError(""),
              AllOf(HasSubstr("annotations.json: "), HasSubstr("../a.jpg")));
  folder_.Write("set/Annotations/a.xml", Voc(Object("cat")));
  EXPECT_THAT(OpenError(""), HasSubstr("Annotations/a.xml: expected a picture "
                                       "\"images/a\""));
  folder_.Write("set/boxes.csv", kCsvHeader + "train,a,Nut,1,2,3,4\n");
  EXPECT_THAT(OpenError("train"), HasSubstr("boxes.csv: expected a picture "
                                            "\"train/a\""));
}

TEST_F(DetectionSetTest, ASplitThatNamesNoAnnotationIsRefused) {
  folder_.Write("set/Annotations/a.xml", Voc(Object("cat")));
  folder_.Write("set/ImageSets/Main/train.txt", "a\nb\n");
  WritePicture("images/a.jpg");
  EXPECT_THAT(OpenError("train"), HasSubstr("ImageSets/Main/train.txt: "
                                            "expected Annotations/b.xml"));
}

TEST_F(DetectionSetTest, AMalformedAnnotationNamesItsFile) {
  folder_.Write("set/Annotations/a.xml", "<annotation>");
  WritePicture("images/a.jpg");
  EXPECT_THAT(OpenError(""), HasSubstr("Annotations/a.xml: expected XML"));
  folder_.Write("set/boxes.csv", "file,label\n");
  EXPECT_THAT(OpenError("train"), HasSubstr("boxes.csv: line 1"));
}

TEST_F(DetectionSetTest, APictureAnnotatedTwiceIsRefused) {
  folder_.Write("set/annotations.json",
                R"({"images": [{"id": 1, "file_name": "a.jpg"},
                               {"id": 2, "file_name": "a.jpg"}],
                    "annotations": [], "categories": []})");
  WritePicture("a.jpg");
  EXPECT_THAT(OpenError("", {"dog"}),
              HasSubstr("picture a.jpg: expected one annotation, found two"));
}

TEST_F(DetectionSetTest, ABoxOfNothingIsRefused) {
  WritePicture("a.jpg");
  for (const char* box :
       {"[1, 2, 0, 4]", "[1, 2, 3, -4]", "[40, 2, 3, 4]", "[1, -9, 3, 4]"}) {
    folder_.Write("set/annotations.json", Coco("a.jpg", box));
    EXPECT_THAT(OpenError(""),
                HasSubstr("picture a.jpg: box 1 of 1: expected some of the "
                          "picture in it, found"));
  }
}

TEST_F(DetectionSetTest, APictureOfAnotherSizeThanDeclaredIsRefused) {
  folder_.Write("set/annotations.json", Coco("a.jpg", "[1, 2, 3, 4]"));
  folder_.Write("set/a.jpg", MakeJpeg(30, 40, 1));
  const auto set = Open("");
  ASSERT_TRUE(set.ok()) << set.status();
  const auto picture = set->ReadPicture(0);
  EXPECT_EQ(picture.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(picture.status().message(),
              HasSubstr("a.jpg: expected the 40 x 30 pixels that its "
                        "annotation declares, found 30 x 40 after EXIF"));
}

TEST_F(DetectionSetTest, BoxesCountInTheUprightPicture) {
  folder_.Write(
      "set/a.jpg",
      vision::WithExif(MakeJpeg(30, 40, 1), vision::PictureFormat::kJpeg,
                       {30, 40}, vision::ExifOf(6, true)));
  folder_.Write("set/annotations.json", Coco("a.jpg", "[35, 2, 5, 4]"));
  const auto set = Open("");
  ASSERT_TRUE(set.ok()) << set.status();
  EXPECT_EQ(set->boxes(0)[0].box.x_max, 40.0f);
  const auto picture = set->ReadPicture(0);
  ASSERT_TRUE(picture.ok()) << picture.status();
  EXPECT_EQ(picture->size(), (vision::Size{40, 30}));
}

TEST_F(DetectionSetTest, ABoxBeyondAnUndeclaredSizeIsRefused) {
  folder_.Write("set/boxes.csv", kCsvHeader + "train,a,Nut,1,2,42,4\n");
  WritePicture("train/a.jpg");
  const auto set = Open("train");
  ASSERT_TRUE(set.ok()) << set.status();
  const auto picture = set->ReadPicture(0);
  EXPECT_EQ(picture.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(picture.status().message(),
              HasSubstr("train/a.jpg: expected boxes within 40 x 30 pixels, "
                        "found 1..42 by 2..4"));
}

TEST_F(DetectionSetTest, AFileThatIsNoPictureIsNamed) {
  folder_.Write("set/boxes.csv", kCsvHeader + "train,a,Nut,1,2,3,4\n");
  folder_.Write("set/train/a.jpg", "no picture");
  const auto picture = Open("train")->ReadPicture(0);
  EXPECT_THAT(picture.status().message(), HasSubstr("train/a.jpg: "));
}

}  // namespace
}  // namespace sluice::train
