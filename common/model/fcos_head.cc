#include "common/model/fcos_head.h"

#include <ATen/ATen.h>

#include <cmath>

#include "absl/strings/str_cat.h"

namespace sluice::model {
namespace {

constexpr double kInitialProbability = 0.01;
// exp(6) strides are more than any input is wide.
constexpr double kLargestLogDistance = 6.0;

ConvSpec Tower(const FcosShape& shape) {
  return {.in_channels = shape.width,
          .out_channels = shape.width,
          .kernel = 3,
          .has_bias = false};
}

ConvSpec Answer(const FcosShape& shape, int out_channels) {
  return {
      .in_channels = shape.width, .out_channels = out_channels, .kernel = 3};
}

// [N,C,h,w] -> [N,h*w,C]
at::Tensor PerPosition(const at::Tensor& map) {
  return map.flatten(2).transpose(1, 2);
}

}  // namespace

FcosHead::FcosHead(WeightReader& reader, const std::string& name,
                   const FcosShape& shape)
    : shape_(shape),
      class_(reader, name + ".class", Answer(shape, shape.num_classes)),
      box_(reader, name + ".box", Answer(shape, 4)),
      iou_(reader, name + ".iou", Answer(shape, 1)),
      log_scale_(reader.Take(name + ".log_scale", {shape.num_levels})) {
  for (int i = 0; i < shape.num_convs; ++i) {
    for (auto [tower, layers] : {std::pair{".class_tower", &class_tower_},
                                 std::pair{".box_tower", &box_tower_}}) {
      const std::string layer = absl::StrCat(name, tower, i);
      layers->push_back({Conv(reader, layer, Tower(shape)),
                         GroupNorm(reader, layer + ".norm", shape.width)});
    }
  }
}

at::Tensor FcosHead::Run(const std::vector<Layer>& tower, at::Tensor x) {
  for (const Layer& layer : tower) x = at::relu(layer.norm(layer.conv(x)));
  return x;
}

FcosOutput FcosHead::operator()(const std::vector<at::Tensor>& pyramid) const {
  std::vector<at::Tensor> class_logits, distances, iou_logits;
  double stride = shape_.finest_stride;
  for (size_t level = 0; level < pyramid.size(); ++level, stride *= 2) {
    class_logits.push_back(
        PerPosition(class_(Run(class_tower_, pyramid[level]))));
    const at::Tensor x = Run(box_tower_, pyramid[level]);
    const at::Tensor log_distance =
        box_(x).to(at::kFloat) + log_scale_[static_cast<int64_t>(level)];
    distances.push_back(
        stride *
        at::exp(at::clamp_max(PerPosition(log_distance), kLargestLogDistance)));
    iou_logits.push_back(PerPosition(iou_(x)).squeeze(2));
  }
  return {.class_logits = at::cat(class_logits, 1),
          .distances = at::cat(distances, 1),
          .iou_logits = at::cat(iou_logits, 1)};
}

void InitFcosHead(const std::string& name, const FcosShape& shape,
                  const at::Generator& generator, Weights* weights) {
  for (int i = 0; i < shape.num_convs; ++i) {
    for (const char* tower : {".class_tower", ".box_tower"}) {
      const std::string layer = absl::StrCat(name, tower, i);
      InitConv(layer, Tower(shape), 1.0, generator, weights);
      InitGroupNorm(layer + ".norm", shape.width, weights);
    }
  }
  InitConv(name + ".class", Answer(shape, shape.num_classes), 0.1, generator,
           weights);
  weights->at(name + ".class.bias")
      .fill_(std::log(kInitialProbability / (1 - kInitialProbability)));
  InitConv(name + ".box", Answer(shape, 4), 0.1, generator, weights);
  InitConv(name + ".iou", Answer(shape, 1), 0.1, generator, weights);
  (*weights)[name + ".log_scale"] =
      at::full({shape.num_levels}, std::log(2.0), at::kFloat);
}

FcosGrid MakeFcosGrid(const FcosShape& shape, int64_t height, int64_t width) {
  std::vector<at::Tensor> centres, strides;
  int64_t stride = shape.finest_stride;
  for (int level = 0; level < shape.num_levels; ++level, stride *= 2) {
    const int64_t h = height / stride, w = width / stride;
    const auto along = [&](int64_t n) {
      return (at::arange(n, at::kFloat) + 0.5) * stride;
    };
    const at::Tensor y = along(h).unsqueeze(1).expand({h, w});
    const at::Tensor x = along(w).unsqueeze(0).expand({h, w});
    centres.push_back(at::stack({x, y}, 2).reshape({h * w, 2}));
    strides.push_back(
        at::full({h * w}, static_cast<double>(stride), at::kFloat));
  }
  return {.centres = at::cat(centres), .strides = at::cat(strides)};
}

at::Tensor BoxesAround(const at::Tensor& centres, const at::Tensor& distances) {
  const at::Tensor near = distances.slice(-1, 0, 2);
  const at::Tensor far = distances.slice(-1, 2, 4);
  return at::cat({centres - near, centres + far}, -1);
}

}  // namespace sluice::model
