#include "models/train/tools/retable.h"

#include <cmath>
#include <cstdint>
#include <functional>
#include <span>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/artifact/codec_artifact.h"
#include "common/base/status_macros.h"
#include "common/codec/entropy_coder.h"
#include "common/codec/escape_section.h"
#include "common/codec/quantizer.h"
#include "common/model/symbol_fit.h"
#include "models/train/data/progress.h"
#include "models/train/data/shard.h"
#include "models/train/report/text_table.h"
#include "models/train/tools/loaded_codec.h"
#include "models/train/tools/shard_input.h"

namespace sluice::train {
namespace {

using codec::ChannelTable;
using codec::CodecTables;
using codec::LatentShape;

// Calls `use` with the symbols of every picture at every rate.
using UseSymbols = std::function<absl::Status(
    int rate, const LatentShape& shape, std::span<const int32_t> symbols)>;

absl::Status ForSymbols(const std::filesystem::path& data, LoadedCodec& codec,
                        const char* label, const UseSymbols& use) {
  SLUICE_ASSIGN_OR_RETURN(const Shard shard, Shard::Open(data));
  const artifact::CodecSpec& spec = codec.spec();
  if (shard.height() < spec.pad_multiple || shard.width() < spec.pad_multiple) {
    return absl::InvalidArgumentError(absl::StrCat(
        data.string(), ": expected pictures of ", spec.pad_multiple,
        " pixels or more, found ", shard.width(), "x", shard.height()));
  }
  Progress progress = Progress::OnStderr(label, shard.num_pictures());
  std::vector<int32_t> symbols;
  for (int64_t i = 0; i < shard.num_pictures(); ++i) {
    SLUICE_ASSIGN_OR_RETURN(const base::FloatTensor latent,
                            codec.EncodeLatent(CentreInput(shard, i, spec)));
    const LatentShape shape = {static_cast<int>(latent.shape[0]),
                               static_cast<int>(latent.shape[1]),
                               static_cast<int>(latent.shape[2])};
    for (int rate = 0; rate < spec.num_rates; ++rate) {
      SLUICE_RETURN_IF_ERROR(codec::QuantizeLatent(
          latent.values, shape, codec.artifact().tables.rate(rate), symbols));
      SLUICE_RETURN_IF_ERROR(use(rate, shape, symbols));
    }
    progress.Update(i + 1);
  }
  return absl::OkStatus();
}

// By rate and channel, rate-major.
absl::StatusOr<std::vector<model::SymbolFit>> FitChannels(
    const std::filesystem::path& data, LoadedCodec& codec) {
  const size_t num_channels = codec.artifact().tables.num_channels();
  std::vector<std::vector<uint64_t>> histograms(
      codec.spec().num_rates * num_channels,
      std::vector<uint64_t>(2 * model::kCountRange + 1, 0));
  const UseSymbols count = [&](int rate, const LatentShape& shape,
                               std::span<const int32_t> symbols) {
    for (size_t i = 0; i < symbols.size(); ++i) {
      if (std::abs(symbols[i]) > model::kCountRange) continue;
      ++histograms[rate * num_channels + i / shape.num_positions()]
                  [symbols[i] + model::kCountRange];
    }
    return absl::OkStatus();
  };
  SLUICE_RETURN_IF_ERROR(ForSymbols(data, codec, "counting symbols", count));
  std::vector<model::SymbolFit> fits;
  for (const std::vector<uint64_t>& histogram : histograms) {
    fits.push_back(model::FitSymbols(histogram));
  }
  return fits;
}

absl::StatusOr<CodecTables> TablesOf(const CodecTables& old_tables,
                                     std::span<const model::SymbolFit> fits) {
  std::vector<ChannelTable> tables;
  for (int rate = 0; rate < old_tables.num_rates(); ++rate) {
    for (const ChannelTable& table : old_tables.rate(rate)) {
      tables.push_back(table);
      SLUICE_ASSIGN_OR_RETURN(tables.back().cdf,
                              model::QuantizeFit(fits[tables.size() - 1]));
    }
  }
  return CodecTables::Create(old_tables.num_rates(), old_tables.num_channels(),
                             std::move(tables));
}

// Of a symbol under the fit; one outside of it as its varint besides.
double Bits(const model::SymbolFit& fit, int32_t symbol) {
  const int64_t slot = int64_t{symbol} - fit.min_symbol;
  const auto escape = static_cast<int64_t>(fit.probabilities.size()) - 1;
  if (slot >= 0 && slot < escape) return -std::log2(fit.probabilities[slot]);
  std::vector<uint8_t> varint;
  codec::AppendVarint(2u * static_cast<uint32_t>(std::abs(symbol)), varint);
  return -std::log2(fit.probabilities[escape]) +
         8.0 * static_cast<double>(varint.size());
}

absl::StatusOr<std::string> CompareWithFit(
    const std::filesystem::path& data, LoadedCodec& codec,
    const CodecTables& tables, std::span<const model::SymbolFit> fits) {
  struct Sums {
    double num_pictures = 0, fit_bytes = 0, payload_bytes = 0;
    int num_lanes = 0;
  };
  std::vector<Sums> sums(tables.num_rates());
  codec::CoderScratch scratch;
  std::vector<uint8_t> payload;
  const UseSymbols add = [&](int rate, const LatentShape& shape,
                             std::span<const int32_t> symbols) {
    Sums& sum = sums[rate];
    sum.num_lanes = codec::NumLanesFor(shape, tables.rate(rate));
    SLUICE_RETURN_IF_ERROR(codec::EncodeSymbols(
        symbols, shape, tables.rate(rate), sum.num_lanes, scratch, payload));
    const size_t first = size_t{1} * rate * tables.num_channels();
    for (size_t i = 0; i < symbols.size(); ++i) {
      sum.fit_bytes +=
          Bits(fits[first + i / shape.num_positions()], symbols[i]) / 8.0;
    }
    sum.payload_bytes += static_cast<double>(payload.size());
    sum.num_pictures += 1;
    return absl::OkStatus();
  };
  SLUICE_RETURN_IF_ERROR(ForSymbols(data, codec, "comparing", add));
  TextTable table({"rate", "unquantized fit B", "payload B", "more B",
                   "allowed B", "lanes"});
  for (size_t rate = 0; rate < sums.size(); ++rate) {
    const Sums& sum = sums[rate];
    const double fit = sum.fit_bytes / sum.num_pictures;
    const double paid = sum.payload_bytes / sum.num_pictures;
    table.AddRow({absl::StrCat(rate), absl::StrFormat("%.1f", fit),
                  absl::StrFormat("%.1f", paid),
                  absl::StrFormat("%.1f", paid - fit),
                  absl::StrFormat("%.1f", 0.005 * fit + 16),
                  absl::StrCat(sum.num_lanes)});
  }
  return table.ToString();
}

}  // namespace

absl::StatusOr<std::string> RetableCodec(const RetableOptions& options) {
  SLUICE_ASSIGN_OR_RETURN(LoadedCodec codec,
                          LoadedCodec::Load(options.codec, /*num_threads=*/0));
  const artifact::CodecArtifact& artifact = codec.artifact();
  SLUICE_ASSIGN_OR_RETURN(const std::vector<model::SymbolFit> fits,
                          FitChannels(options.data, codec));
  SLUICE_ASSIGN_OR_RETURN(const CodecTables tables,
                          TablesOf(artifact.tables, fits));
  std::string report;
  if (options.check.has_value()) {
    SLUICE_ASSIGN_OR_RETURN(
        report, CompareWithFit(*options.check, codec, tables, fits));
  }
  SLUICE_ASSIGN_OR_RETURN(
      const std::string id,
      artifact::WriteCodec(options.out, artifact.spec, tables, artifact.encoder,
                           artifact.decoder, artifact.about));
  return absl::StrCat(report, options.out.string(), ": codec id ", id, ", was ",
                      artifact.id);
}

}  // namespace sluice::train
