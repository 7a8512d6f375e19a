// From counted symbols to integer tables.
#include "common/model/symbol_fit.h"

#include <cmath>
#include <numeric>
#include <random>

#include "common/codec/limits.h"
#include "gtest/gtest.h"

namespace sluice::model {
namespace {

constexpr uint32_t kOne = 1u << codec::kCdfPrecisionBits;

std::vector<uint64_t> Histogram(double scale, double total) {
  std::vector<uint64_t> histogram(2 * kCountRange + 1, 0);
  for (int s = -kCountRange; s <= kCountRange; ++s) {
    histogram[s + kCountRange] = static_cast<uint64_t>(
        total / scale * std::exp(-std::abs(s + 0.3) / scale));
  }
  return histogram;
}

// Of the fit's symbols under the table, in bits; those without a slot pay for
// the escape's alone.
double CrossEntropy(const SymbolFit& fit, const codec::QuantizedCdf& table) {
  double bits = 0.0;
  for (size_t i = 0; i < fit.probabilities.size(); ++i) {
    int slot = fit.min_symbol + static_cast<int>(i) - table.min_symbol();
    const bool is_escape = i + 1 == fit.probabilities.size();
    if (is_escape || slot < 0 || slot >= table.num_symbols()) {
      slot = table.escape_slot();
    }
    const uint32_t frequency = table.cdf()[slot + 1] - table.cdf()[slot];
    bits -=
        fit.probabilities[i] * std::log2(static_cast<double>(frequency) / kOne);
  }
  return bits;
}

double Entropy(const SymbolFit& fit) {
  double bits = 0.0;
  for (const double p : fit.probabilities) bits -= p * std::log2(p);
  return bits;
}

TEST(SymbolFitTest, ProbabilitiesArePositiveAndSumToOne) {
  const SymbolFit fit = FitSymbols(Histogram(2.0, 1e5));
  for (const double p : fit.probabilities) EXPECT_GT(p, 0.0);
  EXPECT_NEAR(
      std::accumulate(fit.probabilities.begin(), fit.probabilities.end(), 0.0),
      1.0, 1e-12);
}

TEST(SymbolFitTest, HalfACountIsAddedWithinTheOutermostSymbols) {
  std::vector<uint64_t> histogram(2 * kCountRange + 1, 0);
  histogram[kCountRange + 2] = 3;
  const SymbolFit fit = FitSymbols(histogram);
  EXPECT_EQ(fit.min_symbol, 0);
  const double total = 3 + 4 * 0.5;  // Symbols 0, 1 and 2, and the escape.
  EXPECT_EQ(fit.probabilities,
            (std::vector{0.5 / total, 0.5 / total, 3.5 / total, 0.5 / total}));
}

TEST(SymbolFitTest, NothingCountedGivesATableOfZeroAlone) {
  const auto table = QuantizeFit(FitSymbols(Histogram(1.0, 0.0)));
  ASSERT_TRUE(table.ok()) << table.status();
  EXPECT_EQ(table->min_symbol(), 0);
  EXPECT_EQ(table->num_symbols(), 1);
}

TEST(SymbolFitTest, TablesCostLittleMoreThanTheFit) {
  for (const double scale : {0.05, 0.3, 1.0, 3.0, 10.0}) {
    const SymbolFit fit = FitSymbols(Histogram(scale, 1e6));
    const auto table = QuantizeFit(fit);
    ASSERT_TRUE(table.ok()) << table.status();
    EXPECT_LT(CrossEntropy(fit, *table), Entropy(fit) * 1.01 + 0.001) << scale;
  }
}

TEST(SymbolFitTest, MovingACodeToAnotherSlotNeverSaves) {
  const SymbolFit fit = FitSymbols(Histogram(0.8, 1e6));
  const auto table = QuantizeFit(fit);
  ASSERT_TRUE(table.ok()) << table.status();
  const double best = CrossEntropy(fit, *table);
  const int num_slots = table->num_symbols() + 1;
  for (int from = 0; from < num_slots; ++from) {
    if (table->cdf()[from + 1] - table->cdf()[from] == 1) continue;
    for (int to = 0; to < num_slots; ++to) {
      if (to == from) continue;
      std::vector<uint32_t> cdf(table->cdf().begin(), table->cdf().end());
      for (int k = from + 1; k < num_slots; ++k) --cdf[k];
      for (int k = to + 1; k < num_slots; ++k) ++cdf[k];
      const auto moved = codec::QuantizedCdf::Create(cdf, table->min_symbol());
      ASSERT_TRUE(moved.ok()) << moved.status();
      EXPECT_GE(CrossEntropy(fit, *moved), best - 1e-12) << from << " " << to;
    }
  }
}

TEST(SymbolFitTest, RareOuterSymbolsEscape) {
  std::vector<uint64_t> histogram(2 * kCountRange + 1, 0);
  histogram[kCountRange] = 1'000'000;
  histogram[kCountRange + 1] = 1'000'000;
  histogram[kCountRange + 900] = 1;
  const auto table = QuantizeFit(FitSymbols(histogram));
  ASSERT_TRUE(table.ok()) << table.status();
  EXPECT_EQ(table->num_symbols(), 2);
}

TEST(SymbolFitTest, TheWidestHistogramKeepsItsLikeliestSymbols) {
  std::vector<uint64_t> histogram(2 * kCountRange + 1, 1000);
  histogram[kCountRange + 300] = 1'000'000;
  const auto table = QuantizeFit(FitSymbols(histogram));
  ASSERT_TRUE(table.ok()) << table.status();
  EXPECT_LE(table->num_symbols(), codec::kMaxTableSymbols);
  EXPECT_LE(table->min_symbol(), 300);
  EXPECT_GT(table->min_symbol() + table->num_symbols(), 300);
}

}  // namespace
}  // namespace sluice::model
