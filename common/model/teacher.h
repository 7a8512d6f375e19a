// The unmodified network that students learn from and drops are measured from.
#pragma once

#include <filesystem>
#include <memory>

#include "absl/status/statusor.h"
#include "common/base/float_tensor.h"

namespace sluice::model {

class Teacher {
 public:
  virtual ~Teacher() = default;
  // Pictures float32 [N,3,H,W] in [-1,1], H and W multiples of 32 -> logits
  // [N,1000].
  virtual absl::StatusOr<base::FloatTensor> Run(
      const base::FloatTensor& pictures) const = 0;
};

// MobileNetV2 from one safetensors file, batch norm folded; names as in
// mobilenet_v2.h. Errors as LoadEncoder's.
absl::StatusOr<std::unique_ptr<Teacher>> LoadTeacher(
    const std::filesystem::path& path);

}  // namespace sluice::model
