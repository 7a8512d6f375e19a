#include "common/vision/exif.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>

namespace sluice::vision {
namespace {

constexpr int kUpright = 1;
constexpr uint16_t kOrientationTag = 0x0112;
constexpr uint16_t kTypeShort = 3;
constexpr size_t kEntryBytes = 12;
constexpr std::array<uint8_t, 6> kExifPrefix = {'E', 'x', 'i', 'f', 0, 0};

// Random access to TIFF numbers in the byte order that the file declares.
class TiffNumbers {
 public:
  TiffNumbers(std::span<const uint8_t> bytes, bool is_big_endian)
      : bytes_(bytes), is_big_endian_(is_big_endian) {}

  std::optional<uint16_t> U16(size_t offset) const {
    if (bytes_.size() < 2 || offset > bytes_.size() - 2) return std::nullopt;
    const uint16_t first = bytes_[offset];
    const uint16_t second = bytes_[offset + 1];
    return static_cast<uint16_t>(is_big_endian_ ? first << 8 | second
                                                : second << 8 | first);
  }

  std::optional<uint32_t> U32(size_t offset) const {
    const std::optional<uint16_t> first = U16(offset);
    const std::optional<uint16_t> second = U16(offset + 2);
    if (!first || !second) return std::nullopt;
    const uint32_t high = is_big_endian_ ? *first : *second;
    const uint32_t low = is_big_endian_ ? *second : *first;
    return high << 16 | low;
  }

 private:
  std::span<const uint8_t> bytes_;
  bool is_big_endian_;
};

}  // namespace

int ExifOrientation(std::span<const uint8_t> exif) {
  if (exif.size() >= kExifPrefix.size() &&
      std::equal(kExifPrefix.begin(), kExifPrefix.end(), exif.begin())) {
    exif = exif.subspan(kExifPrefix.size());
  }
  if (exif.size() < 2 || exif[0] != exif[1]) return kUpright;
  if (exif[0] != 'I' && exif[0] != 'M') return kUpright;
  const TiffNumbers tiff(exif, /*is_big_endian=*/exif[0] == 'M');
  const std::optional<uint32_t> directory = tiff.U32(4);
  if (tiff.U16(2) != 42 || !directory) return kUpright;
  const size_t num_entries = tiff.U16(*directory).value_or(0);
  for (size_t i = 0; i < num_entries; ++i) {
    const size_t entry = *directory + 2 + i * kEntryBytes;
    const std::optional<uint16_t> tag = tiff.U16(entry);
    if (!tag) return kUpright;
    if (*tag != kOrientationTag) continue;
    const int orientation = tiff.U16(entry + 8).value_or(0);
    const bool is_known = tiff.U16(entry + 2) == kTypeShort &&
                          orientation >= 1 && orientation <= 8;
    return is_known ? orientation : kUpright;
  }
  return kUpright;
}

}  // namespace sluice::vision
