// What the two halves of the `patch` family share: its name and residual stack.
#pragma once

#include <vector>

#include "common/model/layers.h"

namespace sluice::model {

inline constexpr char kPatchFamily[] = "patch";
inline constexpr int kPatchStride = 8;  // Of the latent and of the features.
inline constexpr int kMaxPatchWidth = 1024;
inline constexpr int kMaxPatchBlocks = 64;

// The residual stack in the middle of both halves: "block0", "block1", ...
std::vector<BottleneckBlock> ReadBlocks(WeightReader& reader, int num_blocks,
                                        int width, int middle);
void InitBlocks(int num_blocks, int width, int middle,
                const at::Generator& generator, Weights* weights);

ConvSpec Pointwise(int in_channels, int out_channels);

}  // namespace sluice::model
