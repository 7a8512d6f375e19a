// The pixel codecs that a learned codec is measured against, each by its
// reference library at settings that do not change.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/vision/geometry.h"
#include "common/vision/picture.h"

namespace sluice::train {

// One way to put a view on the wire. JPEG: libjpeg-turbo, 4:2:0, optimized
// Huffman tables. WebP: libwebp, lossy, method 4. HEIC: libheif with x265
// (HEVC intra), preset "slow", tune "ssim", 4:2:0. AVIF: libheif with libaom,
// speed 6, 4:2:0. PNG: lossless. Coding uses one thread in every codec, and so
// does decoding, except that dav1d (AVIF) chooses a number of threads itself.
struct PixelCodec {
  enum class Kind { kJpeg, kWebp, kHeic, kAvif, kPng };
  Kind kind = Kind::kJpeg;
  // 2: the view is shrunk to half its size (sides rounded up; averages areas)
  // before coding, and enlarged (bicubic) after decoding.
  int downscale = 1;
  bool operator==(const PixelCodec&) const = default;
};

// What ParsePixelCodec knows: "jpeg", "webp", "heic", "avif", "png",
// "jpeg-half" and "webp-half".
std::vector<std::string> PixelCodecNames();

// InvalidArgument for another name; the message lists them all.
absl::StatusOr<PixelCodec> ParsePixelCodec(std::string_view name);

// As a table or a legend shows it: "JPEG", "WebP, half size".
std::string DisplayName(PixelCodec codec);

// Qualities, ascending, that span about 0.7 to 15 kB on photographs of 224 x
// 224 pixels; WebP and JPEG begin at 1.1 kB, half sizes span 0.4 to 7 kB. PNG
// has one, without meaning.
std::vector<int> QualitySweep(PixelCodec codec);

struct CodedPicture {
  std::vector<uint8_t> file;
  // Bytes of the file that are not coded data, for HEIC and AVIF: all but
  // HeifLayout::coded_bytes. 0 for the other codecs.
  size_t container_bytes = 0;
};

// `quality` is the library's own: 1..100 for JPEG, 0..100 for WebP, HEIC and
// AVIF, ignored for PNG. InvalidArgument for another quality, for a view that
// is not a picture, and for one that the codec cannot code.
absl::StatusOr<CodedPicture> CodePicture(const vision::Picture& view,
                                         PixelCodec codec, int quality);

// Decodes what CodePicture made of a view of `size` pixels: a picture of that
// size. InvalidArgument when the bytes are of another format, DataLoss when
// they are damaged or hold a picture of another size.
absl::StatusOr<vision::Picture> DecodeCoded(std::span<const uint8_t> file,
                                            PixelCodec codec,
                                            vision::Size size);

}  // namespace sluice::train
