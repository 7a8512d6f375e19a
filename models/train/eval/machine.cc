#include "models/train/eval/machine.h"

#include <sys/utsname.h>

#include <fstream>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "models/train/data/parallel_for.h"

namespace sluice::train {
namespace {

std::string ProcessorName() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    const size_t colon = line.find(':');
    if (line.starts_with("model name") && colon != std::string::npos) {
      return std::string(absl::StripAsciiWhitespace(line.c_str() + colon + 1));
    }
  }
  utsname kernel;
  return uname(&kernel) == 0 ? kernel.machine : "unknown processor";
}

}  // namespace

std::string MachineDescription() {
  const int num_cores = ThreadCount(0);
  return absl::StrCat(ProcessorName(), ", ", num_cores,
                      num_cores == 1 ? " core" : " cores");
}

}  // namespace sluice::train
