#include "tests/codec/codec_testing.h"

#include <fstream>
#include <sstream>

#include "common/codec/limits.h"

namespace sluice::codec {

ChannelTable MakeTable(int32_t min_symbol,
                       const std::vector<uint32_t>& frequencies) {
  std::vector<uint32_t> cdf = {0};
  for (const uint32_t frequency : frequencies) {
    cdf.push_back(cdf.back() + frequency);
  }
  return ChannelTable{
      .gain = 1.0f,
      .inverse_gain = 1.0f,
      .median = 0.0f,
      .cdf = QuantizedCdf::Create(std::move(cdf), min_symbol).value()};
}

ChannelTable WidestTable() {
  return MakeTable(-127, std::vector<uint32_t>(kMaxTableSymbols + 1, 16));
}

ChannelTable RandomTable(std::mt19937& random) {
  const auto below = [&random](uint32_t limit) {
    return static_cast<uint32_t>(random() % limit);
  };
  const uint32_t num_slots = 2 + below(kMaxTableSymbols);
  std::vector<uint32_t> frequencies(num_slots, 1);
  uint32_t rest = 4096 - num_slots;
  switch (below(4)) {
    case 0:
      for (uint32_t& frequency : frequencies) frequency = 4096 / num_slots;
      frequencies.back() += 4096 % num_slots;
      break;
    case 1:
      frequencies[below(num_slots)] += rest;
      break;
    default:
      while (rest > 0) {
        const uint32_t share = 1 + below(rest);
        frequencies[below(num_slots)] += share;
        rest -= share;
      }
  }
  const int32_t shift = static_cast<int32_t>(below(9)) - 4;
  return MakeTable(shift - static_cast<int32_t>(num_slots / 2), frequencies);
}

std::vector<int32_t> RandomSymbols(const LatentShape& shape,
                                   std::span<const ChannelTable> channels,
                                   std::mt19937& random) {
  std::vector<int32_t> symbols;
  symbols.reserve(shape.num_elements());
  for (const ChannelTable& channel : channels) {
    const QuantizedCdf& cdf = channel.cdf;
    const int32_t escape = cdf.min_symbol() + cdf.escape_slot();
    for (size_t i = 0; i < shape.num_positions(); ++i) {
      const uint32_t slot = cdf.codes()[random() % 4096] >> 24;
      int32_t symbol = cdf.min_symbol() + static_cast<int32_t>(slot);
      if (symbol == escape) {
        do {
          const size_t magnitude = random() % 32768 >> random() % 15;
          symbol = static_cast<int32_t>(magnitude);
          if (random() % 2 == 0) symbol = -symbol;
        } while (symbol >= cdf.min_symbol() && symbol < escape);
      }
      symbols.push_back(symbol);
    }
  }
  return symbols;
}

CodecTables WorkedTables(int num_rates) {
  ChannelTable first = MakeTable(-1, {0x200, 0xa00, 0x300, 0x100});
  first.median = 0.5f;
  ChannelTable second = MakeTable(0, {0x800, 0x7f0, 0x010});
  second.gain = 2.0f;
  second.inverse_gain = 0.5f;
  std::vector<ChannelTable> tables;
  for (int rate = 0; rate < num_rates; ++rate) {
    tables.push_back(first);
    tables.push_back(second);
  }
  return CodecTables::Create(num_rates, 2, std::move(tables)).value();
}

std::vector<uint8_t> ReadHex(const std::filesystem::path& path) {
  std::ifstream file(path);
  EXPECT_TRUE(file.is_open()) << path;
  std::vector<uint8_t> bytes;
  bool is_hex = false;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("```")) {
      is_hex = line == "```hex";
      continue;
    }
    if (!is_hex) continue;
    std::istringstream digits(line.substr(0, line.find('|')));
    for (std::string byte; digits >> byte;) {
      bytes.push_back(static_cast<uint8_t>(std::stoul(byte, nullptr, 16)));
    }
  }
  return bytes;
}

std::string ToHex(std::span<const uint8_t> bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  for (size_t i = 0; i < bytes.size(); ++i) {
    if (i > 0) hex += i % 16 == 0 ? '\n' : ' ';
    hex += kDigits[bytes[i] >> 4];
    hex += kDigits[bytes[i] & 0xf];
  }
  return hex;
}

}  // namespace sluice::codec
