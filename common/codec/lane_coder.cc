#include "common/codec/lane_coder.h"

#include <algorithm>
#include <vector>

#include "common/codec/lane_coder_scalar.h"

namespace sluice::codec {
namespace {

// The states are copied so that the compiler can keep them in registers.

template <size_t kLanes>
uint8_t* Encode(LaneTable table, const int32_t* symbols, size_t num_symbols,
                uint32_t* states, uint8_t* words) {
  const size_t rest = num_symbols % kLanes;
  const int32_t* group = symbols + (num_symbols - rest);
  words = EncodeGroup(table, group, rest, states, words);
  uint32_t lanes[kLanes];
  std::copy_n(states, kLanes, lanes);
  while (group != symbols) {
    group -= kLanes;
    words = EncodeGroup(table, group, kLanes, lanes, words);
  }
  std::copy_n(lanes, kLanes, states);
  return words;
}

template <size_t kLanes>
const uint8_t* Decode(LaneTable table, int32_t* symbols, size_t num_symbols,
                      uint32_t* states, const uint8_t* words,
                      const uint8_t* words_end) {
  const size_t rest = num_symbols % kLanes;
  int32_t* const last_group = symbols + (num_symbols - rest);
  uint32_t lanes[kLanes];
  std::copy_n(states, kLanes, lanes);
  for (; symbols != last_group; symbols += kLanes) {
    words = DecodeGroup(table, symbols, kLanes, lanes, words);
    if (words > words_end) return words;
  }
  std::copy_n(lanes, kLanes, states);
  return DecodeGroup(table, last_group, rest, states, words);
}

constexpr LanePath kScalar = {"scalar",
                              {{Encode<1>, Decode<1>},
                               {Encode<2>, Decode<2>},
                               {Encode<4>, Decode<4>},
                               {Encode<8>, Decode<8>},
                               {Encode<16>, Decode<16>},
                               {Encode<32>, Decode<32>}}};

std::vector<LanePath> FindLanePaths() {
  std::vector<LanePath> paths = {kScalar};
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2")) UseAvx2(paths.emplace_back(kScalar));
#elif defined(__aarch64__)
  UseNeon(paths.emplace_back(kScalar));  // Every such processor has it.
#endif
  return paths;
}

}  // namespace

std::span<const LanePath> LanePaths() {
  static const std::vector<LanePath>& paths =
      *new std::vector<LanePath>(FindLanePaths());
  return paths;
}

}  // namespace sluice::codec
