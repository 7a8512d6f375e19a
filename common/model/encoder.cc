#include "common/model/encoder.h"

#include <ATen/ATen.h>

#include <thread>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/model/codec_networks.h"
#include "common/model/compute.h"
#include "common/model/tensor_bridge.h"

namespace sluice::model {
namespace {

class TorchEncoder : public Encoder {
 public:
  TorchEncoder(std::unique_ptr<EncoderNetwork> network, int pad_multiple,
               int num_threads)
      : network_(std::move(network)),
        pad_multiple_(pad_multiple),
        num_threads_(num_threads) {}

  absl::StatusOr<base::FloatTensor> Encode(
      const base::FloatTensor& input) override {
    SLUICE_RETURN_IF_ERROR(CheckShape(input, {3, -1, -1}, "encoder input"));
    if (input.shape[1] % pad_multiple_ != 0 ||
        input.shape[2] % pad_multiple_ != 0) {
      return absl::InvalidArgumentError(absl::StrCat(
          "encoder input: expected sides that are multiples of ", pad_multiple_,
          ", found ", base::ShapeToString(input.shape)));
    }
    UseThreads();
    return RunNetwork(
        [&] { return (*network_)(ToTorch(input).unsqueeze(0)).squeeze(0); });
  }

  double Macs(int height, int width) const override {
    return network_->Macs(height, width);
  }

 private:
  // OpenMP counts per thread, so the count goes with the thread that encodes.
  void UseThreads() {
    if (thread_ == std::this_thread::get_id()) return;
    thread_ = std::this_thread::get_id();
    SetComputeThreads(num_threads_);
  }

  std::unique_ptr<EncoderNetwork> network_;
  int pad_multiple_;
  int num_threads_;
  std::thread::id thread_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Encoder>> LoadEncoder(
    const artifact::CodecArtifact& codec, int num_threads) {
  SetComputeThreads(num_threads);
  SLUICE_ASSIGN_OR_RETURN(const Weights weights,
                          WeightsFromTensors(codec.encoder));
  SLUICE_ASSIGN_OR_RETURN(std::unique_ptr<EncoderNetwork> network,
                          MakeEncoderNetwork(codec.spec, weights));
  return std::make_unique<TorchEncoder>(std::move(network),
                                        codec.spec.pad_multiple, num_threads);
}

}  // namespace sluice::model
