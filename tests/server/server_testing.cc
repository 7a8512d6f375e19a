#include "tests/server/server_testing.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/codec/codec_tables.h"
#include "common/codec/frame.h"
#include "common/vision/picture.h"
#include "gtest/gtest.h"

namespace sluice::server {
namespace {

using base::FloatTensor;
using model::NamedTensor;

constexpr int kStride = 8;  // Of features.

codec::CodecTables MakeTestTables() {
  const codec::QuantizedCdf cdf =
      codec::QuantizedCdf::Create({0, 0x400, 0xc00, 0xff0, 0x1000}, -1).value();
  std::vector<codec::ChannelTable> tables(
      kTestRates * kTestChannels,
      {.gain = 1.0f, .inverse_gain = 1.0f, .median = 0.0f, .cdf = cdf});
  return codec::CodecTables::Create(kTestRates, kTestChannels,
                                    std::move(tables))
      .value();
}

uint32_t TestShortId(char digit) {
  return static_cast<uint32_t>(
      std::stoul(TestCodecId(digit).substr(0, 8), nullptr, 16));
}

}  // namespace

absl::StatusOr<FloatTensor> TestDecoder::Decode(
    const FloatTensor& y_hat, std::span<const int> rates) const {
  FloatTensor features = y_hat;
  const size_t num_positions = y_hat.shape[2] * y_hat.shape[3];
  for (size_t n = 0; n < rates.size(); ++n) {
    const auto channel =
        features.values.begin() + n * kTestChannels * num_positions;
    for (auto it = channel; it != channel + num_positions; ++it) {
      *it += static_cast<float>(rates[n]);
    }
  }
  return features;
}

absl::StatusOr<FloatTensor> TestDecoder::Enter(
    const FloatTensor& pictures) const {
  const int64_t height = pictures.shape[2];
  const int64_t width = pictures.shape[3];
  FloatTensor features;
  features.shape = {pictures.shape[0], kTestChannels, height / 8, width / 8};
  for (int64_t n = 0; n < pictures.shape[0]; ++n) {
    for (int64_t c = 0; c < kTestChannels; ++c) {
      for (int64_t y = 0; y < height; y += 8) {
        for (int64_t x = 0; x < width; x += 8) {
          features.values.push_back(
              pictures.values[((n * 3 + c) * height + y) * width + x]);
        }
      }
    }
  }
  return features;
}

absl::StatusOr<std::vector<NamedTensor>> MeanTail::Run(
    const FloatTensor& features) const {
  const int64_t num_positions = features.shape[2] * features.shape[3];
  FloatTensor logits;
  logits.shape = {features.shape[0], features.shape[1]};
  for (int64_t row = 0; row < features.shape[0] * features.shape[1]; ++row) {
    float sum = 0;
    for (int64_t i = 0; i < num_positions; ++i) {
      sum += features.values[row * num_positions + i];
    }
    logits.values.push_back(sum / static_cast<float>(num_positions));
  }
  return std::vector<NamedTensor>{{"logits", std::move(logits)}};
}

absl::StatusOr<std::vector<NamedTensor>> BreakableTail::Run(
    const FloatTensor& features) const {
  if (*broken_) return absl::InternalError("out of scratch memory");
  return MeanTail().Run(features);
}

void Gate::Close() {
  base::MutexLock lock(mutex_);
  closed_ = true;
}

void Gate::Open() {
  base::MutexLock lock(mutex_);
  closed_ = false;
  changed_.NotifyAll();
}

void Gate::WaitForArrival() {
  base::MutexLock lock(mutex_);
  while (num_waiting_ == 0) changed_.Wait(mutex_);
}

void Gate::Pass() {
  base::MutexLock lock(mutex_);
  ++num_waiting_;
  changed_.NotifyAll();
  while (closed_) changed_.Wait(mutex_);
  --num_waiting_;
}

absl::StatusOr<std::vector<NamedTensor>> GatedTail::Run(
    const FloatTensor& features) const {
  gate_->Pass();
  return MeanTail().Run(features);
}

std::unique_ptr<model::Tail> HalfPlaneTail(float boundary) {
  return std::make_unique<FunctionTail>(
      [boundary](const FloatTensor& features) {
        const std::vector<int64_t>& shape = features.shape;
        FloatTensor logits{{shape[0], 2, shape[2], shape[3]}, {}};
        const size_t plane = static_cast<size_t>(shape[2] * shape[3]);
        for (int64_t n = 0; n < shape[0]; ++n) {
          logits.values.insert(logits.values.end(), plane, 0.0f);
          for (size_t i = 0; i < plane; ++i) {
            const auto column = static_cast<float>(i % shape[3]);
            logits.values.push_back((column + 0.5f) * kStride - boundary);
          }
        }
        return std::vector<NamedTensor>{{"logits", std::move(logits)}};
      });
}

std::unique_ptr<model::Tail> SpotTail(float score) {
  return std::make_unique<FunctionTail>([score](const FloatTensor& features) {
    const std::vector<int64_t>& shape = features.shape;
    FloatTensor scores{{shape[0], 1, 2}, {}};
    FloatTensor boxes{{shape[0], 1, 4}, {}};
    for (int64_t n = 0; n < shape[0]; ++n) {
      const float* spot = &features.values[n * shape[1] * shape[2] * shape[3]];
      int64_t box[4] = {shape[3], shape[2], 0, 0};
      for (int64_t i = 0; i < shape[2] * shape[3]; ++i) {
        if (spot[i] <= 0.5f) continue;
        const int64_t x = i % shape[3];
        const int64_t y = i / shape[3];
        box[0] = std::min(box[0], x);
        box[1] = std::min(box[1], y);
        box[2] = std::max(box[2], x + 1);
        box[3] = std::max(box[3], y + 1);
      }
      for (const int64_t side : box) {
        boxes.values.push_back(static_cast<float>(side * kStride));
      }
      scores.values.insert(scores.values.end(), {score, 0.0f});
    }
    return std::vector<NamedTensor>{{"scores", std::move(scores)},
                                    {"boxes", std::move(boxes)}};
  });
}

std::string TestCodecId(char digit) { return std::string(64, digit); }

LoadedCodec MakeTestCodec(const std::string& name, char digit) {
  artifact::CodecSpec spec;
  spec.name = name;
  spec.family = "test";
  spec.latent_channels = kTestChannels;
  spec.features_channels = kTestChannels;
  spec.num_rates = kTestRates;
  return LoadedCodec{.artifact = {.spec = std::move(spec),
                                  .id = TestCodecId(digit),
                                  .short_id = TestShortId(digit),
                                  .tables = MakeTestTables(),
                                  .encoder = {},
                                  .decoder = {},
                                  .about = {}},
                     .decoder = std::make_unique<TestDecoder>(),
                     .device_half = {},
                     .known_answer = {}};
}

LoadedTail MakeTestTail(const std::string& name,
                        std::vector<std::string> codec_ids,
                        std::unique_ptr<model::Tail> network,
                        const std::string& task,
                        std::vector<std::string> labels) {
  LoadedTail tail;
  tail.artifact.spec.name = name;
  tail.artifact.spec.task = task;
  tail.artifact.spec.codec_ids = std::move(codec_ids);
  tail.artifact.labels = std::move(labels);
  tail.network = std::move(network);
  return tail;
}

std::string MakeTestFrame(char digit, int height, int width, float value,
                          int rate) {
  const codec::LatentShape shape = {kTestChannels, height, width};
  std::vector<float> latent(shape.num_elements(), 0.0f);
  std::fill_n(latent.begin(), shape.num_positions(), value);
  const std::vector<uint8_t> frame =
      codec::EncodeFrame(latent, shape, MakeTestTables(), TestShortId(digit),
                         rate)
          .value();
  return std::string(frame.begin(), frame.end());
}

std::string TestFrame(const codec::FrameHeader& header,
                      std::span<const uint8_t> payload) {
  std::vector<uint8_t> bytes;
  EXPECT_TRUE(codec::WriteFrame({header, payload}, bytes).ok());
  return std::string(bytes.begin(), bytes.end());
}

v1::InferRequest FrameRequest(std::string frame,
                              std::vector<std::string> tails) {
  v1::InferRequest request;
  request.set_sequence(42);
  request.set_frame(std::move(frame));
  request.mutable_tails()->Add(tails.begin(), tails.end());
  return request;
}

std::string MakeTestPng(int width, int height) {
  const vision::Picture picture = {
      cv::Mat(height, width, CV_8UC3, cv::Scalar(10, 20, 250))};
  const std::vector<uint8_t> png =
      vision::EncodePicture(picture, vision::PictureFormat::kPng, 0).value();
  return std::string(png.begin(), png.end());
}

InferTask::Call TestCall::Get() {
  return {.request = &request_,
          .response = &response_,
          .cancelled = &cancelled_,
          .deadline = base::TimePoint::max(),
          .default_timeout = ServerLimits().default_timeout,
          .done = [this](const absl::Status& status) {
            base::MutexLock lock(mutex_);
            status_ = status;
            ++num_answers_;
            answered_.NotifyAll();
          }};
}

absl::Status TestCall::status() {
  base::MutexLock lock(mutex_);
  while (num_answers_ == 0) answered_.Wait(mutex_);
  return status_;
}

int TestCall::num_answers() {
  base::MutexLock lock(mutex_);
  return num_answers_;
}

}  // namespace sluice::server
