// Pictures -> shards: decoding is paid once, before training.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/vision/geometry.h"

namespace sluice::train {

struct PackOptions {
  std::vector<std::filesystem::path> inputs;  // Folders, tars, single files.
  std::filesystem::path out;
  vision::ViewRule view = {vision::ViewRule::Kind::kCrop, {256, 256}};
  int64_t num_holdout = 0;  // Pictures kept out of `out`.
  std::filesystem::path holdout_out;
  uint64_t seed = 1;
  // Which those are: of any name, or the last by name, as a camera's frames
  // are told apart from their neighbours in time.
  enum class Holdout { kAnywhere, kLast };
  Holdout holdout = Holdout::kAnywhere;
};

struct PackReport {
  int64_t num_packed = 0;
  int64_t num_held_out = 0;
  // Files that are no whole picture, "name: reason", in the shuffled order.
  std::vector<std::string> skipped;
};

// Writes every decodable picture of the inputs as one uint8 [3,N,N] record, in
// an order that `seed` and the file names alone decide, so that any prefix is
// a fair sample; the first `num_holdout` go to `holdout_out`, unless it gets
// the last by name. InvalidArgument for a view other than crop:N, a holdout
// without a file (or the reverse) and inputs with too few pictures.
absl::StatusOr<PackReport> PackPictures(const PackOptions& options);

}  // namespace sluice::train
