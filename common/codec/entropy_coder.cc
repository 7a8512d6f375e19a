#include "common/codec/entropy_coder.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>

#include "absl/strings/str_cat.h"
#include "common/base/byte_io.h"
#include "common/base/status_macros.h"
#include "common/codec/escape_section.h"
#include "common/codec/limits.h"
#include "common/codec/rans_step.h"

// Range variant of asymmetric numeral systems (Duda, arXiv:1311.2540). The
// encoder takes the symbols last to first, so that the decoder gives them first
// to last. The coding itself is lane_coder.h's; here are the sections of a
// payload: escapes, states, words.

namespace sluice::codec {
namespace {

using LaneStates = std::array<uint32_t, kMaxLanes>;

const LaneCoder& CoderOf(const LanePath& path, int num_lanes) {
  return path.coders[std::countr_zero(static_cast<unsigned>(num_lanes))];
}

absl::Status CollectEscapes(std::span<const int32_t> symbols,
                            size_t num_positions,
                            std::span<const ChannelTable> channels,
                            std::vector<uint8_t>& escapes) {
  escapes.clear();
  for (size_t c = 0; c < channels.size(); ++c) {
    SLUICE_RETURN_IF_ERROR(
        AppendEscapes(symbols.subspan(c * num_positions, num_positions),
                      channels[c].cdf, escapes));
  }
  return absl::OkStatus();
}

void AppendStates(std::span<const uint32_t> states,
                  std::vector<uint8_t>& payload) {
  for (const uint32_t state : states) {
    for (int shift = 0; shift < 32; shift += 8) {
      payload.push_back(static_cast<uint8_t>(state >> shift));
    }
  }
}

absl::Status ReadStates(base::ByteReader& reader, std::span<uint32_t> states) {
  for (uint32_t& state : states) {
    SLUICE_ASSIGN_OR_RETURN(state, reader.ReadU32());
    if (state < kLowerBound) {
      return absl::DataLossError(absl::StrCat("payload: initial state ", state,
                                              " is below ", kLowerBound));
    }
  }
  return absl::OkStatus();
}

// OK when the stream ends where the encoder began.
absl::Status CheckEnd(std::span<const uint32_t> states, size_t words_left,
                      size_t escapes_left) {
  if (words_left != 0) {
    return absl::DataLossError(
        absl::StrCat("payload: ", words_left, " bytes follow the last symbol"));
  }
  for (const uint32_t state : states) {
    if (state != kLowerBound) {
      return absl::DataLossError(absl::StrCat("payload: final state ", state,
                                              ", expected ", kLowerBound));
    }
  }
  if (escapes_left != 0) {
    return absl::DataLossError(absl::StrCat("payload: ", escapes_left,
                                            " bytes follow the last escape"));
  }
  return absl::OkStatus();
}

}  // namespace

int NumLanesFor(const LatentShape& shape,
                std::span<const ChannelTable> channels) {
  uint64_t bits_q8 = 0;
  for (const ChannelTable& channel : channels) {
    bits_q8 += channel.cdf.entropy_q8();
  }
  const uint64_t expected_bytes = bits_q8 * shape.num_positions() / (8 * 256);
  struct Step {
    uint64_t expected_bytes;
    int num_lanes;
  };
  constexpr Step kSteps[] = {{16384, 32}, {8192, 16}, {4096, 8}, {1024, 4}};
  for (const Step& step : kSteps) {
    if (expected_bytes >= step.expected_bytes) return step.num_lanes;
  }
  return 1;
}

absl::Status EncodeSymbols(std::span<const int32_t> symbols,
                           const LatentShape& shape,
                           std::span<const ChannelTable> channels,
                           int num_lanes, CoderScratch& scratch,
                           std::vector<uint8_t>& payload,
                           const LanePath& path) {
  SLUICE_RETURN_IF_ERROR(
      CheckLatentSizes(shape, symbols.size(), channels.size()));
  const size_t num_positions = shape.num_positions();
  SLUICE_RETURN_IF_ERROR(
      CollectEscapes(symbols, num_positions, channels, scratch.escapes));

  scratch.words.resize(kWordSlackBytes + 2 * symbols.size());
  uint8_t* const words_end = scratch.words.data() + scratch.words.size();
  uint8_t* words = words_end;
  LaneStates states;
  states.fill(kLowerBound);
  const LaneCoder& coder = CoderOf(path, num_lanes);
  for (size_t c = channels.size(); c-- > 0;) {
    words = coder.encode(LaneTable(channels[c].cdf),
                         symbols.data() + c * num_positions, num_positions,
                         states.data(), words);
  }

  payload.clear();
  AppendVarint(static_cast<uint32_t>(scratch.escapes.size()), payload);
  payload.insert(payload.end(), scratch.escapes.begin(), scratch.escapes.end());
  AppendStates(std::span(states).first(num_lanes), payload);
  payload.insert(payload.end(), words, words_end);
  if (payload.size() > kMaxPayloadBytes) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "payload of ", payload.size(), " bytes exceeds ", kMaxPayloadBytes));
  }
  return absl::OkStatus();
}

absl::Status DecodeSymbols(std::span<const uint8_t> payload,
                           const LatentShape& shape,
                           std::span<const ChannelTable> channels,
                           int num_lanes, CoderScratch& scratch,
                           std::vector<int32_t>& symbols,
                           const LanePath& path) {
  SLUICE_RETURN_IF_ERROR(CheckLatentShape(shape));
  SLUICE_RETURN_IF_ERROR(
      CheckLatentSizes(shape, shape.num_elements(), channels.size()));
  base::ByteReader reader(payload);
  SLUICE_ASSIGN_OR_RETURN(const uint32_t escape_bytes, ReadVarint(reader));
  SLUICE_ASSIGN_OR_RETURN(const std::span<const uint8_t> escape_section,
                          reader.ReadBytes(escape_bytes));
  base::ByteReader escapes(escape_section);
  LaneStates all_states;
  const std::span<uint32_t> states = std::span(all_states).first(num_lanes);
  SLUICE_RETURN_IF_ERROR(ReadStates(reader, states));

  // The words move to where a coder may read behind them: it looks once per
  // group of lanes whether there were enough.
  const size_t num_word_bytes = reader.remaining_bytes();
  scratch.words.assign(num_word_bytes + kWordSlackBytes, 0);
  std::copy_n(payload.end() - num_word_bytes, num_word_bytes,
              scratch.words.begin());
  const uint8_t* words = scratch.words.data();
  const uint8_t* const words_end = words + num_word_bytes;

  symbols.resize(shape.num_elements());
  const size_t num_positions = shape.num_positions();
  const LaneCoder& coder = CoderOf(path, num_lanes);
  for (size_t c = 0; c < channels.size(); ++c) {
    const std::span<int32_t> channel =
        std::span(symbols).subspan(c * num_positions, num_positions);
    words = coder.decode(LaneTable(channels[c].cdf), channel.data(),
                         num_positions, states.data(), words, words_end);
    if (words > words_end) {
      return absl::DataLossError(
          absl::StrCat("payload: its ", num_word_bytes,
                       " bytes of words end within channel ", c));
    }
    SLUICE_RETURN_IF_ERROR(FillEscapes(channels[c].cdf, escapes, channel));
  }
  return CheckEnd(states, words_end - words, escapes.remaining_bytes());
}

}  // namespace sluice::codec
