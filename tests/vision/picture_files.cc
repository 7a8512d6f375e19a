#include "tests/vision/picture_files.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "common/base/byte_io.h"

namespace sluice::vision {
namespace {

void AppendText(Bytes& out, std::string_view text) {
  out.insert(out.end(), text.begin(), text.end());
}

void Append(Bytes& out, std::span<const uint8_t> bytes) {
  out.insert(out.end(), bytes.begin(), bytes.end());
}

void AppendLittle(Bytes& out, uint32_t value, int num_bytes) {
  for (int i = 0; i < num_bytes; ++i) {
    out.push_back(static_cast<uint8_t>(value >> (8 * i)));
  }
}

void AppendBig(Bytes& out, uint32_t value, int num_bytes) {
  for (int i = num_bytes - 1; i >= 0; --i) {
    out.push_back(static_cast<uint8_t>(value >> (8 * i)));
  }
}

// CRC-32 of PNG chunks (ISO 3309).
uint32_t PngCrc(std::span<const uint8_t> bytes) {
  uint32_t crc = 0xFFFFFFFF;
  for (const uint8_t byte : bytes) {
    crc ^= byte;
    for (int bit = 0; bit < 8; ++bit) {
      crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xEDB88320 : 0);
    }
  }
  return ~crc;
}

Bytes PngChunk(std::string_view type, std::span<const uint8_t> data) {
  Bytes typed;
  AppendText(typed, type);
  Append(typed, data);
  Bytes chunk;
  AppendBig(chunk, static_cast<uint32_t>(data.size()), 4);
  Append(chunk, typed);
  AppendBig(chunk, PngCrc(typed), 4);
  return chunk;
}

Bytes RiffChunk(std::string_view type, std::span<const uint8_t> data) {
  Bytes chunk;
  AppendText(chunk, type);
  AppendLittle(chunk, static_cast<uint32_t>(data.size()), 4);
  Append(chunk, data);
  if (data.size() % 2 != 0) chunk.push_back(0);
  return chunk;
}

Bytes Spliced(std::span<const uint8_t> file, size_t offset,
              std::span<const uint8_t> inserted) {
  Bytes out(file.begin(), file.begin() + static_cast<ptrdiff_t>(offset));
  Append(out, inserted);
  Append(out, file.subspan(offset));
  return out;
}

Bytes WebpWithExif(std::span<const uint8_t> file, Size size,
                   std::span<const uint8_t> exif) {
  Bytes vp8x = {0x08, 0, 0, 0};  // EXIF present.
  AppendLittle(vp8x, static_cast<uint32_t>(size.width - 1), 3);
  AppendLittle(vp8x, static_cast<uint32_t>(size.height - 1), 3);
  Bytes riff;
  AppendText(riff, "WEBP");
  Append(riff, RiffChunk("VP8X", vp8x));
  Append(riff, file.subspan(12));
  Append(riff, RiffChunk("EXIF", exif));
  return RiffChunk("RIFF", riff);
}

}  // namespace

Picture Quadrants(int width, int height) {
  Picture picture{cv::Mat(height, width, CV_8UC3)};
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const bool is_right = x >= width / 2;
      const bool is_low = y >= height / 2;
      cv::Vec3b color(0, 0, 255);
      if (is_right) color = cv::Vec3b(0, 255, 0);
      if (is_low) color = cv::Vec3b(255, 0, 0);
      if (is_right && is_low) color = cv::Vec3b(255, 255, 255);
      picture.bgr.at<cv::Vec3b>(y, x) = color;
    }
  }
  return picture;
}

Bytes FileOf(const Picture& picture, PictureFormat format) {
  return EncodePicture(picture, format, 90).value();
}

Bytes ExifOf(int orientation, bool is_big_endian) {
  const auto append = is_big_endian ? AppendBig : AppendLittle;
  Bytes exif;
  AppendText(exif, std::string_view("Exif\0\0", 6));
  AppendText(exif, is_big_endian ? "MM" : "II");
  append(exif, 42, 2);
  append(exif, 8, 4);       // The first directory, after these 8 bytes.
  append(exif, 1, 2);       // One entry.
  append(exif, 0x0112, 2);  // Orientation,
  append(exif, 3, 2);       // a SHORT,
  append(exif, 1, 4);       // one of them.
  append(exif, static_cast<uint32_t>(orientation), 2);
  append(exif, 0, 2);
  append(exif, 0, 4);  // No further directory.
  return exif;
}

Bytes WithExif(std::span<const uint8_t> file, PictureFormat format, Size size,
               std::span<const uint8_t> exif) {
  switch (format) {
    case PictureFormat::kJpeg: {
      Bytes segment = {0xFF, 0xE1};
      AppendBig(segment, static_cast<uint32_t>(exif.size() + 2), 2);
      Append(segment, exif);
      return Spliced(file, 2, segment);
    }
    case PictureFormat::kPng:  // After IHDR; without the prefix.
      return Spliced(file, 8 + 12 + 13, PngChunk("eXIf", exif.subspan(6)));
    case PictureFormat::kWebp:
      return WebpWithExif(file, size, exif);
  }
  return {};
}

Bytes WithDeclaredSize(std::span<const uint8_t> file, PictureFormat format,
                       int width, int height) {
  Bytes out(file.begin(), file.end());
  Bytes sides;
  size_t offset = 0;
  if (format == PictureFormat::kJpeg) {
    constexpr std::array<uint8_t, 3> kSof0 = {0xFF, 0xC0, 0x00};
    const auto sof =
        std::search(out.begin(), out.end(), kSof0.begin(), kSof0.end());
    offset = static_cast<size_t>(sof - out.begin()) + 5;
    AppendBig(sides, static_cast<uint32_t>(height), 2);
    AppendBig(sides, static_cast<uint32_t>(width), 2);
  } else if (format == PictureFormat::kPng) {
    Bytes ihdr(file.begin() + 16, file.begin() + 16 + 13);
    AppendBig(sides, static_cast<uint32_t>(width), 4);
    AppendBig(sides, static_cast<uint32_t>(height), 4);
    std::copy(sides.begin(), sides.end(), ihdr.begin());
    offset = 8;
    sides = PngChunk("IHDR", ihdr);
  } else {
    offset = 26;  // Behind RIFF and VP8 headers, frame tag and start code.
    AppendLittle(sides, static_cast<uint32_t>(width), 2);
    AppendLittle(sides, static_cast<uint32_t>(height), 2);
  }
  std::copy(sides.begin(), sides.end(),
            out.begin() + static_cast<ptrdiff_t>(offset));
  return out;
}

}  // namespace sluice::vision
