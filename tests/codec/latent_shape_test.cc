#include "common/codec/latent_shape.h"

#include "common/codec/limits.h"
#include "gtest/gtest.h"
#include "tests/codec/codec_testing.h"

namespace sluice::codec {
namespace {

using absl::StatusCode;

TEST(LatentShapeTest, AcceptsTheLimits) {
  EXPECT_TRUE(CheckLatentShape({1, 1, 1}).ok());
  EXPECT_TRUE(CheckLatentShape({kMaxChannels, 1, 1}).ok());
  EXPECT_TRUE(CheckLatentShape({1, kMaxLatentSide, 1}).ok());
  EXPECT_TRUE(CheckLatentShape({1, 1, kMaxLatentSide}).ok());
  EXPECT_TRUE(CheckLatentShape({64, 160, 160}).ok());
}

TEST(LatentShapeTest, ZeroOrNegativeSideIsInvalid) {
  constexpr StatusCode kInvalid = StatusCode::kInvalidArgument;
  EXPECT_THAT(CheckLatentShape({0, 1, 1}), Fails(kInvalid, "channels 0"));
  EXPECT_THAT(CheckLatentShape({1, 0, 1}), Fails(kInvalid, "height 0"));
  EXPECT_THAT(CheckLatentShape({1, 1, -7}), Fails(kInvalid, "width -7"));
}

TEST(LatentShapeTest, SideOverItsLimitIsExhausted) {
  constexpr StatusCode kExhausted = StatusCode::kResourceExhausted;
  EXPECT_THAT(CheckLatentShape({513, 1, 1}),
              Fails(kExhausted, "channels 513 exceeds 512"));
  EXPECT_THAT(CheckLatentShape({1, 4097, 1}),
              Fails(kExhausted, "height 4097 exceeds 4096"));
  EXPECT_THAT(CheckLatentShape({1, 1, 4097}),
              Fails(kExhausted, "width 4097 exceeds 4096"));
}

TEST(LatentShapeTest, ProductOverItsLimitIsExhausted) {
  constexpr StatusCode kExhausted = StatusCode::kResourceExhausted;
  EXPECT_THAT(CheckLatentShape({64, 160, 161}),
              Fails(kExhausted, "1648640 elements, which exceeds 1638400"));
  // 2^33: the product must not wrap where size_t has 32 bits.
  EXPECT_THAT(CheckLatentShape({kMaxChannels, kMaxLatentSide, kMaxLatentSide}),
              Fails(kExhausted, "8589934592 elements"));
}

TEST(LatentShapeTest, SizesThatDisagreeAreInvalid) {
  EXPECT_TRUE(CheckLatentSizes({2, 3, 4}, 24, 2).ok());
  EXPECT_THAT(CheckLatentSizes({2, 3, 4}, 23, 2),
              Fails(StatusCode::kInvalidArgument,
                    "expected 24 elements for latent 2x3x4, found 23"));
  EXPECT_THAT(CheckLatentSizes({2, 3, 4}, 24, 3),
              Fails(StatusCode::kInvalidArgument,
                    "expected tables for 2 channels, found 3"));
  EXPECT_THAT(CheckLatentSizes({0, 3, 4}, 0, 0),
              Fails(StatusCode::kInvalidArgument, "channels 0"));
}

}  // namespace
}  // namespace sluice::codec
