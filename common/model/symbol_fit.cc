#include "common/model/symbol_fit.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "common/codec/limits.h"

namespace sluice::model {
namespace {

constexpr uint32_t kOne = 1u << codec::kCdfPrecisionBits;

// Gives the outer symbols that are not worth a slot to the escape.
SymbolFit Trimmed(const SymbolFit& fit) {
  constexpr double kHalfCode = 0.5 / kOne;
  size_t first = 0;
  size_t last = fit.probabilities.size() - 2;
  double escape = fit.probabilities.back();
  while (first < last) {
    const double low = fit.probabilities[first];
    const double high = fit.probabilities[last];
    if (std::min(low, high) >= kHalfCode &&
        last - first < codec::kMaxTableSymbols) {
      break;
    }
    escape += std::min(low, high);
    low < high ? ++first : --last;
  }
  SymbolFit trimmed = {.min_symbol = fit.min_symbol + static_cast<int>(first),
                       .probabilities = {fit.probabilities.begin() + first,
                                         fit.probabilities.begin() + last + 1}};
  trimmed.probabilities.push_back(escape);
  return trimmed;
}

// What a slot's frequency costs, in bits, when it becomes `to`.
double CostOfChange(double probability, uint32_t from, uint32_t to) {
  return probability * std::log2(static_cast<double>(from) / to);
}

// Frequencies of 1 or more that sum to kOne: rounded, then changed one by one
// where that costs least or saves most.
std::vector<uint32_t> Frequencies(const std::vector<double>& probabilities) {
  std::vector<uint32_t> frequencies;
  uint32_t sum = 0;
  for (const double p : probabilities) {
    frequencies.push_back(
        std::max(1u, static_cast<uint32_t>(std::lround(p * kOne))));
    sum += frequencies.back();
  }
  while (sum != kOne) {
    const uint32_t step = sum < kOne ? 1u : ~0u;  // One more, or one less.
    size_t best = 0;
    double best_cost = std::numeric_limits<double>::infinity();
    for (size_t k = 0; k < frequencies.size(); ++k) {
      const uint32_t changed = frequencies[k] + step;
      if (changed == 0) continue;
      const double cost =
          CostOfChange(probabilities[k], frequencies[k], changed);
      if (cost < best_cost) best = k, best_cost = cost;
    }
    frequencies[best] += step;
    sum += step;
  }
  return frequencies;
}

}  // namespace

SymbolFit FitSymbols(std::span<const uint64_t> histogram) {
  int first = kCountRange;
  int last = kCountRange;
  double total = 0.0;
  for (int i = 0; i < static_cast<int>(histogram.size()); ++i) {
    if (histogram[i] == 0) continue;
    first = std::min(first, i);
    last = std::max(last, i);
    total += static_cast<double>(histogram[i]);
  }
  const int num_slots = last - first + 2;
  total += 0.5 * num_slots;
  SymbolFit fit = {.min_symbol = first - kCountRange, .probabilities = {}};
  for (int i = first; i <= last; ++i) {
    fit.probabilities.push_back((static_cast<double>(histogram[i]) + 0.5) /
                                total);
  }
  fit.probabilities.push_back(0.5 / total);
  return fit;
}

absl::StatusOr<codec::QuantizedCdf> QuantizeFit(const SymbolFit& fit) {
  const SymbolFit trimmed = Trimmed(fit);
  std::vector<uint32_t> cdf = {0};
  for (const uint32_t frequency : Frequencies(trimmed.probabilities)) {
    cdf.push_back(cdf.back() + frequency);
  }
  return codec::QuantizedCdf::Create(std::move(cdf), trimmed.min_symbol);
}

}  // namespace sluice::model
