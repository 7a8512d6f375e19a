#include "server/tensors.h"

#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "gmock/gmock.h"

namespace sluice::server {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<float> ValuesOf(const v1::Tensors::Tensor& tensor) {
  std::vector<float> values(tensor.float32_le().size() / sizeof(float));
  std::memcpy(values.data(), tensor.float32_le().data(),
              tensor.float32_le().size());
  return values;
}

TEST(TensorsTest, RowOfEveryTensorKeepsItsNameAndShape) {
  const v1::Tensors result =
      TensorsToProto({{"depth", {{2, 1, 3}, {1, 2, 3, 4, 5, 6}}},
                      {"count", {{2}, {7, -8.5f}}}},
                     1);
  ASSERT_EQ(result.tensors_size(), 2);
  EXPECT_EQ(result.tensors(0).name(), "depth");
  EXPECT_THAT(result.tensors(0).shape(), ElementsAre(1, 3));
  EXPECT_THAT(ValuesOf(result.tensors(0)), ElementsAre(4, 5, 6));
  EXPECT_EQ(result.tensors(1).name(), "count");
  EXPECT_THAT(result.tensors(1).shape(), IsEmpty());
  EXPECT_THAT(ValuesOf(result.tensors(1)), ElementsAre(-8.5f));
}

TEST(TensorsTest, BytesAreLittleEndian) {
  const v1::Tensors result = TensorsToProto({{"one", {{1}, {1.0f}}}}, 0);
  EXPECT_EQ(result.tensors(0).float32_le(), std::string("\0\0\x80\x3f", 4));
}

TEST(TensorsTest, NothingPerSampleIsAnEmptyTensor) {
  const v1::Tensors result = TensorsToProto({{"boxes", {{2, 0, 4}, {}}}}, 1);
  EXPECT_THAT(result.tensors(0).shape(), ElementsAre(0, 4));
  EXPECT_THAT(result.tensors(0).float32_le(), IsEmpty());
}

TEST(TensorsTest, InfinityPassesAsItIs) {
  const float infinity = std::numeric_limits<float>::infinity();
  const v1::Tensors result = TensorsToProto({{"x", {{1}, {infinity}}}}, 0);
  EXPECT_THAT(ValuesOf(result.tensors(0)), ElementsAre(infinity));
}

}  // namespace
}  // namespace sluice::server
