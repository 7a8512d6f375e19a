#include "models/train/sets/coco_annotation.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sluice::train {
namespace {

using ::testing::HasSubstr;

const std::string kImages =
    R"("images": [{"id": 7, "file_name": "a.jpg", "width": 64, "height": 48}])";
const std::string kCategories =
    R"("categories": [{"id": 3, "name": "dog", "supercategory": "animal"}])";

std::string File(const std::string& images, const std::string& annotations,
                 const std::string& categories) {
  return "{" + images + ", \"annotations\": [" + annotations + "], " +
         categories + "}";
}

// The message of parsing `json`, which has to fail.
std::string ParseError(const std::string& json) {
  const auto pictures = ParseCocoAnnotations(json);
  EXPECT_EQ(pictures.status().code(), absl::StatusCode::kInvalidArgument)
      << json;
  return std::string(pictures.status().message());
}

std::string AnnotationError(const std::string& annotation) {
  return ParseError(File(kImages, annotation, kCategories));
}

TEST(ParseCocoAnnotationsTest, ListsComeInAnyOrderAmongOtherThings) {
  const auto pictures = ParseCocoAnnotations(R"({
    "info": {"images": [1, [2, {"id": 3}]], "year": 2017},
    "annotations": [
      {"id": 1, "image_id": 7, "category_id": 3, "bbox": [1.5, 2, 30, 40.25],
       "area": 1, "segmentation": [[1, 2, 3, 4]], "iscrowd": 0},
      {"id": 2, "image_id": 7, "category_id": 3, "bbox": [0, 0, 4, 4],
       "segmentation": {"counts": [1, {"bbox": [1]}], "size": [4, 4]},
       "iscrowd": 1}],
    "licenses": null,
    "images": [
      {"id": 7, "file_name": "a.jpg", "width": 64, "height": 48},
      {"id": 900100581904, "file_name": "b.jpg", "flickr_url": ["x"]}],
    "categories": [{"id": 3, "name": "dog"}, {"id": 4, "name": "cat"}]})");
  ASSERT_TRUE(pictures.ok()) << pictures.status();
  ASSERT_EQ(pictures->size(), 2);
  const BoxAnnotation& first = (*pictures)[0];
  EXPECT_EQ(first.picture, "a.jpg");
  EXPECT_EQ(first.size, (vision::Size{64, 48}));
  ASSERT_EQ(first.boxes.size(), 2);
  EXPECT_EQ(first.boxes[0].class_name, "dog");
  EXPECT_EQ(first.boxes[0].box.x_min, 1.5f);
  EXPECT_EQ(first.boxes[0].box.y_min, 2.0f);
  EXPECT_EQ(first.boxes[0].box.x_max, 31.5f);
  EXPECT_EQ(first.boxes[0].box.y_max, 42.25f);
  EXPECT_FALSE(first.boxes[0].ignore);
  EXPECT_TRUE(first.boxes[1].ignore);
  EXPECT_EQ((*pictures)[1].size, (vision::Size{0, 0}));
  EXPECT_TRUE((*pictures)[1].boxes.empty());
}

TEST(ParseCocoAnnotationsTest, WhatIsNoJsonNamesTheByte) {
  const std::string whole = File(kImages, "", kCategories);
  for (size_t length = 0; length < whole.size(); ++length) {
    EXPECT_THAT(ParseError(whole.substr(0, length)),
                HasSubstr("expected JSON, found a mistake at byte"));
  }
  EXPECT_TRUE(ParseCocoAnnotations(whole).ok());
  EXPECT_THAT(ParseError(whole + "x"), HasSubstr("a mistake at byte"));
  EXPECT_THAT(ParseError("{\"images\": \"\xff\"}"), HasSubstr("a mistake at"));
}

TEST(ParseCocoAnnotationsTest, ANumberBeyondAllIsRefused) {
  EXPECT_THAT(AnnotationError(R"({"image_id": 1e999})"),
              HasSubstr("expected JSON, found"));
}

TEST(ParseCocoAnnotationsTest, AMissingListIsNamed) {
  for (const char* json : {"[]", "7", "null", "{}", "[{\"images\": []}]"}) {
    EXPECT_THAT(ParseError(json), HasSubstr("an object with \"images\""));
  }
  EXPECT_THAT(ParseError("{" + kImages + "}"), HasSubstr("\"annotations\""));
  EXPECT_THAT(ParseError(R"({"images": [], "annotations": []})"),
              HasSubstr("\"categories\""));
}

TEST(ParseCocoAnnotationsTest, AListOfAnotherKindIsNamed) {
  for (const char* value : {"7", "\"x\"", "null", "{}", "{\"a\": {}}"}) {
    EXPECT_THAT(ParseError("{\"images\": " + std::string(value) + "}"),
                HasSubstr("images: expected a list"));
  }
  for (const char* value : {"[7]", "[[]]", "[[{}]]", "[null]"}) {
    EXPECT_THAT(ParseError("{\"images\": " + std::string(value) + "}"),
                HasSubstr("images: expected objects alone"));
  }
}

TEST(ParseCocoAnnotationsTest, AMissingOrWrongFieldIsNamed) {
  const std::string ids = R"("image_id": 7, "category_id": 3)";
  EXPECT_THAT(AnnotationError("{}"),
              HasSubstr("annotations[0]: image_id: expected an integer"));
  EXPECT_THAT(AnnotationError(R"({"image_id": "7"})"),
              HasSubstr("image_id: expected an integer"));
  EXPECT_THAT(AnnotationError(R"({"image_id": 7.5})"),
              HasSubstr("image_id: expected an integer"));
  EXPECT_THAT(AnnotationError(R"({"image_id": 7})"),
              HasSubstr("category_id: expected an integer"));
  EXPECT_THAT(AnnotationError("{" + ids + "}"),
              HasSubstr("bbox: expected an array"));
  EXPECT_THAT(
      AnnotationError("{" + ids + R"(, "bbox": [1,2,3,4], "iscrowd": 2})"),
      HasSubstr("iscrowd: expected an integer in 0..1"));
}

TEST(ParseCocoAnnotationsTest, ABoxThatIsNotFourNumbersIsNamed) {
  for (const char* box : {"[]", "[1,2,3]", "[1,2,3,4,5]", "[1,2,3,\"4\"]",
                          "[1,2,3,null]", "[1,2,3,1e300]", "[1,2,3,-1e7]"}) {
    EXPECT_THAT(
        AnnotationError(R"({"image_id": 7, "category_id": 3, "bbox": )" +
                        std::string(box) + "}"),
        HasSubstr("annotations[0]: bbox: expected x, y, width and height"));
  }
}

TEST(ParseCocoAnnotationsTest, NestedFieldsAreRefused) {
  for (const char* box : {"[[1],1,2,3,4]", "[1,2,3,4,{}]", "{\"x\": 1}"}) {
    EXPECT_THAT(AnnotationError(R"({"bbox": )" + std::string(box) + "}"),
                HasSubstr("annotations: expected records of plain fields"));
  }
}

TEST(ParseCocoAnnotationsTest, AnImagesFieldsAreChecked) {
  const auto error = [](const std::string& image) {
    return ParseError(File("\"images\": [" + image + "]", "", kCategories));
  };
  EXPECT_THAT(error("{}"), HasSubstr("images[0]: id: expected an integer"));
  EXPECT_THAT(error(R"({"id": 1})"), HasSubstr("images[0]: file_name"));
  EXPECT_THAT(error(R"({"id": 1, "file_name": 5})"),
              HasSubstr("file_name: expected a string, found 5"));
  EXPECT_THAT(error(R"({"id": 1, "file_name": "a", "width": 0, "height": 4})"),
              HasSubstr("width: expected an integer in 1..16384"));
  EXPECT_THAT(error(R"({"id": 1, "file_name": "a", "width": 4})"),
              HasSubstr("height: expected an integer in 1..16384"));
}

TEST(ParseCocoAnnotationsTest, ARepeatedIdIsRefused) {
  EXPECT_THAT(ParseError(File(R"("images": [{"id": 7, "file_name": "a"},
                                            {"id": 7, "file_name": "b"}])",
                              "", kCategories)),
              HasSubstr("images[1]: id: expected every id once, found 7"));
  EXPECT_THAT(ParseError(File(kImages, "",
                              R"("categories": [{"id": 3, "name": "a"},
                                                {"id": 3, "name": "b"}])")),
              HasSubstr("categories[1]: id: expected every id once"));
}

TEST(ParseCocoAnnotationsTest, AnUnknownIdIsNamed) {
  EXPECT_THAT(AnnotationError(
                  R"({"image_id": 8, "category_id": 3, "bbox": [1,2,3,4]})"),
              HasSubstr("annotations[0]: image_id: expected an id among the "
                        "images, found 8"));
  EXPECT_THAT(AnnotationError(
                  R"({"image_id": 7, "category_id": 4, "bbox": [1,2,3,4]})"),
              HasSubstr("annotations[0]: category_id: expected an id among the "
                        "categories, found 4"));
}

TEST(ParseCocoAnnotationsTest, DeepNestingIsHarmless) {
  const std::string deep(200'000, '[');
  const std::string end(200'000, ']');
  EXPECT_THAT(ParseError(deep), HasSubstr("expected JSON"));
  EXPECT_THAT(ParseError(deep + end), HasSubstr("an object with"));
  EXPECT_THAT(AnnotationError(R"({"bbox": )" + deep + end + "}"),
              HasSubstr("records of plain fields"));
  EXPECT_THAT(AnnotationError(R"({"segmentation": )" + deep + end + "}"),
              HasSubstr("image_id"));
}

}  // namespace
}  // namespace sluice::train
