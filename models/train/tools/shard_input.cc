#include "models/train/tools/shard_input.h"

#include <cstddef>
#include <span>

namespace sluice::train {

base::FloatTensor CentreInput(const Shard& shard, int64_t index,
                              const artifact::CodecSpec& spec) {
  const int height = shard.height() / spec.pad_multiple * spec.pad_multiple;
  const int width = shard.width() / spec.pad_multiple * spec.pad_multiple;
  const int top = (shard.height() - height) / 2;
  const int left = (shard.width() - width) / 2;
  const std::span<const uint8_t> pixels = shard.picture(index);
  base::FloatTensor input = {.shape = {3, height, width}, .values = {}};
  input.values.reserve(base::NumElements(input.shape));
  for (int plane = 0; plane < 3; ++plane) {
    for (int y = 0; y < height; ++y) {
      const size_t row =
          (size_t{1} * plane * shard.height() + top + y) * shard.width() + left;
      for (const uint8_t pixel : pixels.subspan(row, width)) {
        input.values.push_back(static_cast<float>(pixel) * spec.input_scale +
                               spec.input_offset);
      }
    }
  }
  return input;
}

}  // namespace sluice::train
