#include "tests/train/train_testing.h"

#include <archive.h>
#include <archive_entry.h>

#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>

#include "common/vision/picture.h"
#include "gtest/gtest.h"

namespace sluice::train {

std::string MakeTar(const std::vector<TarMember>& members, TarFormat format) {
  std::string tar(1 << 20, '\0');
  size_t used = 0;
  archive* writer = archive_write_new();
  switch (format) {
    case TarFormat::kUstar:
      archive_write_set_format_ustar(writer);
      break;
    case TarFormat::kGnu:
      archive_write_set_format_gnutar(writer);
      break;
    case TarFormat::kPax:
      archive_write_set_format_pax(writer);
      break;
  }
  archive_write_open_memory(writer, tar.data(), tar.size(), &used);
  for (const TarMember& member : members) {
    archive_entry* entry = archive_entry_new();
    archive_entry_set_pathname(entry, member.name.c_str());
    archive_entry_set_size(entry, static_cast<la_int64_t>(member.text.size()));
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0644);
    EXPECT_EQ(archive_write_header(writer, entry), ARCHIVE_OK)
        << archive_error_string(writer);
    archive_write_data(writer, member.text.data(), member.text.size());
    archive_entry_free(entry);
  }
  archive_write_close(writer);
  archive_write_free(writer);
  tar.resize(used);
  return tar;
}

std::vector<uint8_t> MakeJpeg(int width, int height, int seed) {
  cv::RNG random(seed);
  cv::Mat blocks(4, 4, CV_8UC3);
  random.fill(blocks, cv::RNG::UNIFORM, 0, 256);
  vision::Picture picture;
  cv::resize(blocks, picture.bgr, {width, height}, 0, 0, cv::INTER_NEAREST);
  return vision::EncodePicture(picture, vision::PictureFormat::kJpeg, 95)
      .value();
}

std::vector<uint8_t> MakeRedPng(int width, int height) {
  const vision::Picture picture{
      cv::Mat(height, width, CV_8UC3, cv::Scalar(0, 0, 255))};
  return vision::EncodePicture(picture, vision::PictureFormat::kPng, 100)
      .value();
}

}  // namespace sluice::train
