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
  return MakeTable(-kMaxSymbol, std::vector<uint32_t>(2 * kMaxSymbol + 2, 1));
}

CodecTables WorkedTables(int num_rates) {
  ChannelTable first = MakeTable(-1, {0x2000, 0xa000, 0x3000, 0x1000});
  first.median = 0.5f;
  ChannelTable second = MakeTable(0, {0x8000, 0x7f00, 0x0100});
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
