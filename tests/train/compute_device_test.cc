#include "models/train/training/compute_device.h"

#include <ATen/ATen.h>
#include <ATen/autocast_mode.h>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sluice::train {
namespace {

using ::testing::HasSubstr;

TEST(ComputeDeviceTest, TheCpuIsAlwaysThere) {
  const auto device = OpenComputeDevice("cpu");
  ASSERT_TRUE(device.ok()) << device.status();
  EXPECT_TRUE(device->is_cpu());
}

TEST(ComputeDeviceTest, AutoIsCudaWhenThereAndTheCpuOtherwise) {
  const auto device = OpenComputeDevice("auto");
  ASSERT_TRUE(device.ok()) << device.status();
  EXPECT_EQ(device->is_cuda(), at::globalContext().hasCUDA());
  EXPECT_EQ(device->is_cpu(), !at::globalContext().hasCUDA());
}

TEST(ComputeDeviceTest, CudaWhereThereIsNoneIsRefused) {
  if (at::globalContext().hasCUDA()) GTEST_SKIP() << "there is a GPU";
  const absl::Status status = OpenComputeDevice("cuda").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("device cuda: expected a GPU"));
}

TEST(ComputeDeviceTest, AnUnknownNameIsRefused) {
  for (const char* name : {"", "gpu", "cuda:1", "CPU"}) {
    const absl::Status status = OpenComputeDevice(name).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << name;
    EXPECT_THAT(std::string(status.message()),
                HasSubstr("expected auto, cpu or cuda"));
  }
}

TEST(ComputeDeviceTest, WeightsThatAreThereShareTheirStorage) {
  const model::Weights weights = {
      {"w", at::ones({4, 3, 2, 2}).contiguous(at::MemoryFormat::ChannelsLast)}};
  const model::Weights moved = OnDevice(weights, at::kCPU);
  EXPECT_TRUE(moved.at("w").is_same(weights.at("w")));
}

TEST(ComputeDeviceTest, WeightsKeepTheirMemoryFormatOnAnotherDevice) {
  const model::Weights weights = {
      {"w", at::ones({4, 3, 2, 2}).contiguous(at::MemoryFormat::ChannelsLast)}};
  const model::Weights moved = OnDevice(weights, at::kMeta);
  EXPECT_TRUE(moved.at("w").is_meta());
  EXPECT_EQ(moved.at("w").strides(), weights.at("w").strides());
}

TEST(ComputeDeviceTest, AutocastEndsWithItsScope) {
  const at::Tensor x = at::ones({1, 1, 1, 1});
  {
    const AutocastScope autocast(at::kCPU);
    EXPECT_EQ(at::conv2d(x, x).scalar_type(), at::kBFloat16);
    EXPECT_FALSE(at::autocast::is_enabled());  // CUDA's.
  }
  EXPECT_EQ(at::conv2d(x, x).scalar_type(), at::kFloat);
}

TEST(ComputeDeviceTest, AutocastOnCudaLeavesTheCpusAlone) {
  {
    const AutocastScope autocast(at::kCUDA);
    EXPECT_TRUE(at::autocast::is_enabled());
    EXPECT_EQ(at::autocast::get_autocast_gpu_dtype(), at::kBFloat16);
    EXPECT_FALSE(at::autocast::is_cpu_enabled());
  }
  EXPECT_FALSE(at::autocast::is_enabled());
}

}  // namespace
}  // namespace sluice::train
