// CodecTables <-> the named integer arrays of tables.safetensors.
#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/artifact/artifact_files.h"
#include "common/artifact/codec_artifact.h"
#include "common/base/status_macros.h"
#include "common/codec/limits.h"

namespace sluice::artifact {
namespace {

using ::sluice::codec::ChannelTable;
using ::sluice::codec::CodecTables;
using ::sluice::codec::QuantizedCdf;

// The arrays as they lie in the file, row-major.
struct Arrays {
  std::vector<int32_t> cdf;         // [R,C,W]
  std::vector<int32_t> cdf_length;  // [R,C], as are the rest.
  std::vector<int32_t> min_symbol;
  std::vector<float> median;
  std::vector<float> gain;
  std::vector<float> inverse_gain;
};

// [R,C,W] of the "cdf" tensor.
absl::StatusOr<std::array<int64_t, 3>> CdfShape(const TensorMap& tensors) {
  const auto cdf = tensors.find("cdf");
  if (cdf == tensors.end() || cdf->second.shape.size() != 3) {
    return absl::InvalidArgumentError(
        "tensor \"cdf\": expected three dimensions, found "
        "another number or no such tensor");
  }
  const std::vector<int64_t>& shape = cdf->second.shape;
  if (shape[0] < 1 || shape[0] > codec::kMaxRates || shape[1] < 1 ||
      shape[1] > codec::kMaxChannels || shape[2] < 1) {
    return absl::InvalidArgumentError(absl::StrCat(
        "tensor \"cdf\": expected 1..", codec::kMaxRates, " rates, 1..",
        codec::kMaxChannels, " channels and at least one entry, found [",
        shape[0], ",", shape[1], ",", shape[2], "]"));
  }
  if (shape[0] * shape[1] > codec::kMaxTables) {
    return absl::InvalidArgumentError(
        absl::StrCat("tensor \"cdf\": expected at most ", codec::kMaxTables,
                     " tables, found ", shape[0] * shape[1]));
  }
  return std::array<int64_t, 3>{shape[0], shape[1], shape[2]};
}

absl::Status CheckPrecision(const TensorMap& tensors) {
  SLUICE_ASSIGN_OR_RETURN(
      const std::vector<int32_t> precision,
      IntsOf(tensors, "precision_bits", std::array<int64_t, 1>{1}));
  if (precision[0] != codec::kCdfPrecisionBits) {
    return absl::InvalidArgumentError(
        absl::StrCat("tensor \"precision_bits\": expected ",
                     codec::kCdfPrecisionBits, ", found ", precision[0]));
  }
  return absl::OkStatus();
}

absl::StatusOr<Arrays> ReadArrays(const TensorMap& tensors,
                                  std::span<const int64_t> cdf_shape) {
  const std::span<const int64_t> rows = cdf_shape.first(2);
  Arrays arrays;
  SLUICE_ASSIGN_OR_RETURN(arrays.cdf, IntsOf(tensors, "cdf", cdf_shape));
  SLUICE_ASSIGN_OR_RETURN(arrays.cdf_length,
                          IntsOf(tensors, "cdf_length", rows));
  SLUICE_ASSIGN_OR_RETURN(arrays.min_symbol,
                          IntsOf(tensors, "min_symbol", rows));
  SLUICE_ASSIGN_OR_RETURN(arrays.median, FloatsOf(tensors, "median", rows));
  SLUICE_ASSIGN_OR_RETURN(arrays.gain, FloatsOf(tensors, "gain", rows));
  SLUICE_ASSIGN_OR_RETURN(arrays.inverse_gain,
                          FloatsOf(tensors, "inverse_gain", rows));
  return arrays;
}

// `row` is one zero-padded row of "cdf"; its first `length` entries count.
absl::StatusOr<QuantizedCdf> ParseCdf(std::span<const int32_t> row, int length,
                                      int32_t min_symbol) {
  if (length < 0 || static_cast<size_t>(length) > row.size()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "cdf_length: expected 0..", row.size(), ", found ", length));
  }
  const std::span<const int32_t> padding = row.subspan(length);
  if (std::any_of(padding.begin(), padding.end(),
                  [](int32_t entry) { return entry != 0; })) {
    return absl::InvalidArgumentError(absl::StrCat(
        "cdf: expected zeros from entry ", length, " on, found another value"));
  }
  return QuantizedCdf::Create({row.begin(), row.begin() + length}, min_symbol);
}

}  // namespace

absl::StatusOr<CodecTables> TablesFromTensors(const TensorMap& tensors) {
  SLUICE_RETURN_IF_ERROR(CheckPrecision(tensors));
  SLUICE_ASSIGN_OR_RETURN(const auto shape, CdfShape(tensors));
  SLUICE_ASSIGN_OR_RETURN(const Arrays arrays, ReadArrays(tensors, shape));
  if (tensors.size() != 7) {
    return absl::InvalidArgumentError(
        absl::StrCat("expected 7 tensors, found ", tensors.size()));
  }
  const int num_channels = static_cast<int>(shape[1]);
  const size_t width = static_cast<size_t>(shape[2]);
  std::vector<ChannelTable> tables;
  for (size_t i = 0; i < arrays.gain.size(); ++i) {
    absl::StatusOr<QuantizedCdf> cdf =
        ParseCdf(std::span(arrays.cdf).subspan(i * width, width),
                 arrays.cdf_length[i], arrays.min_symbol[i]);
    if (!cdf.ok()) {
      return InContext(cdf.status(),
                       absl::StrCat("rate ", i / num_channels, " channel ",
                                    i % num_channels));
    }
    tables.push_back({arrays.gain[i], arrays.inverse_gain[i], arrays.median[i],
                      *std::move(cdf)});
  }
  return CodecTables::Create(static_cast<int>(shape[0]), num_channels,
                             std::move(tables));
}

TensorMap TablesToTensors(const CodecTables& tables) {
  size_t width = 0;
  for (int rate = 0; rate < tables.num_rates(); ++rate) {
    for (const ChannelTable& table : tables.rate(rate)) {
      width = std::max(width, table.cdf.cdf().size());
    }
  }
  Arrays arrays;
  for (int rate = 0; rate < tables.num_rates(); ++rate) {
    for (const ChannelTable& table : tables.rate(rate)) {
      const std::span<const uint32_t> cdf = table.cdf.cdf();
      arrays.cdf.insert(arrays.cdf.end(), cdf.begin(), cdf.end());
      arrays.cdf.resize(arrays.cdf.size() + width - cdf.size(), 0);
      arrays.cdf_length.push_back(static_cast<int32_t>(cdf.size()));
      arrays.min_symbol.push_back(table.cdf.min_symbol());
      arrays.median.push_back(table.median);
      arrays.gain.push_back(table.gain);
      arrays.inverse_gain.push_back(table.inverse_gain);
    }
  }
  const std::vector<int64_t> rows = {tables.num_rates(), tables.num_channels()};
  return {
      {"cdf",
       MakeInts(arrays.cdf, {rows[0], rows[1], static_cast<int64_t>(width)})},
      {"cdf_length", MakeInts(arrays.cdf_length, rows)},
      {"min_symbol", MakeInts(arrays.min_symbol, rows)},
      {"median", MakeFloats(arrays.median, rows)},
      {"gain", MakeFloats(arrays.gain, rows)},
      {"inverse_gain", MakeFloats(arrays.inverse_gain, rows)},
      {"precision_bits",
       MakeInts(std::array<int32_t, 1>{codec::kCdfPrecisionBits}, {1})},
  };
}

}  // namespace sluice::artifact
