#include "tests/model/script_modules.h"

#include <torch/script.h>

#include <sstream>

namespace sluice::testing {

std::vector<uint8_t> MakeScriptModule(const std::string& code, int seed) {
  const at::Generator generator =
      at::detail::createCPUGenerator(static_cast<uint64_t>(seed));
  torch::jit::Module module("Tail");
  module.register_parameter("weight",
                            at::empty({32, 3}).normal_(0, 1, generator),
                            /*is_buffer=*/false);
  module.register_attribute("training", c10::BoolType::get(), true);
  module.define(code + "\n");
  std::ostringstream archive;
  module.save(archive);
  const std::string bytes = archive.str();
  return {bytes.begin(), bytes.end()};
}

std::vector<uint8_t> MakeStateDict() {
  c10::Dict<std::string, at::Tensor> weights;
  weights.insert("weight", at::ones({32, 3}));
  const std::vector<char> bytes = torch::jit::pickle_save(weights);
  return {bytes.begin(), bytes.end()};
}

}  // namespace sluice::testing
