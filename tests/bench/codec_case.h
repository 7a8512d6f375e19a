// What the codec benchmarks code: symbols drawn from tables, for both formats.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/codec/codec_tables.h"
#include "common/codec/compressai_format.h"
#include "common/codec/latent_shape.h"

namespace sluice::codec {

struct CodecCase {
  std::string name;
  LatentShape shape;
  std::vector<ChannelTable> channels;
  std::vector<int32_t> symbols;  // [C,H,W]
  // What the symbols cost by the tables: the sum of -log2(probability) / 8.
  double entropy_bytes = 0;
  // The same probabilities and symbols for CompressAI's format.
  std::vector<CompressAiTable> compressai_tables;
  std::vector<int32_t> compressai_index;  // By symbol: its table.
};

// Tables of discretized Laplacians; channel c has the scale
// `scale` + c * `step` and symbols up to 8 scales from zero.
absl::StatusOr<std::vector<ChannelTable>> LaplacianTables(int num_channels,
                                                          double scale,
                                                          double step);

// Draws symbols with the tables' probabilities, always the same for the same
// tables. Escapes are not drawn: the frequency of an escape slot is a floor, in
// a trained codec far above the rate of escapes.
absl::StatusOr<CodecCase> DrawCase(std::string name, const LatentShape& shape,
                                   std::span<const ChannelTable> channels);

}  // namespace sluice::codec
