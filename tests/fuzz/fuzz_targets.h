// The fuzz targets. Each takes any bytes and aborts when a promise is broken.
//
// Allocations are among the promises: every target says how much memory its
// input can make the code under it hold, and measures it (allocation_meter.h).
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace sluice::fuzz {

void FuzzArtifact(std::span<const uint8_t> bytes);
void FuzzCompressAi(std::span<const uint8_t> bytes);
void FuzzEntropyDecoder(std::span<const uint8_t> bytes);
void FuzzFrameReader(std::span<const uint8_t> bytes);
void FuzzRoundTrip(std::span<const uint8_t> bytes);
void FuzzSafetensors(std::span<const uint8_t> bytes);
void FuzzTables(std::span<const uint8_t> bytes);

struct FuzzTarget {
  std::string_view name;  // Of its folder in corpus/ and of NAME_fuzz.
  void (*run)(std::span<const uint8_t> bytes);
};

inline constexpr FuzzTarget kFuzzTargets[] = {
    {"artifact", FuzzArtifact},
    {"compressai", FuzzCompressAi},
    {"entropy_decoder", FuzzEntropyDecoder},
    {"frame_reader", FuzzFrameReader},
    {"round_trip", FuzzRoundTrip},
    {"safetensors", FuzzSafetensors},
    {"tables", FuzzTables},
};

}  // namespace sluice::fuzz
