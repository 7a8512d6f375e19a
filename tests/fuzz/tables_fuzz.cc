// QuantizedCdf::Create on any entries; TablesFromTensors on the tensors of
// valid tables, damaged in any places.
//
// A table holds 24 KiB, TablesFromTensors that for each of at most kMaxTables
// tables and twice the bytes of its tensors.
#include <algorithm>
#include <utility>
#include <vector>

#include "common/artifact/codec_artifact.h"
#include "common/artifact/safetensors.h"
#include "common/codec/limits.h"
#include "tests/fuzz/allocation_meter.h"
#include "tests/fuzz/fuzz_check.h"
#include "tests/fuzz/fuzz_input.h"
#include "tests/fuzz/fuzz_tables.h"
#include "tests/fuzz/fuzz_targets.h"

namespace sluice::fuzz {
namespace {

using ::sluice::artifact::Dtype;
using ::sluice::artifact::NamedTensor;
using ::sluice::artifact::TensorMap;
using ::sluice::codec::CodecTables;
using ::sluice::codec::QuantizedCdf;

constexpr size_t kTableBytes = 24 << 10;
constexpr uint32_t kCdfTotal = 1u << codec::kCdfPrecisionBits;

// The two derived tables say what the CDF says.
void CheckLookups(const QuantizedCdf& table) {
  const std::span<const uint32_t> cdf = table.cdf();
  Check(table.slots().size() + 1 == cdf.size(), "one entry per slot");
  Check(table.codes().size() == kCdfTotal, "one entry per code");
  for (uint32_t slot = 0; slot + 1 < cdf.size(); ++slot) {
    const uint32_t start = cdf[slot];
    const uint32_t frequency = cdf[slot + 1] - start;
    Check(table.slots()[slot] == (frequency | start << 12), "slots()");
    for (uint32_t code = start; code < cdf[slot + 1]; ++code) {
      Check(table.codes()[code] ==
                (frequency | (code - start) << 12 | slot << 24),
            "codes()");
    }
  }
  Check(table.entropy_q8() <= 256 * codec::kCdfPrecisionBits, "entropy_q8()");
}

void FuzzCdf(FuzzInput& input) {
  const auto min_symbol = static_cast<int32_t>(input.TakeU32());
  const size_t num_entries = input.TakeU16() % 300;
  std::vector<uint32_t> cdf;
  for (size_t i = 0; i < num_entries; ++i) cdf.push_back(input.TakeU16());
  const AllocationMeter meter;
  const auto table = QuantizedCdf::Create(std::move(cdf), min_symbol);
  meter.CheckAtMost(kTableBytes, "QuantizedCdf::Create");
  if (table.ok()) CheckLookups(*table);
}

CodecTables TakeCodecTables(FuzzInput& input) {
  const int num_rates = input.TakeBetween(1, 3);
  std::vector<codec::ChannelTable> channels = TakeTables(input, 3);
  const size_t num_channels = channels.size();
  for (size_t i = num_channels; i < num_rates * num_channels; ++i) {
    channels.push_back(channels[i - num_channels]);
  }
  auto tables = CodecTables::Create(num_rates, static_cast<int>(num_channels),
                                    std::move(channels));
  CheckOk(tables.status(), "valid tables");
  return *std::move(tables);
}

void Damage(FuzzInput& input, TensorMap& tensors) {
  auto entry = tensors.begin();
  std::advance(entry, input.TakeU8() % tensors.size());
  NamedTensor& tensor = entry->second;
  const size_t place = input.TakeU16();
  switch (input.TakeBetween(0, 5)) {
    case 0:
      if (tensor.bytes.empty()) break;
      tensor.bytes[place % tensor.bytes.size()] ^= input.TakeU8();
      break;
    case 1:
      tensor.bytes.resize(place % 1024);
      break;
    case 2:
      tensor.dtype = static_cast<Dtype>(input.TakeBetween(0, 4));
      break;
    case 3:
      if (tensor.shape.empty()) break;
      tensor.shape[place % tensor.shape.size()] =
          static_cast<int32_t>(input.TakeU32());
      break;
    case 4:
      tensor.shape.resize(place % 5, 1);
      break;
    case 5:
      if (tensors.size() > 1) tensors.erase(entry);
      break;
  }
}

size_t BytesOf(const TensorMap& tensors) {
  size_t num_bytes = 0;
  for (const auto& [name, tensor] : tensors) num_bytes += tensor.bytes.size();
  return num_bytes;
}

void FuzzTensors(FuzzInput& input) {
  TensorMap tensors = artifact::TablesToTensors(TakeCodecTables(input));
  for (int i = input.TakeBetween(0, 4); i > 0; --i) Damage(input, tensors);
  const size_t num_tables =
      tensors.contains("gain") ? tensors["gain"].bytes.size() / 2 : 0;
  const AllocationMeter meter;
  const auto tables = artifact::TablesFromTensors(tensors);
  meter.CheckAtMost(
      2 * BytesOf(tensors) +
          kTableBytes * std::min<size_t>(num_tables, codec::kMaxTables),
      "TablesFromTensors");
  if (!tables.ok()) return;
  const TensorMap once = artifact::TablesToTensors(*tables);
  const auto again = artifact::TablesFromTensors(once);
  CheckOk(again.status(), "tables that were written");
  Check(artifact::SerializeSafetensors(once) ==
            artifact::SerializeSafetensors(artifact::TablesToTensors(*again)),
        "TablesFromTensors mirrors TablesToTensors");
}

}  // namespace

void FuzzTables(std::span<const uint8_t> bytes) {
  FuzzInput input(bytes);
  if (input.TakeBool()) {
    FuzzCdf(input);
  } else {
    FuzzTensors(input);
  }
}

}  // namespace sluice::fuzz
