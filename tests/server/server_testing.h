// Tiny networks of honest arithmetic, codecs made of integers, and requests.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "common/base/mutex.h"
#include "common/codec/frame.h"
#include "common/model/decoder_network.h"
#include "common/model/tail.h"
#include "server/infer_task.h"
#include "server/model_store.h"
#include "sluice/v1/inference.pb.h"

namespace sluice::server {

inline constexpr int kTestChannels = 2;
inline constexpr int kTestRates = 3;

// Features are y_hat, plus the sample's rate in channel 0, or every eighth
// pixel of the picture's first channels.
class TestDecoder final : public model::FeatureDecoder {
 public:
  absl::StatusOr<base::FloatTensor> Decode(
      const base::FloatTensor& y_hat,
      std::span<const int> rates) const override;
  absl::StatusOr<base::FloatTensor> Enter(
      const base::FloatTensor& pictures) const override;
  double DecodeMacs(int, int) const override { return 0; }
};

// Logits are the means of the feature channels.
class MeanTail final : public model::Tail {
 public:
  absl::StatusOr<std::vector<model::NamedTensor>> Run(
      const base::FloatTensor& features) const override;
};

// Fails once `broken`, works before.
class BreakableTail final : public model::Tail {
 public:
  explicit BreakableTail(const std::atomic<bool>* broken) : broken_(broken) {}
  absl::StatusOr<std::vector<model::NamedTensor>> Run(
      const base::FloatTensor& features) const override;

 private:
  const std::atomic<bool>* const broken_;
};

// Lets tests hold a runner inside its tail. Open at first.
class Gate {
 public:
  void Close();
  void Open();
  // Returns once somebody waits at the closed gate.
  void WaitForArrival();
  void Pass();

 private:
  base::Mutex mutex_;
  base::CondVar changed_;
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
  int num_waiting_ ABSL_GUARDED_BY(mutex_) = 0;
};

// A MeanTail behind a gate, which must outlive it.
class GatedTail final : public model::Tail {
 public:
  explicit GatedTail(Gate* gate) : gate_(gate) {}
  absl::StatusOr<std::vector<model::NamedTensor>> Run(
      const base::FloatTensor& features) const override;

 private:
  Gate* const gate_;
};

// Any function of the features.
class FunctionTail final : public model::Tail {
 public:
  using Function =
      std::function<std::vector<model::NamedTensor>(const base::FloatTensor&)>;
  explicit FunctionTail(Function function) : function_(std::move(function)) {}
  absl::StatusOr<std::vector<model::NamedTensor>> Run(
      const base::FloatTensor& features) const override {
    return function_(features);
  }

 private:
  const Function function_;
};

// "logits": class 1 leads class 0 by how far the place is right of column
// `boundary` of the padded view, at a stride of 8.
std::unique_ptr<model::Tail> HalfPlaneTail(float boundary);

// "scores" and "boxes": one position with class 0 at `score`, its box the
// smallest that holds all features of channel 0 above 0.5, at a stride of 8.
std::unique_ptr<model::Tail> SpotTail(float score = 0.9f);

// A codec whose id is 64 times `digit`, of kTestChannels and kTestRates.
LoadedCodec MakeTestCodec(const std::string& name, char digit);
std::string TestCodecId(char digit);
LoadedTail MakeTestTail(const std::string& name,
                        std::vector<std::string> codec_ids,
                        std::unique_ptr<model::Tail> network,
                        const std::string& task = "classification",
                        std::vector<std::string> labels = {"bright", "dark"});

// A frame of MakeTestCodec(_, digit) whose latent is `value` in channel 0 and 0
// in channel 1.
std::string MakeTestFrame(char digit, int height, int width, float value,
                          int rate = 0);
// A frame of this header and payload, whatever they say.
std::string TestFrame(const codec::FrameHeader& header,
                      std::span<const uint8_t> payload);
v1::InferRequest FrameRequest(std::string frame,
                              std::vector<std::string> tails = {});
// A PNG of one colour.
std::string MakeTestPng(int width, int height);

// One call to InferPipeline::Infer. Must outlive its answer.
class TestCall {
 public:
  explicit TestCall(v1::InferRequest request) : request_(std::move(request)) {}

  InferTask::Call Get();
  void Cancel() { cancelled_ = true; }
  // Waits for the answer.
  absl::Status status();
  const v1::InferResponse& response() const { return response_; }
  int num_answers();

 private:
  v1::InferRequest request_;
  v1::InferResponse response_;
  std::atomic<bool> cancelled_ = false;
  base::Mutex mutex_;
  base::CondVar answered_;
  absl::Status status_ ABSL_GUARDED_BY(mutex_);
  int num_answers_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace sluice::server
