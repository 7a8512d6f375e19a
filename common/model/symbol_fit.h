// From counted symbols to a channel's integer table. No Torch.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "common/codec/codec_tables.h"

namespace sluice::model {

// A histogram holds 2 * kCountRange + 1 counts, of the symbols -kCountRange to
// kCountRange of training pictures.
inline constexpr int kCountRange = 1024;

// Probabilities of min_symbol, min_symbol + 1, ..., and last of a symbol
// outside of them, which escapes. They are positive and sum to 1.
struct SymbolFit {
  int min_symbol = 0;
  std::vector<double> probabilities;
};

// Half a count more for every symbol between the outermost that occurred (and
// 0), and for the escape (Krichevsky and Trofimov, 1981).
// REQUIRES: the histogram's size.
SymbolFit FitSymbols(std::span<const uint64_t> histogram);

// The table whose cross-entropy with the fit is least, but for two things:
// outer symbols of less than half a code escape, and so do those of less
// probability when there are more than codec::kMaxTableSymbols.
absl::StatusOr<codec::QuantizedCdf> QuantizeFit(const SymbolFit& fit);

}  // namespace sluice::model
