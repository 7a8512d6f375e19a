// Bounds shared by the writer and the reader of frames.
#pragma once

#include <cstddef>
#include <cstdint>

namespace sluice::codec {

inline constexpr int kMaxChannels = 512;
inline constexpr int kMaxRates = 64;
inline constexpr int kMaxTables = 4096;  // Rates times channels; 16 KiB each.
inline constexpr int kMaxLatentSide = 4096;  // Latent height or width.
// 64 channels of a 1280 x 1280 picture at 1/8 resolution.
inline constexpr size_t kMaxLatentElements = size_t{64} * 160 * 160;
inline constexpr size_t kMaxPayloadBytes = 4u << 20;
inline constexpr int32_t kMaxSymbol = 32767;  // Larger magnitudes are clamped.
inline constexpr int kMaxTableSymbols = 255;  // Those without a slot escape.
inline constexpr int kMaxLanesLog2 = 5;
inline constexpr int kMaxLanes = 1 << kMaxLanesLog2;

}  // namespace sluice::codec
