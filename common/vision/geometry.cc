#include "common/vision/geometry.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <optional>

#include "absl/strings/str_cat.h"

namespace sluice::vision {
namespace {

constexpr std::string_view kCropPrefix = "crop:";
constexpr std::string_view kFitPrefix = "fit:";

// A decimal number that is the whole of `text`.
std::optional<int> ParseNumber(std::string_view text) {
  int value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (text.empty() || error != std::errc() || stop != end) return std::nullopt;
  return value;
}

// "224" or "224/256".
std::optional<ViewRule> ParseCrop(std::string_view text) {
  const size_t slash = text.find('/');
  const std::optional<int> side = ParseNumber(text.substr(0, slash));
  if (!side) return std::nullopt;
  ViewRule rule{ViewRule::Kind::kCrop, {*side, *side}, 0};
  if (slash != std::string_view::npos) {
    const std::optional<int> short_side = ParseNumber(text.substr(slash + 1));
    if (!short_side || *short_side == 0) return std::nullopt;
    rule.resize_short_side = *short_side;
  }
  return rule;
}

// "640x480".
std::optional<ViewRule> ParseFit(std::string_view text) {
  const size_t cross = text.find('x');
  if (cross == std::string_view::npos) return std::nullopt;
  const std::optional<int> width = ParseNumber(text.substr(0, cross));
  const std::optional<int> height = ParseNumber(text.substr(cross + 1));
  if (!width || !height) return std::nullopt;
  return ViewRule{ViewRule::Kind::kFit, {*width, *height}, 0};
}

bool IsViewSide(int side) { return side >= 1 && side <= kMaxViewSide; }

// The M of crop:N/M.
int ShortSide(const ViewRule& rule) {
  return rule.resize_short_side == 0 ? rule.size.width : rule.resize_short_side;
}

bool IsWellFormed(const ViewRule& rule) {
  if (!IsViewSide(rule.size.width) || !IsViewSide(rule.size.height)) {
    return false;
  }
  if (rule.kind == ViewRule::Kind::kFit) return rule.resize_short_side == 0;
  return rule.size.width == rule.size.height &&
         ShortSide(rule) >= rule.size.width &&
         ShortSide(rule) <= kMaxPictureSide;
}

absl::Status MalformedRule(std::string_view text) {
  return absl::InvalidArgumentError(absl::StrCat(
      "view \"", std::string(text), "\": expected crop:N, crop:N/M or fit:WxH ",
      "with N, W, H in 1..", kMaxViewSide, " and M in N..", kMaxPictureSide));
}

// The whole source after resizing, before any crop.
Size ResizedSize(Size source, const ViewRule& rule) {
  double scale;  // Resized pixels per source pixel.
  if (rule.kind == ViewRule::Kind::kCrop) {
    scale = static_cast<double>(ShortSide(rule)) /
            std::min(source.width, source.height);
  } else {
    scale = std::min(static_cast<double>(rule.size.width) / source.width,
                     static_cast<double>(rule.size.height) / source.height);
  }
  const auto resize = [scale](int side) {
    return std::max(1, static_cast<int>(std::lround(side * scale)));
  };
  return {resize(source.width), resize(source.height)};
}

int RoundUp(int side, int multiple) {
  const int64_t rounded =
      (static_cast<int64_t>(side) + multiple - 1) / multiple * multiple;
  return static_cast<int>(std::min<int64_t>(rounded, INT32_MAX));
}

}  // namespace

absl::StatusOr<ViewRule> ParseViewRule(std::string_view text) {
  std::optional<ViewRule> rule;
  if (text.starts_with(kCropPrefix)) {
    rule = ParseCrop(text.substr(kCropPrefix.size()));
  } else if (text.starts_with(kFitPrefix)) {
    rule = ParseFit(text.substr(kFitPrefix.size()));
  }
  if (!rule || !IsWellFormed(*rule)) return MalformedRule(text);
  return *rule;
}

std::string ToString(const ViewRule& rule) {
  if (rule.kind == ViewRule::Kind::kFit) {
    return absl::StrCat("fit:", rule.size.width, "x", rule.size.height);
  }
  if (rule.resize_short_side == 0)
    return absl::StrCat("crop:", rule.size.width);
  return absl::StrCat("crop:", rule.size.width, "/", rule.resize_short_side);
}

absl::StatusOr<Geometry> MakeGeometry(Size source, const ViewRule& rule,
                                      int pad_multiple) {
  if (source.width < 1 || source.height < 1 || source.width > kMaxPictureSide ||
      source.height > kMaxPictureSide) {
    return absl::InvalidArgumentError(
        absl::StrCat("picture of ", source.width, " x ", source.height,
                     " pixels: expected sides in 1..", kMaxPictureSide));
  }
  if (!IsWellFormed(rule)) return MalformedRule(ToString(rule));
  if (pad_multiple < 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("pad multiple ", pad_multiple, ": expected at least 1"));
  }
  const Size resized = ResizedSize(source, rule);
  Geometry geometry;
  geometry.source = source;
  geometry.scale_x = static_cast<double>(source.width) / resized.width;
  geometry.scale_y = static_cast<double>(source.height) / resized.height;
  geometry.valid = resized;
  if (rule.kind == ViewRule::Kind::kCrop) {
    const int side = rule.size.width;
    geometry.valid = {side, side};
    geometry.offset_x = geometry.scale_x * ((resized.width - side) / 2);
    geometry.offset_y = geometry.scale_y * ((resized.height - side) / 2);
  }
  geometry.padded = {RoundUp(geometry.valid.width, pad_multiple),
                     RoundUp(geometry.valid.height, pad_multiple)};
  if (geometry.padded.width > kMaxViewSide ||
      geometry.padded.height > kMaxViewSide) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "view of ", geometry.padded.width, " x ", geometry.padded.height,
        " pixels after padding exceeds sides of ", kMaxViewSide));
  }
  return geometry;
}

}  // namespace sluice::vision
