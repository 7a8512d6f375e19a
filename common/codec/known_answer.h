// A frame whose symbols are known: two machines that agree on it have equal
// tables and coders.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/codec/codec_tables.h"

namespace sluice::codec {

struct KnownAnswer {
  std::vector<uint8_t> frame;
  uint32_t symbols_crc32c = 0;  // Over the symbols as int32 little-endian.
};

// A frame at the highest rate, at least 8 x 8, whose symbols fall into every
// slot of every channel's table and escape from next to the table to as far as
// symbols go. The same bytes on every machine. Errors are EncodeSymbols' and
// WriteFrame's.
absl::StatusOr<KnownAnswer> MakeKnownAnswer(const CodecTables& tables,
                                            uint32_t codec_short_id);

// Decodes the other side's frame and encodes what came out. FailedPrecondition
// with what differed unless the frame names this codec, its symbols have the
// CRC and become the same bytes again. The frame may be hostile.
absl::Status CheckKnownAnswer(std::span<const uint8_t> frame,
                              uint32_t symbols_crc32c,
                              const CodecTables& tables,
                              uint32_t codec_short_id);

}  // namespace sluice::codec
