// Keeps what follows in the precision that it is written in.
#pragma once

#include <c10/core/impl/LocalDispatchKeySet.h>

namespace sluice::model {

// Switches autocast off for the enclosing scope.
class NoAutocast {
 public:
  NoAutocast()
      : guard_(c10::DispatchKeySet(
            {c10::DispatchKey::AutocastCPU, c10::DispatchKey::AutocastCUDA})) {}

 private:
  const c10::impl::ExcludeDispatchKeyGuard guard_;
};

}  // namespace sluice::model
