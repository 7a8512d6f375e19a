#include "common/model/mobilenet_v2.h"

#include <ATen/ATen.h>

#include <array>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"

namespace sluice::model {
namespace {

constexpr int kStemChannels = 32;
constexpr int kLastChannels = 1280;
constexpr int kExpansion = 6;
constexpr int kDilatedFromBlock = 13;
constexpr std::array<int, kMobileNetBlocks> kChannels = {
    16, 24, 24, 32, 32, 32, 64, 64, 64, 64, 96, 96, 96, 160, 160, 160, 320};

int StrideOf(int block) {
  return block == 1 || block == 3 || block == 6 || block == 13 ? 2 : 1;
}

// hardtanh is four times as fast as clamp in bfloat16, but has no gradient
// there in LibTorch 1.13.
at::Tensor Relu6(const at::Tensor& x) {
  return x.requires_grad() ? at::clamp(x, 0, 6) : at::hardtanh(x, 0, 6);
}

InvertedResidual ReadBlock(WeightReader& reader, int index,
                           MobileNetBody::Resolution resolution) {
  const int in = index == 0 ? kStemChannels : kChannels[index - 1];
  const int out = kChannels[index];
  const bool dilated = resolution == MobileNetBody::Resolution::kDilated;
  const int stride =
      dilated && index == kDilatedFromBlock ? 1 : StrideOf(index);
  const int middle = index == 0 ? in : in * kExpansion;
  const std::string name = absl::StrCat("block", index);
  InvertedResidual block;
  block.has_expand = index != 0;
  block.has_shortcut = stride == 1 && in == out;
  if (block.has_expand) {
    block.expand = Conv(reader, name + ".expand",
                        {.in_channels = in, .out_channels = middle});
  }
  block.depthwise =
      Conv(reader, name + ".depthwise",
           {.in_channels = middle,
            .out_channels = middle,
            .kernel = 3,
            .stride = stride,
            .groups = middle,
            .dilation = dilated && index > kDilatedFromBlock ? 2 : 1,
            .padding = stride == 2 ? Padding::kRightBottom : Padding::kSame});
  block.project = Conv(reader, name + ".project",
                       {.in_channels = middle, .out_channels = out});
  return block;
}

at::Tensor Run(const InvertedResidual& block, const at::Tensor& x) {
  const at::Tensor expanded = block.has_expand ? Relu6(block.expand(x)) : x;
  const at::Tensor y = block.project(Relu6(block.depthwise(expanded)));
  return block.has_shortcut ? x + y : y;
}

}  // namespace

absl::StatusOr<MobileNetEntrance> MobileNetEntrance::Create(
    const Weights& weights) {
  WeightReader reader(weights);
  MobileNetEntrance entrance;
  entrance.stem_ = Conv(reader, "stem",
                        {.in_channels = 3,
                         .out_channels = kStemChannels,
                         .kernel = 3,
                         .stride = 2,
                         .padding = Padding::kRightBottom});
  for (int i = 0; i < kMobileNetSeamBlock; ++i) {
    entrance.blocks_.push_back(
        ReadBlock(reader, i, MobileNetBody::Resolution::kStrided));
  }
  SLUICE_RETURN_IF_ERROR(reader.Finish());
  return entrance;
}

at::Tensor MobileNetEntrance::operator()(const at::Tensor& pictures) const {
  at::Tensor x =
      Relu6(stem_(pictures.contiguous(at::MemoryFormat::ChannelsLast)));
  for (const InvertedResidual& block : blocks_) x = Run(block, x);
  return x;
}

MobileNetBody::MobileNetBody(WeightReader& reader, Resolution resolution) {
  for (int i = kMobileNetSeamBlock; i < kMobileNetBlocks; ++i) {
    blocks_.push_back(ReadBlock(reader, i, resolution));
  }
}

std::vector<at::Tensor> MobileNetBody::operator()(
    const at::Tensor& features) const {
  std::vector<at::Tensor> stages;
  at::Tensor x = features.contiguous(at::MemoryFormat::ChannelsLast);
  for (int i = 0; i < static_cast<int>(blocks_.size()); ++i) {
    x = Run(blocks_[i], x);
    const int next = kMobileNetSeamBlock + i + 1;
    if (next == kMobileNetBlocks || StrideOf(next) == 2) stages.push_back(x);
  }
  return stages;
}

absl::StatusOr<MobileNetTail> MobileNetTail::Create(const Weights& weights,
                                                    int num_classes) {
  WeightReader reader(weights);
  MobileNetTail tail;
  tail.body_ = MobileNetBody(reader, MobileNetBody::Resolution::kStrided);
  tail.last_conv_ =
      Conv(reader, "last_conv",
           {.in_channels = kChannels.back(), .out_channels = kLastChannels});
  tail.classifier_weight_ =
      reader.Take("classifier.weight", {num_classes, kLastChannels});
  tail.classifier_bias_ = reader.Take("classifier.bias", {num_classes});
  SLUICE_RETURN_IF_ERROR(reader.Finish());
  return tail;
}

MobileNetTail::Output MobileNetTail::operator()(
    const at::Tensor& features) const {
  Output output;
  output.stages = body_(features);
  output.deep = output.stages[1];
  const at::Tensor x = Relu6(last_conv_(output.stages.back())).mean({2, 3});
  output.logits = at::linear(x, classifier_weight_, classifier_bias_);
  return output;
}

MobileNetWeights SplitMobileNet(const Weights& weights) {
  MobileNetWeights split;
  for (const auto& [name, weight] : weights) {
    bool in_entrance = name.starts_with("stem.");
    for (int i = 0; i < kMobileNetSeamBlock; ++i) {
      in_entrance |= name.starts_with(absl::StrCat("block", i, "."));
    }
    (in_entrance ? split.entrance : split.tail).emplace(name, weight);
  }
  return split;
}

}  // namespace sluice::model
