#include "common/model/latent_model.h"

#include <ATen/ATen.h>

#include <utility>

#include "common/base/status_macros.h"
#include "common/model/symbol_fit.h"

namespace sluice::model {

at::Tensor RoundStraightThrough(const at::Tensor& x) {
  return x + (at::round(x) - x).detach();
}

absl::StatusOr<codec::CodecTables> TablesFromCounts(
    const QuantizerScales& scales, const SymbolCounts& counts) {
  const auto on_host = [](const at::Tensor& values) {
    return values.detach().to(at::kCPU, at::kFloat).contiguous();
  };
  const at::Tensor gain = on_host(scales.gain);
  const at::Tensor inverse = on_host(scales.inverse_gain);
  const at::Tensor median = on_host(scales.median);
  const int num_rates = static_cast<int>(gain.size(0));
  const int num_channels = static_cast<int>(gain.size(1));
  std::vector<codec::ChannelTable> tables;
  for (int r = 0; r < num_rates; ++r) {
    for (int c = 0; c < num_channels; ++c) {
      SLUICE_ASSIGN_OR_RETURN(codec::QuantizedCdf cdf,
                              QuantizeFit(FitSymbols(counts[r][c])));
      tables.push_back(
          {.gain = gain.data_ptr<float>()[r * num_channels + c],
           .inverse_gain = inverse.data_ptr<float>()[r * num_channels + c],
           .median = median.data_ptr<float>()[r * num_channels + c],
           .cdf = std::move(cdf)});
    }
  }
  return codec::CodecTables::Create(num_rates, num_channels, std::move(tables));
}

}  // namespace sluice::model
