#include "common/model/patch_family.h"

#include "absl/strings/str_cat.h"

namespace sluice::model {
namespace {

std::string BlockName(int index) { return absl::StrCat("block", index); }

}  // namespace

ConvSpec Pointwise(int in_channels, int out_channels) {
  return {.in_channels = in_channels, .out_channels = out_channels};
}

std::vector<BottleneckBlock> ReadBlocks(WeightReader& reader, int num_blocks,
                                        int width, int middle) {
  std::vector<BottleneckBlock> blocks;
  for (int i = 0; i < num_blocks; ++i) {
    blocks.emplace_back(reader, BlockName(i), width, middle);
  }
  return blocks;
}

void InitBlocks(int num_blocks, int width, int middle,
                const at::Generator& generator, Weights* weights) {
  for (int i = 0; i < num_blocks; ++i) {
    InitBottleneckBlock(BlockName(i), width, middle, generator, weights);
  }
}

}  // namespace sluice::model
