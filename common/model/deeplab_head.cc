#include "common/model/deeplab_head.h"

#include <ATen/ATen.h>

#include "absl/strings/str_cat.h"

namespace sluice::model {
namespace {

ConvSpec Branch(const DeepLabShape& shape, int rate) {
  return {.in_channels = shape.deep_channels,
          .out_channels = shape.width,
          .kernel = rate == 1 ? 1 : 3,
          .dilation = rate,
          .has_bias = false};
}

ConvSpec ImagePool(const DeepLabShape& shape) {
  return {.in_channels = shape.deep_channels, .out_channels = shape.width};
}

ConvSpec Project(const DeepLabShape& shape) {
  const int num_branches = static_cast<int>(std::size(kDeepLabRates)) + 1;
  return {.in_channels = num_branches * shape.width,
          .out_channels = shape.width,
          .has_bias = false};
}

ConvSpec Fine(const DeepLabShape& shape) {
  return {.in_channels = shape.fine_channels,
          .out_channels = shape.fine_width,
          .has_bias = false};
}

ConvSpec Refine(const DeepLabShape& shape) {
  return {.in_channels = shape.width + shape.fine_width,
          .out_channels = shape.width,
          .kernel = 3,
          .has_bias = false};
}

ConvSpec Classifier(const DeepLabShape& shape) {
  return {.in_channels = shape.width, .out_channels = shape.num_classes};
}

// Name, specification: every layer that a norm and a ReLU follow.
std::vector<std::pair<std::string, ConvSpec>> NormedLayers(
    const DeepLabShape& shape) {
  std::vector<std::pair<std::string, ConvSpec>> layers = {
      {".branch0", Branch(shape, 1)}};
  for (size_t i = 0; i < std::size(kDeepLabRates); ++i) {
    layers.emplace_back(absl::StrCat(".branch", i + 1),
                        Branch(shape, kDeepLabRates[i]));
  }
  layers.emplace_back(".project", Project(shape));
  layers.emplace_back(".fine", Fine(shape));
  layers.emplace_back(".refine", Refine(shape));
  return layers;
}

}  // namespace

DeepLabHead::Layer DeepLabHead::ReadLayer(WeightReader& reader,
                                          const std::string& name,
                                          const ConvSpec& spec) {
  return {Conv(reader, name, spec),
          GroupNorm(reader, name + ".norm", spec.out_channels)};
}

at::Tensor DeepLabHead::Layer::operator()(const at::Tensor& x) const {
  return at::relu(norm(conv(x)));
}

DeepLabHead::DeepLabHead(WeightReader& reader, const std::string& name,
                         const DeepLabShape& shape)
    : image_pool_(reader, name + ".image_pool", ImagePool(shape)),
      project_(ReadLayer(reader, name + ".project", Project(shape))),
      fine_(ReadLayer(reader, name + ".fine", Fine(shape))),
      refine_(ReadLayer(reader, name + ".refine", Refine(shape))),
      classifier_(reader, name + ".classifier", Classifier(shape)) {
  branches_.push_back(ReadLayer(reader, name + ".branch0", Branch(shape, 1)));
  for (size_t i = 0; i < std::size(kDeepLabRates); ++i) {
    branches_.push_back(ReadLayer(reader, absl::StrCat(name, ".branch", i + 1),
                                  Branch(shape, kDeepLabRates[i])));
  }
}

at::Tensor DeepLabHead::operator()(const at::Tensor& deep,
                                   const at::Tensor& fine) const {
  std::vector<at::Tensor> found;
  for (const Layer& branch : branches_) found.push_back(branch(deep));
  // The picture's mean is the same everywhere, so it is added to what the
  // projection sees instead of being enlarged and concatenated.
  const at::Tensor mean = at::relu(image_pool_(deep.mean({2, 3}, true)));
  found.front() = found.front() + mean;
  const at::Tensor x = at::upsample_bilinear2d(project_(at::cat(found, 1)),
                                               fine.sizes().slice(2),
                                               /*align_corners=*/false);
  return classifier_(refine_(at::cat({x, fine_(fine)}, 1)));
}

void InitDeepLabHead(const std::string& name, const DeepLabShape& shape,
                     const at::Generator& generator, Weights* weights) {
  for (const auto& [layer, spec] : NormedLayers(shape)) {
    InitConv(name + layer, spec, 1.0, generator, weights);
    InitGroupNorm(name + layer + ".norm", spec.out_channels, weights);
  }
  InitConv(name + ".image_pool", ImagePool(shape), 1.0, generator, weights);
  InitConv(name + ".classifier", Classifier(shape), 0.3, generator, weights);
}
}  // namespace sluice::model
