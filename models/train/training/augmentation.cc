#include "models/train/training/augmentation.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>

#include "common/vision/picture.h"

namespace sluice::train {
namespace {

// Bilinear interpolation reads two pixels per axis: from here on it would
// leave too many of the source's out.
constexpr double kMaxBilinearScale = 1.5;

// Rec. 601.
constexpr float kRedShare = 0.299f;
constexpr float kGreenShare = 0.587f;
constexpr float kBlueShare = 0.114f;

double DrawUniform(double low, double high, std::mt19937_64* random) {
  return std::uniform_real_distribution<double>(low, high)(*random);
}

// Where the result begins, in source pixels.
double DrawOffset(double source, double shown, std::mt19937_64* random) {
  const double rest = source - shown;
  return DrawUniform(std::min(0.0, rest), std::max(0.0, rest), random);
}

int ShrunkSide(int side, double scale) {
  if (std::abs(scale) <= kMaxBilinearScale) return side;
  return std::max(1, static_cast<int>(std::lround(side / std::abs(scale))));
}

// One axis of a variation for a source that was resized, counted from pixel
// centres as OpenCV does.
struct Axis {
  double scale;
  double shift;
};

Axis MakeAxis(double scale, double offset, int source, int resized) {
  const double ratio = static_cast<double>(resized) / source;
  const double new_scale = scale * ratio;
  return {new_scale, offset * ratio + 0.5 * new_scale - 0.5};
}

cv::Mat Warp(const cv::Mat& bgr, const Variation& variation,
             vision::Size size) {
  cv::Mat source = bgr;
  const cv::Size shrunk(ShrunkSide(bgr.cols, variation.scale_x),
                        ShrunkSide(bgr.rows, variation.scale_y));
  if (shrunk != bgr.size()) {
    cv::resize(bgr, source, shrunk, 0, 0, cv::INTER_AREA);
  }
  const Axis x =
      MakeAxis(variation.scale_x, variation.offset_x, bgr.cols, source.cols);
  const Axis y =
      MakeAxis(variation.scale_y, variation.offset_y, bgr.rows, source.rows);
  const cv::Matx23d source_from_result(x.scale, 0, x.shift,  //
                                       0, y.scale, y.shift);
  cv::Mat result;
  cv::warpAffine(source, result, source_from_result,
                 cv::Size(size.width, size.height),
                 cv::INTER_LINEAR | cv::WARP_INVERSE_MAP, cv::BORDER_REPLICATE);
  return result;
}

float MeanGrey(const cv::Mat& bgr) {
  const cv::Scalar mean = cv::mean(bgr);
  return static_cast<float>(kBlueShare * mean[0] + kGreenShare * mean[1] +
                            kRedShare * mean[2]);
}

}  // namespace

Variation DrawVariation(const Augmentation& augmentation, vision::Size source,
                        std::mt19937_64* random) {
  const vision::Size size = augmentation.size;
  const double fit = std::max(static_cast<double>(source.width) / size.width,
                              static_cast<double>(source.height) / size.height);
  const double zoom = augmentation.min_scale *
                      std::pow(augmentation.max_scale / augmentation.min_scale,
                               DrawUniform(0.0, 1.0, random));
  const double scale = fit / zoom;
  Variation variation;
  variation.scale_x = scale;
  variation.scale_y = scale;
  variation.offset_x = DrawOffset(source.width, size.width * scale, random);
  variation.offset_y = DrawOffset(source.height, size.height * scale, random);
  if (DrawUniform(0.0, 1.0, random) < augmentation.mirror) {
    variation.offset_x += size.width * scale;
    variation.scale_x = -scale;
  }
  const double low = 1.0 - augmentation.colour;
  const double high = 1.0 + augmentation.colour;
  variation.brightness = DrawUniform(low, high, random);
  variation.contrast = DrawUniform(low, high, random);
  variation.saturation = DrawUniform(low, high, random);
  return variation;
}

// brightness b:  x <- b x
// contrast c:    x <- m + c (x - m), m the mean grey of the result
// saturation s:  x <- g + s (x - g), g the pixel's own grey
// Grey is linear, so the three make one sum:
//   b c s x + b c (1 - s) g + (1 - c) b mean(g)
void ApplyVariation(const vision::Picture& picture, const Variation& variation,
                    vision::Size size, float* out) {
  const cv::Mat bgr = Warp(picture.bgr, variation, size);
  const double gain = variation.brightness * variation.contrast;
  const float own = static_cast<float>(gain * variation.saturation);
  const float grey_share =
      static_cast<float>(gain * (1.0 - variation.saturation));
  const float base =
      static_cast<float>((1.0 - variation.contrast) * variation.brightness) *
      MeanGrey(bgr);
  const size_t plane_elements = static_cast<size_t>(size.height) * size.width;
  for (int y = 0; y < size.height; ++y) {
    const cv::Vec3b* row = bgr.ptr<cv::Vec3b>(y);
    float* red = out + static_cast<size_t>(y) * size.width;
    float* green = red + plane_elements;
    float* blue = green + plane_elements;
    for (int x = 0; x < size.width; ++x) {
      const float b = row[x][0];
      const float g = row[x][1];
      const float r = row[x][2];
      const float shared =
          grey_share * (kRedShare * r + kGreenShare * g + kBlueShare * b) +
          base;
      const auto to_unit = [&](float value) {
        return std::clamp(own * value + shared, 0.0f, 255.0f) / 127.5f - 1.0f;
      };
      red[x] = to_unit(r);
      green[x] = to_unit(g);
      blue[x] = to_unit(b);
    }
  }
}

}  // namespace sluice::train
