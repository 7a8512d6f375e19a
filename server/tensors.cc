#include "server/tensors.h"

#include <bit>
#include <cstdint>
#include <span>
#include <string>

#include "server/tail_task.h"

namespace sluice::server {
namespace {

std::string LittleEndianBytes(std::span<const float> values) {
  std::string bytes(values.size() * sizeof(float), '\0');
  for (size_t i = 0; i < values.size(); ++i) {
    const auto bits = std::bit_cast<uint32_t>(values[i]);
    for (size_t byte = 0; byte < sizeof(bits); ++byte) {
      bytes[i * sizeof(bits) + byte] = static_cast<char>(bits >> (8 * byte));
    }
  }
  return bytes;
}

}  // namespace

v1::Tensors TensorsToProto(const std::vector<model::NamedTensor>& outputs,
                           size_t row) {
  v1::Tensors result;
  for (const auto& [name, tensor] : outputs) {
    v1::Tensors::Tensor* proto = result.add_tensors();
    proto->set_name(name);
    proto->mutable_shape()->Add(tensor.shape.begin() + 1, tensor.shape.end());
    proto->set_float32_le(LittleEndianBytes(RowOf(tensor, row)));
  }
  return result;
}

}  // namespace sluice::server
