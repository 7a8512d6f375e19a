#include "models/train/pixels/heif_layout.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sluice::train {
namespace {

using ::testing::HasSubstr;

std::string BigEndian(uint64_t value, int num_bytes) {
  std::string bytes;
  for (int shift = 8 * (num_bytes - 1); shift >= 0; shift -= 8) {
    bytes.push_back(static_cast<char>(value >> shift & 255));
  }
  return bytes;
}

std::string MakeBox(const std::string& type, const std::string& payload) {
  return BigEndian(8 + payload.size(), 4) + type + payload;
}

std::string MakeFullBox(const std::string& type, int version,
                        const std::string& payload) {
  return MakeBox(type, BigEndian(version, 1) + BigEndian(0, 3) + payload);
}

std::string MakeInfe(int id, const std::string& type) {
  return MakeFullBox("infe", 2,
                     BigEndian(id, 2) + BigEndian(0, 2) + type + '\0');
}

// One extent of an item in this file.
std::string MakeLocation(int id, uint64_t offset, uint64_t num_bytes) {
  return BigEndian(id, 2) + BigEndian(0, 2) + BigEndian(1, 2) +
         BigEndian(offset, 4) + BigEndian(num_bytes, 4);
}

std::string MakeIloc(const std::vector<std::string>& locations) {
  std::string payload = BigEndian(0x4400, 2) + BigEndian(locations.size(), 2);
  for (const std::string& location : locations) payload += location;
  return MakeFullBox("iloc", 0, payload);
}

// Parameter sets of 3 and 5 bytes, in two arrays.
std::string MakeHvcc() {
  return MakeBox("hvcC", std::string(22, '\1') + BigEndian(2, 1) +
                             BigEndian(0xA0, 1) + BigEndian(1, 2) +
                             BigEndian(3, 2) + "abc" + BigEndian(0xA1, 1) +
                             BigEndian(1, 2) + BigEndian(5, 2) + "defgh");
}

struct Parts {
  std::string ftyp = MakeBox("ftyp", "heic" + BigEndian(0, 4));  // 16 bytes.
  std::string mdat = MakeBox("mdat", std::string(100, 'd'));     // At 24.
  std::string iinf = MakeFullBox(
      "iinf", 0, BigEndian(2, 2) + MakeInfe(1, "hvc1") + MakeInfe(2, "Exif"));
  std::string iloc =
      MakeIloc({MakeLocation(1, 24, 70), MakeLocation(2, 94, 30)});
  std::string properties = MakeHvcc();

  std::string File() const {
    return ftyp + mdat +
           MakeFullBox(
               "meta", 0,
               iinf + iloc + MakeBox("iprp", MakeBox("ipco", properties)));
  }
};

absl::StatusOr<HeifLayout> Read(const std::string& file) {
  return ReadHeifLayout(
      {reinterpret_cast<const uint8_t*>(file.data()), file.size()});
}

absl::Status ErrorOf(const std::string& file) { return Read(file).status(); }

TEST(HeifLayoutTest, CodedBytesAreThePicturesDataAndItsParameterSets) {
  const absl::StatusOr<HeifLayout> layout = Read(Parts().File());
  ASSERT_TRUE(layout.ok()) << layout.status();
  EXPECT_EQ(layout->coding, HeifCoding::kHevc);
  EXPECT_EQ(layout->coded_bytes, 70 + 3 + 5);
}

TEST(HeifLayoutTest, WhatAv1CRepeatsIsContainer) {
  Parts parts;
  parts.iinf = MakeFullBox("iinf", 0, BigEndian(1, 2) + MakeInfe(1, "av01"));
  parts.properties = MakeBox("av1C", std::string(14, 's'));
  const absl::StatusOr<HeifLayout> layout = Read(parts.File());
  ASSERT_TRUE(layout.ok()) << layout.status();
  EXPECT_EQ(layout->coding, HeifCoding::kAv1);
  EXPECT_EQ(layout->coded_bytes, 70);
}

TEST(HeifLayoutTest, ExtentsOfOneItemAddUpFromTheirBase) {
  Parts parts;
  // Version 1: base offsets of 4 bytes, indices of 2 before each extent.
  parts.iloc =
      MakeFullBox("iloc", 1,
                  BigEndian(0x4442, 2) + BigEndian(1, 2) + BigEndian(1, 2) +
                      BigEndian(0, 4) + BigEndian(20, 4) + BigEndian(2, 2) +
                      BigEndian(1, 2) + BigEndian(4, 4) + BigEndian(10, 4) +
                      BigEndian(2, 2) + BigEndian(60, 4) + BigEndian(25, 4));
  const absl::StatusOr<HeifLayout> layout = Read(parts.File());
  ASSERT_TRUE(layout.ok()) << layout.status();
  EXPECT_EQ(layout->coded_bytes, 10 + 25 + 3 + 5);
}

TEST(HeifLayoutTest, LongAndOpenEndedBoxesAreRead) {
  Parts parts;
  const std::string tail = parts.File().substr(parts.ftyp.size() + 108);
  parts.iloc = MakeIloc({MakeLocation(1, 16 + 16, 70)});
  const std::string long_mdat =
      BigEndian(1, 4) + "mdat" + BigEndian(16 + 100, 8) + std::string(100, 'd');
  parts.mdat = long_mdat;
  std::string file = parts.File();
  const size_t meta = parts.ftyp.size() + long_mdat.size();
  file.replace(meta, 4, BigEndian(0, 4));  // To the end of the file.
  const absl::StatusOr<HeifLayout> layout = Read(file);
  ASSERT_TRUE(layout.ok()) << layout.status();
  EXPECT_EQ(layout->coded_bytes, 70 + 3 + 5);
}

TEST(HeifLayoutTest, OtherFilesAreInvalid) {
  for (const std::string& file :
       {std::string(), std::string("\xFF\xD8\xFF\xE0 not a HEIF file"),
        std::string(8, '\0')}) {
    EXPECT_EQ(ErrorOf(file).code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(ErrorOf(file).message(), HasSubstr("HEIC or AVIF"));
  }
}

TEST(HeifLayoutTest, EveryTruncationIsAnError) {
  const std::string file = Parts().File();
  for (size_t num_bytes = 0; num_bytes < file.size(); ++num_bytes) {
    EXPECT_FALSE(Read(file.substr(0, num_bytes)).ok()) << num_bytes;
  }
}

TEST(HeifLayoutTest, AnyByteMayChangeWithoutHarm) {
  const std::string file = Parts().File();
  for (size_t at = 0; at < file.size(); ++at) {
    for (const char value : {'\0', '\1', '\x7F', '\xFF'}) {
      std::string damaged = file;
      damaged[at] = value;
      const absl::StatusOr<HeifLayout> layout = Read(damaged);
      if (layout.ok()) {
        EXPECT_LE(layout->coded_bytes, file.size()) << at;
      }
    }
  }
}

TEST(HeifLayoutTest, DataOutsideOfMdatIsDataLoss) {
  for (const std::string& location :
       {MakeLocation(1, 23, 70), MakeLocation(1, 24, 101),
        MakeLocation(1, 0xFFFFFFFF, 2), MakeLocation(1, 24, 0)}) {
    Parts parts;
    parts.iloc = MakeIloc({location});
    EXPECT_EQ(ErrorOf(parts.File()).code(), absl::StatusCode::kDataLoss);
    EXPECT_THAT(ErrorOf(parts.File()).message(), HasSubstr("in mdat"));
  }
}

TEST(HeifLayoutTest, ExtentsWithoutALengthAreDataLoss) {
  Parts parts;
  // 65,535 extents whose fields take no bytes.
  parts.iloc =
      MakeFullBox("iloc", 0,
                  BigEndian(0x0000, 2) + BigEndian(1, 2) + BigEndian(1, 2) +
                      BigEndian(0, 2) + BigEndian(0xFFFF, 2));
  EXPECT_EQ(ErrorOf(parts.File()).code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(ErrorOf(parts.File()).message(), HasSubstr("sizes 0000"));
}

TEST(HeifLayoutTest, ItemsThatShareDataAreDataLoss) {
  Parts parts;
  parts.iloc = MakeIloc(std::vector<std::string>(6, MakeLocation(1, 24, 100)));
  EXPECT_EQ(ErrorOf(parts.File()).code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(ErrorOf(parts.File()).message(), HasSubstr("share"));
}

TEST(HeifLayoutTest, BoxesThatAreMissingAreNamed) {
  Parts parts;
  parts.iloc.clear();
  EXPECT_THAT(ErrorOf(parts.File()).message(), HasSubstr("iloc"));
  parts = Parts();
  parts.iinf.clear();
  EXPECT_THAT(ErrorOf(parts.File()).message(), HasSubstr("iinf"));
  EXPECT_THAT(ErrorOf(parts.ftyp + parts.mdat).message(), HasSubstr("meta"));
}

TEST(HeifLayoutTest, BothCodingsAtOnceAndNoneAreInvalid) {
  Parts parts;
  parts.iinf = MakeFullBox(
      "iinf", 0, BigEndian(2, 2) + MakeInfe(1, "hvc1") + MakeInfe(2, "av01"));
  EXPECT_THAT(ErrorOf(parts.File()).message(), HasSubstr("HEVC as well as"));
  parts.iinf = MakeFullBox("iinf", 0, BigEndian(1, 2) + MakeInfe(1, "Exif"));
  EXPECT_THAT(ErrorOf(parts.File()).message(), HasSubstr("neither"));
}

}  // namespace
}  // namespace sluice::train
