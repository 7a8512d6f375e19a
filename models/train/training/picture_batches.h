// Batches of random crops from shards: what a training step sees.
#pragma once

#include <ATen/core/Tensor.h>

#include <filesystem>
#include <vector>

#include "absl/status/statusor.h"
#include "models/train/data/shard.h"

namespace sluice::train {

// A reproducible stream: batch k depends on the seed and k alone, so a resumed
// run sees what an uninterrupted one would have.
class PictureBatches {
 public:
  // `shares` says how often crops come from each shard; empty: as often as it
  // has pictures.
  static absl::StatusOr<PictureBatches> Open(
      const std::vector<std::filesystem::path>& shards,
      const std::vector<double>& shares, uint64_t seed);

  int64_t num_pictures() const;
  // The smallest side over all shards: the largest crop.
  int max_crop() const;

  // float32 [batch,3,crop,crop] in [-1,1], mirrored half of the time.
  // REQUIRES: crop <= max_crop().
  at::Tensor Crops(int64_t index, int batch, int crop) const;

  // Pictures first .. first + count - 1 in shard order, centre crops.
  at::Tensor CentreCrops(int64_t first, int count, int crop) const;

 private:
  PictureBatches(std::vector<Shard> shards, std::vector<double> shares,
                 uint64_t seed)
      : shards_(std::move(shards)), shares_(std::move(shares)), seed_(seed) {}

  void CopyCrop(int64_t picture, double row, double column, bool mirror,
                int crop, float* out) const;

  std::vector<Shard> shards_;
  std::vector<double> shares_;  // Per shard.
  uint64_t seed_;
};

}  // namespace sluice::train
