// Small tars and pictures for the tests of sluice-model.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace sluice::train {

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
