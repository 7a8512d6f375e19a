// Channel tables and symbols made of a fuzz target's input.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "common/codec/codec_tables.h"
#include "common/codec/latent_shape.h"
#include "tests/fuzz/fuzz_input.h"

namespace sluice::fuzz {

// A CDF of 2 to 256 slots, from 0 to `total`, strictly increasing.
std::vector<uint32_t> TakeCdf(FuzzInput& input, uint32_t total);

// Any valid table: 1 to 255 symbols from anywhere, any frequencies, escapes
// rare or frequent, gains from 2^-16 to 2^16.
codec::ChannelTable TakeTable(FuzzInput& input);

// 1 to `max_channels` of them.
std::vector<codec::ChannelTable> TakeTables(FuzzInput& input, int max_channels);

// As many symbols as the shape has elements, drawn from each channel's table
// by `draws`, over and over; escapes come from all of +-kMaxSymbol.
std::vector<int32_t> DrawSymbols(std::span<const uint8_t> draws,
                                 const codec::LatentShape& shape,
                                 std::span<const codec::ChannelTable> channels);

}  // namespace sluice::fuzz
