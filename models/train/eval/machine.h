// What a measurement ran on, in words.
#pragma once

#include <string>

namespace sluice::train {

// "AMD EPYC 9R14, 2 cores": the processor's name as the kernel tells it, or
// its architecture where it tells none.
std::string MachineDescription();

}  // namespace sluice::train
