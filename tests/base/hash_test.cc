#include "common/base/hash.h"

#include <numeric>
#include <random>
#include <string_view>
#include <vector>

#include "gtest/gtest.h"

namespace sluice::base {
namespace {

std::span<const uint8_t> Bytes(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

// One bit at a time, straight from the definition.
uint32_t BitwiseCrc32c(std::span<const uint8_t> bytes) {
  uint32_t crc = ~0u;
  for (const uint8_t byte : bytes) {
    crc ^= byte;
    for (int bit = 0; bit < 8; ++bit) {
      crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82f63b78u : 0u);
    }
  }
  return ~crc;
}

TEST(Crc32cTest, KnownVectorsOfRfc3720) {
  EXPECT_EQ(Crc32c(Bytes("123456789")), 0xe3069283u);
  EXPECT_EQ(Crc32c(std::vector<uint8_t>(32, 0x00)), 0x8a9136aau);
  EXPECT_EQ(Crc32c(std::vector<uint8_t>(32, 0xff)), 0x62a8ab43u);
  std::vector<uint8_t> ascending(32);
  std::iota(ascending.begin(), ascending.end(), uint8_t{0});
  EXPECT_EQ(Crc32c(ascending), 0x46dd794eu);
}

TEST(Crc32cTest, NothingHasChecksumZero) { EXPECT_EQ(Crc32c({}), 0u); }

TEST(Crc32cTest, EveryLengthAgreesWithTheDefinition) {
  std::mt19937 random(1);
  std::vector<uint8_t> bytes;
  for (int length = 0; length < 100; ++length) {
    EXPECT_EQ(Crc32c(bytes), BitwiseCrc32c(bytes)) << length;
    bytes.push_back(static_cast<uint8_t>(random()));
  }
}

TEST(Crc32cTest, ContinuesAnEarlierCall) {
  const std::span<const uint8_t> whole = Bytes("the quick brown fox jumps");
  for (size_t cut = 0; cut <= whole.size(); ++cut) {
    EXPECT_EQ(Crc32c(whole.subspan(cut), Crc32c(whole.first(cut))),
              Crc32c(whole));
  }
}

TEST(Crc32cTest, AnyFlippedBitChangesIt) {
  std::vector<uint8_t> bytes(21, 0x5a);
  const uint32_t crc = Crc32c(bytes);
  for (size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    bytes[bit / 8] ^= static_cast<uint8_t>(1 << (bit % 8));
    EXPECT_NE(Crc32c(bytes), crc) << bit;
    bytes[bit / 8] ^= static_cast<uint8_t>(1 << (bit % 8));
  }
}

TEST(Sha256Test, KnownVectorsOfFips180) {
  EXPECT_EQ(Sha256Hex({}),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(Sha256Hex(Bytes("abc")),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(Sha256Hex(Bytes("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomn"
                            "opnopq")),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

}  // namespace
}  // namespace sluice::base
