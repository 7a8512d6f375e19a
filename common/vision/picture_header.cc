#include "common/vision/picture_header.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "common/base/byte_io.h"
#include "common/base/status_macros.h"
#include "common/vision/exif.h"

namespace sluice::vision {
namespace {

using base::ByteReader;

constexpr std::string_view kJpegSignature = "\xFF\xD8\xFF";
constexpr std::string_view kPngSignature = "\x89PNG\r\n\x1A\n";
constexpr std::string_view kRiffSignature = "RIFF";
constexpr std::string_view kWebpSignature = "WEBP";

std::string_view AsText(std::span<const uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// PNG and JPEG numbers are big-endian, ByteReader's little-endian.
absl::StatusOr<uint16_t> ReadBigU16(ByteReader& reader) {
  SLUICE_ASSIGN_OR_RETURN(const uint16_t value, reader.ReadU16());
  return static_cast<uint16_t>(value >> 8 | value << 8);
}

absl::StatusOr<uint32_t> ReadBigU32(ByteReader& reader) {
  SLUICE_ASSIGN_OR_RETURN(const uint32_t value, reader.ReadU32());
  return __builtin_bswap32(value);
}

// Limits are checked here, before the numbers become ints.
absl::StatusOr<Size> MakeSize(uint32_t width, uint32_t height) {
  if (width == 0 || height == 0) {
    return absl::InvalidArgumentError(absl::StrCat(
        "declares ", width, " x ", height, " pixels, expected at least 1 x 1"));
  }
  if (width > kMaxPictureSide || height > kMaxPictureSide ||
      static_cast<uint64_t>(width) * height > kMaxPicturePixels) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "declares ", width, " x ", height, " pixels, expected sides up to ",
        kMaxPictureSide, " and up to ", kMaxPicturePixels, " pixels"));
  }
  return Size{static_cast<int>(width), static_cast<int>(height)};
}

// JPEG: ITU-T T.81 annex B.

constexpr uint8_t kMarkerPrefix = 0xFF;
constexpr uint8_t kEndOfImage = 0xD9;
constexpr uint8_t kStartOfScan = 0xDA;
constexpr uint8_t kApp1 = 0xE1;
// Usual progressive files have about ten; each costs a pass over all pixels.
constexpr int kMaxJpegScans = 100;

bool IsRestart(uint8_t marker) { return marker >= 0xD0 && marker <= 0xD7; }
bool HasNoSegment(uint8_t marker) { return marker == 1 || IsRestart(marker); }

// SOF0..SOF15 without DHT, JPG and DAC, which lie between them.
bool IsStartOfFrame(uint8_t marker) {
  return marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 &&
         marker != 0xCC;
}

absl::StatusOr<uint8_t> ReadMarker(ByteReader& reader) {
  SLUICE_ASSIGN_OR_RETURN(uint8_t byte, reader.ReadU8());
  if (byte != kMarkerPrefix) {
    return absl::DataLossError(absl::StrCat("expected a marker, found byte 0x",
                                            absl::Hex(byte, absl::kZeroPad2)));
  }
  while (byte == kMarkerPrefix) {  // Any number of fill bytes.
    SLUICE_ASSIGN_OR_RETURN(byte, reader.ReadU8());
  }
  return byte;
}

// Entropy-coded bytes before the marker that ends them; all if none does.
size_t CountScanBytes(std::span<const uint8_t> bytes) {
  for (size_t i = 0; i + 1 < bytes.size(); ++i) {
    if (bytes[i] != kMarkerPrefix) continue;
    const uint8_t next = bytes[i + 1];
    if (next != 0 && next != kMarkerPrefix && !IsRestart(next)) return i;
  }
  return bytes.size();
}

absl::StatusOr<Size> ReadFrameHeader(std::span<const uint8_t> segment) {
  ByteReader reader(segment);
  SLUICE_RETURN_IF_ERROR(reader.ReadU8().status());  // Sample precision.
  SLUICE_ASSIGN_OR_RETURN(const uint16_t height, ReadBigU16(reader));
  SLUICE_ASSIGN_OR_RETURN(const uint16_t width, ReadBigU16(reader));
  return MakeSize(width, height);
}

absl::StatusOr<PictureHeader> ReadJpeg(std::span<const uint8_t> bytes) {
  ByteReader reader(bytes.subspan(2));
  PictureHeader header{PictureFormat::kJpeg, {}, 1};
  bool has_frame = false;
  int num_scans = 0;
  while (true) {
    SLUICE_ASSIGN_OR_RETURN(const uint8_t marker, ReadMarker(reader));
    if (marker == kEndOfImage) break;
    if (HasNoSegment(marker)) continue;
    SLUICE_ASSIGN_OR_RETURN(const uint16_t length, ReadBigU16(reader));
    if (length < 2) {
      return absl::DataLossError(absl::StrCat(
          "expected a segment of at least 2 bytes, found ", length));
    }
    SLUICE_ASSIGN_OR_RETURN(const std::span<const uint8_t> segment,
                            reader.ReadBytes(length - 2));
    if (IsStartOfFrame(marker)) {
      if (has_frame) return absl::DataLossError("has two frame headers");
      has_frame = true;
      SLUICE_ASSIGN_OR_RETURN(header.stored, ReadFrameHeader(segment));
    } else if (marker == kApp1 && AsText(segment).starts_with("Exif")) {
      header.orientation = ExifOrientation(segment);
    } else if (marker == kStartOfScan) {
      if (++num_scans > kMaxJpegScans) {
        return absl::ResourceExhaustedError(
            absl::StrCat("has more than ", kMaxJpegScans, " scans"));
      }
      const size_t scan_bytes =
          CountScanBytes(bytes.last(reader.remaining_bytes()));
      SLUICE_RETURN_IF_ERROR(reader.ReadBytes(scan_bytes).status());
    }
  }
  if (!has_frame || num_scans == 0) {
    return absl::DataLossError("ends before its first scan");
  }
  return header;
}

// PNG: RFC 2083 section 3.

absl::StatusOr<PictureHeader> ReadPng(std::span<const uint8_t> bytes) {
  ByteReader reader(bytes.subspan(kPngSignature.size()));
  PictureHeader header{PictureFormat::kPng, {}, 1};
  for (bool is_first = true;; is_first = false) {
    SLUICE_ASSIGN_OR_RETURN(const uint32_t length, ReadBigU32(reader));
    SLUICE_ASSIGN_OR_RETURN(const std::span<const uint8_t> type,
                            reader.ReadBytes(4));
    SLUICE_ASSIGN_OR_RETURN(const std::span<const uint8_t> data,
                            reader.ReadBytes(length));
    SLUICE_RETURN_IF_ERROR(reader.ReadU32().status());  // CRC; libpng's job.
    const std::string_view name = AsText(type);
    if ((name == "IHDR") != is_first) {
      return absl::DataLossError("expected one IHDR chunk, at the start");
    }
    if (name == "IHDR") {
      ByteReader fields(data);
      SLUICE_ASSIGN_OR_RETURN(const uint32_t width, ReadBigU32(fields));
      SLUICE_ASSIGN_OR_RETURN(const uint32_t height, ReadBigU32(fields));
      SLUICE_ASSIGN_OR_RETURN(header.stored, MakeSize(width, height));
    } else if (name == "eXIf") {
      header.orientation = ExifOrientation(data);
    } else if (name == "IEND") {
      return header;
    }
  }
}

// WebP: RFC 9649 section 2.

constexpr uint8_t kVp8xAnimation = 0x02;

absl::StatusOr<Size> ReadVp8Size(std::span<const uint8_t> data) {
  ByteReader reader(data);
  SLUICE_RETURN_IF_ERROR(reader.ReadBytes(3).status());  // Frame tag.
  SLUICE_ASSIGN_OR_RETURN(const std::span<const uint8_t> start_code,
                          reader.ReadBytes(3));
  if (AsText(start_code) != "\x9D\x01\x2A") {
    return absl::DataLossError("expected a key frame's start code");
  }
  SLUICE_ASSIGN_OR_RETURN(const uint16_t width, reader.ReadU16());
  SLUICE_ASSIGN_OR_RETURN(const uint16_t height, reader.ReadU16());
  return MakeSize(width & 0x3FFF, height & 0x3FFF);  // Top bits: scaling hints.
}

absl::StatusOr<Size> ReadVp8lSize(std::span<const uint8_t> data) {
  ByteReader reader(data);
  SLUICE_ASSIGN_OR_RETURN(const uint8_t signature, reader.ReadU8());
  if (signature != 0x2F) {
    return absl::DataLossError(
        absl::StrCat("expected lossless signature 0x2f, found 0x",
                     absl::Hex(signature, absl::kZeroPad2)));
  }
  SLUICE_ASSIGN_OR_RETURN(const uint32_t bits, reader.ReadU32());
  return MakeSize((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1);
}

absl::StatusOr<Size> ReadVp8xSize(std::span<const uint8_t> data) {
  ByteReader reader(data);
  SLUICE_ASSIGN_OR_RETURN(const uint32_t flags, reader.ReadU32());
  if ((flags & kVp8xAnimation) != 0) {
    return absl::InvalidArgumentError("animated, expected a still picture");
  }
  SLUICE_ASSIGN_OR_RETURN(const std::span<const uint8_t> sides,
                          reader.ReadBytes(6));  // Two 24-bit numbers.
  const auto side = [&sides](size_t i) -> uint32_t {
    return 1 + (sides[i] | sides[i + 1] << 8 | sides[i + 2] << 16);
  };
  return MakeSize(side(0), side(3));
}

absl::StatusOr<PictureHeader> ReadWebp(std::span<const uint8_t> bytes) {
  ByteReader file(bytes.subspan(kRiffSignature.size()));
  SLUICE_ASSIGN_OR_RETURN(const uint32_t riff_bytes, file.ReadU32());
  SLUICE_ASSIGN_OR_RETURN(const std::span<const uint8_t> riff,
                          file.ReadBytes(riff_bytes));
  ByteReader reader(riff);
  SLUICE_RETURN_IF_ERROR(reader.ReadBytes(kWebpSignature.size()).status());
  PictureHeader header{PictureFormat::kWebp, {}, 1};
  Size canvas;
  while (reader.remaining_bytes() > 0) {
    SLUICE_ASSIGN_OR_RETURN(const std::span<const uint8_t> type,
                            reader.ReadBytes(4));
    SLUICE_ASSIGN_OR_RETURN(const uint32_t length, reader.ReadU32());
    SLUICE_ASSIGN_OR_RETURN(const std::span<const uint8_t> data,
                            reader.ReadBytes(length));
    // Chunks are padded to an even length; the last one need not be.
    const size_t padding =
        std::min<size_t>(length & 1, reader.remaining_bytes());
    SLUICE_RETURN_IF_ERROR(reader.ReadBytes(padding).status());
    const std::string_view name = AsText(type);
    if (name == "VP8X") {
      SLUICE_ASSIGN_OR_RETURN(canvas, ReadVp8xSize(data));
    } else if (name == "VP8 ") {
      SLUICE_ASSIGN_OR_RETURN(header.stored, ReadVp8Size(data));
    } else if (name == "VP8L") {
      SLUICE_ASSIGN_OR_RETURN(header.stored, ReadVp8lSize(data));
    } else if (name == "EXIF") {
      header.orientation = ExifOrientation(data);
    }
  }
  if (header.stored == Size{}) return absl::DataLossError("holds no picture");
  if (canvas != Size{} && canvas != header.stored) {
    return absl::DataLossError(absl::StrCat(
        "canvas of ", canvas.width, " x ", canvas.height, " pixels holds ",
        header.stored.width, " x ", header.stored.height));
  }
  return header;
}

absl::StatusOr<PictureHeader> Named(const char* format,
                                    absl::StatusOr<PictureHeader> header) {
  if (header.ok()) return header;
  return absl::Status(header.status().code(),
                      absl::StrCat(format, ": ", header.status().message()));
}

}  // namespace

absl::StatusOr<PictureHeader> ReadPictureHeader(
    std::span<const uint8_t> bytes) {
  if (bytes.empty()) {
    return absl::InvalidArgumentError(
        "expected a JPEG, PNG or WebP picture, found 0 bytes");
  }
  if (bytes.size() > kMaxPictureFileBytes) {
    return absl::ResourceExhaustedError(
        absl::StrCat("expected a picture of at most ", kMaxPictureFileBytes,
                     " bytes, found ", bytes.size()));
  }
  const std::string_view text = AsText(bytes);
  if (text.starts_with(kJpegSignature)) return Named("JPEG", ReadJpeg(bytes));
  if (text.starts_with(kPngSignature)) return Named("PNG", ReadPng(bytes));
  if (text.starts_with(kRiffSignature) &&
      text.substr(std::min<size_t>(8, text.size()))
          .starts_with(kWebpSignature)) {
    return Named("WebP", ReadWebp(bytes));
  }
  std::string found;
  for (const uint8_t byte : bytes.first(std::min<size_t>(8, bytes.size()))) {
    absl::StrAppend(&found, " ", absl::Hex(byte, absl::kZeroPad2));
  }
  return absl::InvalidArgumentError(
      absl::StrCat("expected a JPEG, PNG or WebP picture, found bytes", found));
}

Size UprightSize(const PictureHeader& header) {
  if (header.orientation <= 4) return header.stored;
  return {header.stored.height, header.stored.width};
}

absl::StatusOr<Size> ProbePicture(std::span<const uint8_t> bytes) {
  SLUICE_ASSIGN_OR_RETURN(const PictureHeader header, ReadPictureHeader(bytes));
  return UprightSize(header);
}

}  // namespace sluice::vision
