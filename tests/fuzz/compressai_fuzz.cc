// DecodeCompressAi with any tables and any string; or a string of
// CompressAiEncoder, damaged in one place.
//
// The decoder holds nothing, the encoder 160 bytes per symbol while its memory
// grows.
#include <algorithm>
#include <utility>
#include <vector>

#include "common/codec/compressai_format.h"
#include "tests/fuzz/allocation_meter.h"
#include "tests/fuzz/fuzz_check.h"
#include "tests/fuzz/fuzz_input.h"
#include "tests/fuzz/fuzz_tables.h"
#include "tests/fuzz/fuzz_targets.h"

namespace sluice::fuzz {
namespace {

using ::sluice::codec::CompressAiEncoder;
using ::sluice::codec::CompressAiTable;
using Bytes = std::vector<uint8_t>;
using Symbols = std::vector<int32_t>;

// What both sides of a string know of it.
struct Setting {
  std::vector<CompressAiTable> tables;
  std::vector<int32_t> table_index;
};

CompressAiTable TakeAnyTable(FuzzInput& input) {
  const std::vector<uint32_t> cdf =
      TakeCdf(input, 1u << codec::kCompressAiPrecisionBits);
  const std::vector<int32_t> row(cdf.begin(), cdf.end());
  const int32_t offset =
      std::clamp(static_cast<int32_t>(input.TakeU32()),
                 -codec::kMaxCompressAiOffset, codec::kMaxCompressAiOffset);
  auto table =
      CompressAiTable::Create(row, static_cast<int32_t>(row.size()), offset);
  CheckOk(table.status(), "a valid table");
  return *std::move(table);
}

Setting TakeSetting(FuzzInput& input) {
  Setting setting;
  const int num_tables = input.TakeBetween(1, 3);
  for (int i = 0; i < num_tables; ++i) {
    setting.tables.push_back(TakeAnyTable(input));
  }
  const int num_symbols = input.TakeU16() % 1024;
  for (int i = 0; i < num_symbols; ++i) {
    setting.table_index.push_back((i / 3) % num_tables);
  }
  return setting;
}

// Mostly symbols of the table, now and then one at any distance.
Symbols DrawAnySymbols(std::span<const uint8_t> draws, const Setting& setting) {
  Symbols symbols;
  for (const int32_t index : setting.table_index) {
    const CompressAiTable& table = setting.tables[index];
    const size_t i = symbols.size();
    const uint32_t draw = draws.empty() ? 0 : draws[i % draws.size()];
    if (draw < 240) {
      const int32_t slot = static_cast<int32_t>(draw + i) % table.num_symbols();
      symbols.push_back(table.offset() + slot);
      continue;
    }
    const int32_t distance = codec::kMaxCompressAiDistance >> (i % 28);
    symbols.push_back((draw & 1) != 0 ? table.offset() - distance
                                      : table.offset() + table.num_symbols() -
                                            1 + distance);
  }
  return symbols;
}

Bytes Encode(const Setting& setting, const Symbols& symbols) {
  const AllocationMeter meter;
  CompressAiEncoder encoder;
  Bytes string;
  CheckOk(encoder.Encode(symbols, setting.table_index, setting.tables, string),
          "symbols within the limits encode");
  meter.CheckAtMost(160 * symbols.size(), "CompressAiEncoder");
  return string;
}

// What decodes encodes to the same bytes.
absl::Status Decode(const Setting& setting, std::span<const uint8_t> string,
                    Symbols& symbols) {
  symbols.resize(setting.table_index.size());
  const AllocationMeter meter;
  absl::Status status = codec::DecodeCompressAi(string, setting.table_index,
                                                setting.tables, symbols);
  meter.CheckAtMost(0, "DecodeCompressAi");
  if (status.ok()) {
    Check(std::ranges::equal(Encode(setting, symbols), string),
          "a string that decodes is the encoder's");
  } else {
    Check(status.code() == absl::StatusCode::kDataLoss,
          "a string that does not decode is DataLoss");
  }
  return status;
}

void FuzzRow(FuzzInput& input) {
  const auto length = static_cast<int32_t>(input.TakeU32());
  const auto offset = static_cast<int32_t>(input.TakeU32());
  std::vector<int32_t> row(input.TakeU8());
  for (int32_t& entry : row) entry = static_cast<int32_t>(input.TakeU32());
  const AllocationMeter meter;
  const auto table = CompressAiTable::Create(row, length, offset);
  meter.CheckAtMost(sizeof(int32_t) * row.size(), "CompressAiTable::Create");
}

}  // namespace

void FuzzCompressAi(std::span<const uint8_t> bytes) {
  FuzzInput input(bytes);
  const int kind = input.TakeBetween(0, 2);
  if (kind == 0) {
    FuzzRow(input);
    return;
  }
  const Setting setting = TakeSetting(input);
  Symbols decoded;
  if (kind == 1) {
    Decode(setting, input.TakeRest(), decoded).IgnoreError();
    return;
  }
  const size_t place = input.TakeU16();
  const uint8_t damage = input.TakeU8();
  const size_t num_missing = input.TakeBetween(0, 8);
  const Symbols symbols = DrawAnySymbols(input.TakeRest(), setting);
  Bytes string = Encode(setting, symbols);
  string[place % string.size()] ^= damage;
  string.resize(string.size() - num_missing);
  const absl::Status status = Decode(setting, string, decoded);
  if (damage == 0 && num_missing == 0) {
    CheckOk(status, "a string of CompressAiEncoder decodes");
    Check(decoded == symbols, "to the same symbols");
  }
}

}  // namespace sluice::fuzz
