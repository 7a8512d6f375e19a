#include "models/train/sets/voc_annotation.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sluice::train {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// The message of parsing `xml`, which has to fail.
std::string ParseError(const std::string& xml) {
  const auto annotation = ParseVocAnnotation(xml);
  EXPECT_EQ(annotation.status().code(), absl::StatusCode::kInvalidArgument)
      << xml;
  return std::string(annotation.status().message());
}

std::string InAnnotation(const std::string& inside) {
  return "<annotation>" + inside + "</annotation>";
}

const std::string kBox =
    "<bndbox><xmin>1</xmin><ymin>2</ymin><xmax>30</xmax><ymax>40</ymax>"
    "</bndbox>";

TEST(ParseVocAnnotationTest, BoxesCountFromZeroAndEndBeyondTheLastPixel) {
  const auto annotation = ParseVocAnnotation(
      "<?xml version=\"1.0\"?>\n"
      "<annotation>\n"
      "  <filename>elsewhere.jpg</filename>\n"
      "  <size><width>64</width><height>48</height><depth>3</depth></size>\n"
      "  <object>\n"
      "    <name> dog </name><pose>Left</pose><difficult>1</difficult>\n"
      "    <bndbox><xmax>30</xmax><xmin>1</xmin><ymin>2.5</ymin>"
      "<ymax>40</ymax></bndbox>\n"
      "  </object>\n"
      "  <object><name>cat</name>" +
      kBox +
      "</object>\n"
      "</annotation>\n");
  ASSERT_TRUE(annotation.ok()) << annotation.status();
  EXPECT_EQ(annotation->size, (vision::Size{64, 48}));
  ASSERT_EQ(annotation->boxes.size(), 2);
  const NamedBox& dog = annotation->boxes[0];
  EXPECT_EQ(dog.class_name, "dog");
  EXPECT_TRUE(dog.ignore);
  EXPECT_EQ(dog.box.x_min, 0.0f);
  EXPECT_EQ(dog.box.y_min, 1.5f);
  EXPECT_EQ(dog.box.x_max, 30.0f);
  EXPECT_EQ(dog.box.y_max, 40.0f);
  EXPECT_FALSE(annotation->boxes[1].ignore);
}

TEST(ParseVocAnnotationTest, APictureMayShowNothing) {
  const auto annotation = ParseVocAnnotation("<annotation/>");
  ASSERT_TRUE(annotation.ok()) << annotation.status();
  EXPECT_TRUE(annotation->boxes.empty());
  EXPECT_EQ(annotation->size, (vision::Size{0, 0}));
}

TEST(ParseVocAnnotationTest, PartsOfAnObjectAreNoObjects) {
  const auto annotation = ParseVocAnnotation(
      InAnnotation("<object><name>person</name><part><name>head</name><bndbox>"
                   "<xmin>7</xmin></bndbox></part>" +
                   kBox + "</object>"));
  ASSERT_TRUE(annotation.ok()) << annotation.status();
  ASSERT_EQ(annotation->boxes.size(), 1);
  EXPECT_EQ(annotation->boxes[0].class_name, "person");
  EXPECT_EQ(annotation->boxes[0].box.x_max, 30.0f);
}

TEST(ParseVocAnnotationTest, ASizeOfNothingIsUndeclared) {
  const auto annotation = ParseVocAnnotation(
      InAnnotation("<size><width>0</width><height>0</height></size>"));
  ASSERT_TRUE(annotation.ok()) << annotation.status();
  EXPECT_EQ(annotation->size, (vision::Size{0, 0}));
}

TEST(ParseVocAnnotationTest, ASizeThatIsNoneIsNamed) {
  for (const char* width : {"-1", "1.5", "99999999", "x", ""}) {
    EXPECT_THAT(ParseError(InAnnotation("<size><width>" + std::string(width) +
                                        "</width><height>4</height></size>")),
                HasSubstr("size.width: expected"));
  }
  EXPECT_THAT(ParseError(InAnnotation("<size><width>4</width></size>")),
              HasSubstr("size.height: expected a number, found nothing"));
}

TEST(ParseVocAnnotationTest, WhatIsNoXmlNamesTheByte) {
  for (const char* xml : {"", "no xml", "<annotation>", "<annotation></b>",
                          "<annotation", "<annotation><object></annotation>"}) {
    EXPECT_THAT(ParseError(xml), HasSubstr("expected XML, found a mistake"));
  }
}

TEST(ParseVocAnnotationTest, AnotherRootIsNamed) {
  EXPECT_THAT(ParseError("<html><object/></html>"),
              HasSubstr("expected an element <annotation>, found \"html\""));
}

TEST(ParseVocAnnotationTest, EntitiesAreNeverExpanded) {
  const auto annotation = ParseVocAnnotation(
      "<!DOCTYPE annotation [<!ENTITY a \"aaaaaaaaaa\">"
      "<!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;\">"
      "<!ENTITY file SYSTEM \"file:///etc/passwd\">]>" +
      InAnnotation("<object><name>&b;&file;&amp;</name>" + kBox + "</object>"));
  ASSERT_TRUE(annotation.ok()) << annotation.status();
  EXPECT_EQ(annotation->boxes[0].class_name, "&b;&file;&");
}

TEST(ParseVocAnnotationTest, DeepNestingIsHarmless) {
  std::string xml;
  for (int i = 0; i < 200'000; ++i) xml += "<annotation>";
  EXPECT_THAT(ParseError(xml), HasSubstr("expected XML"));
  std::string inside;
  for (int i = 0; i < 200'000; ++i) inside += "<a>";
  for (int i = 0; i < 200'000; ++i) inside += "</a>";
  EXPECT_TRUE(ParseVocAnnotation(InAnnotation(inside)).ok());
}

TEST(ParseVocAnnotationTest, OversizedXmlIsRefused) {
  EXPECT_THAT(ParseError(std::string(kMaxVocXmlBytes + 1, ' ')),
              HasSubstr("expected at most 4194304 bytes of XML"));
}

TEST(ParseVocAnnotationTest, AnObjectWithoutANameIsRefused) {
  EXPECT_THAT(ParseError(InAnnotation("<object>" + kBox + "</object>")),
              HasSubstr("object 1.name: expected a class name"));
  EXPECT_THAT(ParseError(InAnnotation("<object><name>cat</name>" + kBox +
                                      "</object><object><name> </name>" + kBox +
                                      "</object>")),
              HasSubstr("object 2.name"));
}

TEST(ParseVocAnnotationTest, AMissingOrBadCornerIsNamed) {
  EXPECT_THAT(ParseError(InAnnotation("<object><name>a</name></object>")),
              HasSubstr("object 1.bndbox.xmin: expected a number, found "
                        "nothing"));
  EXPECT_THAT(ParseError(InAnnotation(
                  "<object><name>a</name><bndbox><xmin>1</xmin><ymin>2</ymin>"
                  "<xmax>wide</xmax><ymax>4</ymax></bndbox></object>")),
              HasSubstr("object 1.bndbox.xmax: expected a number, found "
                        "\"wide\""));
}

TEST(ParseVocAnnotationTest, DifficultIsZeroOrOne) {
  EXPECT_THAT(
      ParseError(InAnnotation("<object><name>a</name><difficult>2</difficult>" +
                              kBox + "</object>")),
      HasSubstr("object 1.difficult: expected 0 or 1, found 2"));
}

TEST(ParseVocImageSetTest, NamesComeOutInOrder) {
  const auto names = ParseVocImageSet("b\r\n\n  a \nwith space");
  ASSERT_TRUE(names.ok()) << names.status();
  EXPECT_THAT(*names, ElementsAre("b", "a", "with space"));
}

TEST(ParseVocImageSetTest, ARepeatedNameIsRefused) {
  const auto names = ParseVocImageSet("a\nb\na\n");
  EXPECT_THAT(names.status().message(), HasSubstr("line 3: expected every"));
}

TEST(ParseVocImageSetTest, NoNamesAreRefused) {
  EXPECT_EQ(ParseVocImageSet(" \n").status().code(),
            absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace sluice::train
