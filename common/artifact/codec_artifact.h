// A codec folder: codec.json, encoder, tables and decoder (DESIGN section 4).
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/artifact/safetensors.h"
#include "common/codec/codec_tables.h"
#include "nlohmann/json.hpp"

namespace sluice::artifact {

// The canonical part of codec.json: all that decides what comes out at the
// seam. Network hyperparameters are the business of the family.
struct CodecSpec {
  std::string name;    // "patch-m": [a-z0-9][a-z0-9._-]{0,63}
  std::string family;  // "patch", "entropic_student"
  int version = 1;     // Of this layout of codec.json.
  // Preprocessing: RGB, x * input_scale + input_offset, x in 0..255.
  float input_scale = 1.0f / 127.5f;
  float input_offset = -1.0f;
  int pad_multiple = 32;  // Inputs are edge-replicated to a multiple of it.
  // Latent sides are input sides / latent_stride - latent_trim.
  int latent_stride = 8;
  int latent_trim = 0;
  int latent_channels = 32;
  int features_stride = 8;
  int features_channels = 32;
  int num_rates = 1;
  int default_rate = 0;
  nlohmann::json encoder;  // Object: the encoder's hyperparameters.
  nlohmann::json decoder;  // Object: the decoder network's, likewise.
};

// The latent side of a padded picture's side, and back: the geometry rule.
int LatentSide(const CodecSpec& spec, int input_side);
int InputSide(const CodecSpec& spec, int latent_side);

// InvalidArgument unless a padded picture has a latent of these sides.
absl::Status CheckLatentSides(const CodecSpec& spec, int height, int width);

// A loaded codec. Immutable. A device loads no decoder.
struct CodecArtifact {
  CodecSpec spec;
  std::string id;         // SHA-256, 64 lower-case hex digits.
  uint32_t short_id = 0;  // The first 32 bits of the id, big-endian.
  codec::CodecTables tables;
  TensorMap encoder;     // Empty when loaded for the server alone.
  TensorMap decoder;     // Decoder network ("decoder.*") and pixel
                         // entrance ("entrance.*"); empty on a device.
  nlohmann::json about;  // Rate points, provenance, measured figures.
};

enum class CodecHalf { kDevice, kServer, kBoth };

// Reads and verifies a codec folder: every digest of the half that is asked
// for, the id, tables against spec. InvalidArgument naming file and field;
// NotFound when there is no such folder; ReadFile's errors for a file that is
// there and cannot be read.
absl::StatusOr<CodecArtifact> LoadCodec(const std::filesystem::path& folder,
                                        CodecHalf half);

// A file of a codec folder as it is on disk.
struct CodecFile {
  std::string name;
  std::vector<uint8_t> bytes;
};

// What a device needs in its cache, together.
inline constexpr size_t kMaxDeviceHalfBytes = 64u << 20;

// codec.json, encoder.safetensors and tables.safetensors, in this order, their
// digests checked against each other and `codec_id`. Errors are LoadCodec's;
// ResourceExhausted beyond kMaxDeviceHalfBytes.
absl::StatusOr<std::vector<CodecFile>> ReadDeviceHalf(
    const std::filesystem::path& folder, const std::string& codec_id);

// Writes the four files, codec.json last, making the folder; returns the codec
// id. `about` is free-form. InvalidArgument for a spec that would not load.
absl::StatusOr<std::string> WriteCodec(const std::filesystem::path& folder,
                                       const CodecSpec& spec,
                                       const codec::CodecTables& tables,
                                       const TensorMap& encoder,
                                       const TensorMap& decoder,
                                       const nlohmann::json& about);

// Replaces the free part of codec.json; the id stays.
absl::Status RewriteCodecAbout(const std::filesystem::path& folder,
                               const nlohmann::json& about);

// tables.safetensors <-> CodecTables: "cdf" I32 [R,C,W] (zero-padded rows),
// "cdf_length" I32 [R,C], "min_symbol" I32 [R,C], "median", "gain",
// "inverse_gain" F32 [R,C], "precision_bits" I32 [1].
absl::StatusOr<codec::CodecTables> TablesFromTensors(const TensorMap& tensors);
TensorMap TablesToTensors(const codec::CodecTables& tables);

}  // namespace sluice::artifact
