// Whatever a user's own tail returns, as it is.
#pragma once

#include <cstddef>
#include <vector>

#include "common/model/tail.h"
#include "sluice/v1/inference.pb.h"

namespace sluice::server {

// Row `row` of every tensor [N,...], its shape without N. REQUIRES: row < N.
v1::Tensors TensorsToProto(const std::vector<model::NamedTensor>& outputs,
                           size_t row);

}  // namespace sluice::server
