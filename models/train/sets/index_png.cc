#include "models/train/sets/index_png.h"

#include <png.h>

#include <csetjmp>
#include <cstdio>
#include <cstring>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/vision/picture_header.h"

namespace sluice::train {
namespace {

constexpr size_t kMaxReasonBytes = 128;

// libpng leaves by longjmp, which runs no destructors: the functions that set
// a target, and those that libpng calls, hold none.
class PngReader {
 public:
  explicit PngReader(std::span<const uint8_t> bytes) : unread_(bytes) {
    png_ = png_create_read_struct(PNG_LIBPNG_VER_STRING, reason_, &OnError,
                                  &OnWarning);
    if (png_ == nullptr) return;
    info_ = png_create_info_struct(png_);
    png_set_read_fn(png_, &unread_, &OnRead);
  }
  ~PngReader() { png_destroy_read_struct(&png_, &info_, nullptr); }
  PngReader(const PngReader&) = delete;
  PngReader& operator=(const PngReader&) = delete;

  const char* reason() const { return reason_; }
  vision::Size size() const {
    return {static_cast<int>(png_get_image_width(png_, info_)),
            static_cast<int>(png_get_image_height(png_, info_))};
  }
  int colour_type() const { return png_get_color_type(png_, info_); }
  int bit_depth() const { return png_get_bit_depth(png_, info_); }

  // Up to the first pixel.
  bool ReadHeader() {
    if (info_ == nullptr) return false;
    if (setjmp(png_jmpbuf(png_)) != 0) return false;
    png_read_info(png_, info_);
    png_set_packing(png_);  // A byte per pixel, its value as stored.
    png_set_interlace_handling(png_);
    png_read_update_info(png_, info_);
    return true;
  }

  // Everything else.
  bool ReadRows(uint8_t** rows) {
    if (setjmp(png_jmpbuf(png_)) != 0) return false;
    png_read_image(png_, rows);
    png_read_end(png_, nullptr);
    return true;
  }

 private:
  [[noreturn]] static void OnError(png_structp png, png_const_charp message) {
    std::snprintf(static_cast<char*>(png_get_error_ptr(png)), kMaxReasonBytes,
                  "%s", message);
    png_longjmp(png, 1);
  }
  static void OnWarning(png_structp, png_const_charp) {}
  static void OnRead(png_structp png, png_bytep out, size_t count) {
    auto* unread = static_cast<std::span<const uint8_t>*>(png_get_io_ptr(png));
    if (count > unread->size()) png_error(png, "the file ends too early");
    std::memcpy(out, unread->data(), count);
    *unread = unread->subspan(count);
  }

  std::span<const uint8_t> unread_;
  char reason_[kMaxReasonBytes] = "out of memory";
  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
};

absl::Status Damaged(const PngReader& reader) {
  return absl::DataLossError(absl::StrCat(
      "expected a whole PNG, found a damaged one: ", reader.reason()));
}

const char* ColourName(int colour_type) {
  switch (colour_type) {
    case PNG_COLOR_TYPE_GRAY:
      return "grey";
    case PNG_COLOR_TYPE_PALETTE:
      return "palette";
    case PNG_COLOR_TYPE_GRAY_ALPHA:
      return "grey with transparency";
    case PNG_COLOR_TYPE_RGB:
      return "RGB";
    default:
      return "RGB with transparency";
  }
}

}  // namespace

absl::StatusOr<task::Mask> DecodeIndexPng(std::span<const uint8_t> bytes) {
  SLUICE_ASSIGN_OR_RETURN(const vision::PictureHeader header,
                          vision::ReadPictureHeader(bytes));
  if (header.format != vision::PictureFormat::kPng) {
    return absl::InvalidArgumentError(
        "expected a PNG of class indices, found a JPEG or WebP");
  }
  if (header.orientation != 1) {
    return absl::InvalidArgumentError(absl::StrCat(
        "expected a mask without EXIF rotation, found orientation ",
        header.orientation));
  }
  PngReader reader(bytes);
  if (!reader.ReadHeader() || reader.size() != header.stored) {
    return Damaged(reader);
  }
  const int colour_type = reader.colour_type();
  if ((colour_type != PNG_COLOR_TYPE_GRAY &&
       colour_type != PNG_COLOR_TYPE_PALETTE) ||
      reader.bit_depth() > 8) {
    return absl::InvalidArgumentError(absl::StrCat(
        "expected class indices, grey or palette of up to 8 bits, found ",
        ColourName(colour_type), " of ", reader.bit_depth(), " bits"));
  }
  const auto width = static_cast<size_t>(header.stored.width);
  task::Mask mask;
  mask.size = header.stored;
  mask.classes.resize(width * static_cast<size_t>(header.stored.height));
  std::vector<uint8_t*> rows(static_cast<size_t>(header.stored.height));
  for (size_t y = 0; y < rows.size(); ++y) {
    rows[y] = mask.classes.data() + y * width;
  }
  if (!reader.ReadRows(rows.data())) return Damaged(reader);
  return mask;
}

}  // namespace sluice::train
