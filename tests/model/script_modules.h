// TorchScript archives made from source, as torch.jit.save would.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace sluice::testing {

// A module with the methods of `code` and a parameter self.weight, float32
// [32,3], that `seed` decides.
std::vector<uint8_t> MakeScriptModule(const std::string& code, int seed = 1);

// What torch.save(module.state_dict(), path) writes: tensors without code.
std::vector<uint8_t> MakeStateDict();

}  // namespace sluice::testing
