#include "tests/train/train_testing.h"

#include <archive.h>
#include <archive_entry.h>
#include <unistd.h>

#include <fstream>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>

#include "common/vision/picture.h"

namespace sluice::train {

void TempFolderTest::SetUp() {
  std::string pattern = ::testing::TempDir() + "sluice_train_XXXXXX";
  ASSERT_NE(mkdtemp(pattern.data()), nullptr);
  folder_ = pattern;
}

void TempFolderTest::TearDown() { std::filesystem::remove_all(folder_); }

std::filesystem::path TempFolderTest::Write(const std::string& name,
                                            std::span<const uint8_t> bytes) {
  const std::filesystem::path path = folder_ / name;
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  return path;
}

std::filesystem::path TempFolderTest::Write(const std::string& name,
                                            std::string_view text) {
  return Write(name, std::span(reinterpret_cast<const uint8_t*>(text.data()),
                               text.size()));
}

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
