// Tables made of integers, statuses and hex dumps for the codec's tests.
#pragma once

#include <cstdint>
#include <filesystem>
#include <random>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "absl/status/status.h"
#include "common/codec/codec_tables.h"
#include "common/codec/latent_shape.h"
#include "gmock/gmock.h"

namespace sluice::codec {

inline constexpr int kLaneCounts[] = {1, 2, 4, 8, 16, 32};

// A table whose slots have these frequencies (their sum is 4096), escape last.
// Gains are 1 and the median is 0 unless a test sets them.
ChannelTable MakeTable(int32_t min_symbol,
                       const std::vector<uint32_t>& frequencies);

// As many symbols as a table can have, -127 to 127; every slot 16 codes wide,
// hence exactly one byte per symbol.
ChannelTable WidestTable();

// 2 to 256 slots around zero: uniform, one with all the codes that the others
// can spare, or something between.
ChannelTable RandomTable(std::mt19937& random);

// Symbols as often as the tables say; escapes are of all lengths.
std::vector<int32_t> RandomSymbols(const LatentShape& shape,
                                   std::span<const ChannelTable> channels,
                                   std::mt19937& random);

// The tables of the worked frame in bitstream_format.md: channel 0 has symbols
// -1..1 and a median of 0.5, channel 1 has 0..1, a gain of 2 and its inverse.
CodecTables WorkedTables(int num_rates);

// The bytes of the lines between ```hex and ``` of a text file; the text behind
// a '|' is comment.
std::vector<uint8_t> ReadHex(const std::filesystem::path& path);
std::string ToHex(std::span<const uint8_t> bytes);

// Matches a Status or StatusOr by code and a part of its message.
MATCHER_P2(Fails, code, message_part, "") {
  const absl::Status status = [&] {
    if constexpr (std::is_same_v<std::decay_t<decltype(arg)>, absl::Status>) {
      return arg;
    } else {
      return arg.status();
    }
  }();
  *result_listener << status.ToString();
  return status.code() == code &&
         std::string(status.message()).find(message_part) != std::string::npos;
}

}  // namespace sluice::codec
