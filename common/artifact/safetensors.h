// The safetensors file format: named, typed, shaped arrays. Hostile-input safe.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace sluice::artifact {

inline constexpr size_t kMaxSafetensorsBytes = 256u << 20;

enum class Dtype { kF32, kF16, kI32, kI64, kU8 };

// One array; `bytes` are little-endian, row-major, and owned.
struct NamedTensor {
  Dtype dtype = Dtype::kF32;
  std::vector<int64_t> shape;
  std::vector<uint8_t> bytes;
};

using TensorMap = std::map<std::string, NamedTensor>;

// InvalidArgument, naming tensor and field, unless the bytes are a well-formed
// file: header length and JSON, known dtypes, non-negative shapes without
// overflow, offsets that tile the data section exactly. `__metadata__` is
// ignored.
absl::StatusOr<TensorMap> ParseSafetensors(std::span<const uint8_t> bytes);
// REQUIRES: names are UTF-8 and every tensor's bytes fill its shape. The same
// tensors always give the same bytes.
std::vector<uint8_t> SerializeSafetensors(const TensorMap& tensors);

absl::StatusOr<TensorMap> ReadSafetensors(const std::filesystem::path& path);
absl::Status WriteSafetensors(const std::filesystem::path& path,
                              const TensorMap& tensors);

// Typed access. F16 widens to float. InvalidArgument naming the tensor, what
// was expected and what was found, when missing or of another dtype or shape;
// a dimension of -1 in `shape` accepts anything.
absl::StatusOr<std::vector<float>> FloatsOf(const TensorMap& tensors,
                                            std::string_view name,
                                            std::span<const int64_t> shape);
absl::StatusOr<std::vector<int32_t>> IntsOf(const TensorMap& tensors,
                                            std::string_view name,
                                            std::span<const int64_t> shape);
NamedTensor MakeFloats(std::span<const float> values,
                       std::vector<int64_t> shape);
NamedTensor MakeHalves(std::span<const float> values,
                       std::vector<int64_t> shape);  // Rounds to nearest even.
NamedTensor MakeInts(std::span<const int32_t> values,
                     std::vector<int64_t> shape);

}  // namespace sluice::artifact
