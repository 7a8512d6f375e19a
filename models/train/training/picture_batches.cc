#include "models/train/training/picture_batches.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <random>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"

namespace sluice::train {

absl::StatusOr<PictureBatches> PictureBatches::Open(
    const std::vector<std::filesystem::path>& shards,
    const std::vector<double>& shares, uint64_t seed) {
  std::vector<Shard> opened;
  for (const std::filesystem::path& path : shards) {
    SLUICE_ASSIGN_OR_RETURN(Shard shard, Shard::Open(path));
    if (shard.num_pictures() == 0) {
      return absl::InvalidArgumentError(
          absl::StrCat(path.string(), ": expected pictures, found none"));
    }
    opened.push_back(std::move(shard));
  }
  std::vector<double> weights = shares;
  if (weights.empty()) {
    for (const Shard& shard : opened) {
      weights.push_back(static_cast<double>(shard.num_pictures()));
    }
  }
  return PictureBatches(std::move(opened), std::move(weights), seed);
}

int64_t PictureBatches::num_pictures() const {
  int64_t sum = 0;
  for (const Shard& shard : shards_) sum += shard.num_pictures();
  return sum;
}

int PictureBatches::max_crop() const {
  int side = shards_.front().height();
  for (const Shard& shard : shards_) {
    side = std::min({side, shard.height(), shard.width()});
  }
  return side;
}

void PictureBatches::CopyCrop(int64_t picture, double row, double column,
                              bool mirror, int crop, float* out) const {
  const Shard* shard = shards_.data();
  while (picture >= shard->num_pictures()) {
    picture -= shard->num_pictures();
    ++shard;
  }
  const int top = static_cast<int>(row * (shard->height() - crop + 1));
  const int left = static_cast<int>(column * (shard->width() - crop + 1));
  const uint8_t* pixels = shard->picture(picture).data();
  for (int plane = 0; plane < 3; ++plane) {
    for (int y = 0; y < crop; ++y) {
      const uint8_t* line =
          pixels +
          (static_cast<size_t>(plane) * shard->height() + top + y) *
              shard->width() +
          left;
      for (int x = 0; x < crop; ++x) {
        *out++ =
            static_cast<float>(line[mirror ? crop - 1 - x : x]) / 127.5f - 1.0f;
      }
    }
  }
}

at::Tensor PictureBatches::Crops(int64_t index, int batch, int crop) const {
  std::seed_seq sequence{seed_, static_cast<uint64_t>(index)};
  std::mt19937_64 random(sequence);
  std::discrete_distribution<size_t> shard(shares_.begin(), shares_.end());
  std::uniform_real_distribution<double> position(0.0, 0.999999);
  at::Tensor crops = at::empty({batch, 3, crop, crop}, at::kFloat);
  for (int i = 0; i < batch; ++i) {
    const size_t s = shard(random);
    int64_t chosen = std::uniform_int_distribution<int64_t>(
        0, shards_[s].num_pictures() - 1)(random);
    for (size_t before = 0; before < s; ++before) {
      chosen += shards_[before].num_pictures();
    }
    const double row = position(random);
    const double column = position(random);
    const bool mirror = position(random) < 0.5;
    CopyCrop(
        chosen, row, column, mirror, crop,
        crops.data_ptr<float>() + static_cast<size_t>(i) * 3 * crop * crop);
  }
  return crops;
}

at::Tensor PictureBatches::CentreCrops(int64_t first, int count,
                                       int crop) const {
  at::Tensor crops = at::empty({count, 3, crop, crop}, at::kFloat);
  for (int i = 0; i < count; ++i) {
    CopyCrop(
        first + i, 0.499999, 0.499999, /*mirror=*/false, crop,
        crops.data_ptr<float>() + static_cast<size_t>(i) * 3 * crop * crop);
  }
  return crops;
}

}  // namespace sluice::train
