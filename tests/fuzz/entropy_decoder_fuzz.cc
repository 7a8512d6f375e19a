// DecodeSymbols: any tables, shape, number of lanes and payload; or a payload
// of EncodeSymbols, damaged in one place, which comes much further.
//
// Holds 4 bytes per element of the shape and the payload.
#include <algorithm>
#include <string>
#include <vector>

#include "common/codec/entropy_coder.h"
#include "tests/fuzz/allocation_meter.h"
#include "tests/fuzz/fuzz_check.h"
#include "tests/fuzz/fuzz_input.h"
#include "tests/fuzz/fuzz_tables.h"
#include "tests/fuzz/fuzz_targets.h"

namespace sluice::fuzz {
namespace {

using ::sluice::codec::ChannelTable;
using ::sluice::codec::CoderScratch;
using ::sluice::codec::LanePath;
using ::sluice::codec::LatentShape;
using Bytes = std::vector<uint8_t>;

// What both sides of a payload know of it.
struct Setting {
  std::vector<ChannelTable> channels;
  LatentShape shape;
  int num_lanes;
};

Setting TakeSetting(FuzzInput& input) {
  Setting setting;
  setting.channels = TakeTables(input, 4);
  setting.shape.channels = static_cast<int>(setting.channels.size());
  setting.shape.height = input.TakeBetween(1, 32);
  setting.shape.width = input.TakeBetween(1, 32);
  setting.num_lanes = 1 << input.TakeBetween(0, codec::kMaxLanesLog2);
  return setting;
}

// Every path writes the same bytes.
Bytes Encode(const Setting& setting, std::span<const int32_t> symbols) {
  CoderScratch scratch;
  Bytes payload;
  for (const LanePath& path : codec::LanePaths()) {
    Bytes again;
    CheckOk(codec::EncodeSymbols(symbols, setting.shape, setting.channels,
                                 setting.num_lanes, scratch, again, path),
            "symbols within the limits encode");
    Check(payload.empty() || payload == again,
          std::string("the same payload by path ") + path.name);
    payload = std::move(again);
  }
  return payload;
}

struct Decoded {
  absl::Status status;
  std::vector<int32_t> symbols;  // Empty after an error.
};

Decoded Decode(const Setting& setting, std::span<const uint8_t> payload,
               const LanePath& path) {
  Decoded decoded;
  const AllocationMeter meter;
  CoderScratch scratch;
  decoded.status =
      codec::DecodeSymbols(payload, setting.shape, setting.channels,
                           setting.num_lanes, scratch, decoded.symbols, path);
  meter.CheckAtMost(
      sizeof(int32_t) * setting.shape.num_elements() + payload.size(),
      "DecodeSymbols");
  if (!decoded.status.ok()) decoded.symbols.clear();
  return decoded;
}

// Every path decides alike, and what decodes encodes to the same bytes.
Decoded DecodeByAllPaths(const Setting& setting,
                         std::span<const uint8_t> payload) {
  const std::span<const LanePath> paths = codec::LanePaths();
  Decoded first = Decode(setting, payload, paths.front());
  for (const LanePath& path : paths.subspan(1)) {
    const Decoded other = Decode(setting, payload, path);
    Check(first.status == other.status && first.symbols == other.symbols,
          std::string("the same verdict by path ") + path.name);
  }
  if (first.status.ok()) {
    const Bytes again = Encode(setting, first.symbols);
    Check(std::ranges::equal(again, payload),
          "a payload that decodes is the encoder's");
  } else {
    Check(first.status.code() == absl::StatusCode::kDataLoss,
          "a payload that does not decode is DataLoss");
  }
  return first;
}

}  // namespace

void FuzzEntropyDecoder(std::span<const uint8_t> bytes) {
  FuzzInput input(bytes);
  const bool is_raw = input.TakeBool();
  const Setting setting = TakeSetting(input);
  if (is_raw) {
    DecodeByAllPaths(setting, input.TakeRest());
    return;
  }
  const size_t place = input.TakeU16();
  const uint8_t damage = input.TakeU8();
  const size_t num_missing = input.TakeBetween(0, 7);
  const std::vector<int32_t> symbols =
      DrawSymbols(input.TakeRest(), setting.shape, setting.channels);
  Bytes payload = Encode(setting, symbols);
  payload[place % payload.size()] ^= damage;
  payload.resize(payload.size() - std::min(num_missing, payload.size()));
  const Decoded decoded = DecodeByAllPaths(setting, payload);
  if (damage == 0 && num_missing == 0) {
    CheckOk(decoded.status, "a payload of EncodeSymbols decodes");
    Check(decoded.symbols == symbols, "to the same symbols");
  }
}

}  // namespace sluice::fuzz
