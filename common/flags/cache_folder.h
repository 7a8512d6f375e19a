// Where a program may keep what it can fetch again.
#pragma once

#include <string>

namespace sluice::flags {

// $XDG_CACHE_HOME/sluice, else $HOME/.cache/sluice; empty when the environment
// has neither. A variable that is no absolute path counts as not set.
std::string DefaultCacheFolder();

}  // namespace sluice::flags
