#include "common/model/patch_family.h"

#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"

namespace sluice::model {
namespace {

std::string BlockName(int index) { return absl::StrCat("block", index); }

}  // namespace

int FieldReader::Take(const char* field, int max) {
  const auto found = object_.find(field);
  if (found == object_.end() || !found->is_number_integer() ||
      found->get<int64_t>() < 1 || found->get<int64_t>() > max) {
    status_.Update(absl::InvalidArgumentError(absl::StrCat(
        "codec.json: ", path_, ".", field, ": expected an integer in 1..", max,
        ", found ", found == object_.end() ? "nothing" : found->dump())));
    return 1;
  }
  return found->get<int>();
}

absl::Status CheckPatchFamily(const artifact::CodecSpec& spec) {
  if (spec.family != kPatchFamily) {
    return absl::NotFoundError(absl::StrCat("codec family: expected \"",
                                            kPatchFamily, "\", found \"",
                                            spec.family, "\""));
  }
  if (spec.latent_stride != kPatchStride ||
      spec.features_stride != kPatchStride) {
    return absl::InvalidArgumentError(absl::StrCat(
        "codec.json: canonical.geometry: the patch family has strides 8 and 8, "
        "found ",
        spec.latent_stride, " and ", spec.features_stride));
  }
  return absl::OkStatus();
}

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
