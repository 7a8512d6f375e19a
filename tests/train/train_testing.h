// What the tests of sluice-model share: folders of their own, small tars.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gtest/gtest.h"

namespace sluice::train {

// A folder of its own, removed afterwards.
class TempFolderTest : public ::testing::Test {
 protected:
  void SetUp() override;
  void TearDown() override;

  // Writes `text` to a file below folder_, whose parents are made.
  std::filesystem::path Write(const std::string& name, std::string_view text);
  std::filesystem::path Write(const std::string& name,
                              std::span<const uint8_t> bytes);

  std::filesystem::path folder_;
};

struct TarMember {
  std::string name;
  std::string text;
};
enum class TarFormat { kUstar, kGnu, kPax };
// A whole uncompressed tar.
std::string MakeTar(const std::vector<TarMember>& members, TarFormat format);

// A JPEG of random colour blocks that `seed` decides.
std::vector<uint8_t> MakeJpeg(int width, int height, int seed);
// A PNG that is all pure red.
std::vector<uint8_t> MakeRedPng(int width, int height);

}  // namespace sluice::train
