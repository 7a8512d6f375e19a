// Small valid artifacts and a folder to damage them in.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "common/artifact/codec_artifact.h"
#include "common/artifact/tail_artifact.h"
#include "common/base/file_io.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/scratch_folder.h"

namespace sluice::artifact {

MATCHER_P2(FailsWith, code, part, "") {
  const absl::Status status = arg;
  *result_listener << status.ToString();
  return status.code() == code &&
         status.message().find(std::string(part)) != std::string::npos;
}

inline auto IsInvalid(std::string part) {
  return FailsWith(absl::StatusCode::kInvalidArgument, std::move(part));
}

// A folder of the test's own, and its files.
class FolderTest : public ::testing::Test {
 protected:
  std::string Read(std::string_view file) const {
    const auto bytes = base::ReadFile(folder_ / file, 1u << 20);
    return bytes.ok() ? std::string(bytes->begin(), bytes->end()) : "";
  }
  void Write(std::string_view file, std::string_view text) const {
    folder_.Write(file, text);
  }
  void FlipByte(std::string_view file, size_t index) const {
    std::string text = Read(file);
    text.at(index) = static_cast<char>(text.at(index) ^ 1);
    Write(file, text);
  }
  nlohmann::json ReadJson(std::string_view file) const {
    return nlohmann::json::parse(Read(file));
  }

  const testing::ScratchFolder folder_;
};

// Two rates of three channels with CDFs of different lengths.
inline codec::CodecTables MakeTables(float first_gain = 1.0f) {
  std::vector<codec::ChannelTable> tables;
  for (int i = 0; i < 6; ++i) {
    std::vector<uint32_t> cdf = {0};
    for (int k = 0; k <= i; ++k) cdf.push_back(60u * (k + 1));
    cdf.push_back(3750);
    cdf.push_back(4096);
    tables.push_back({first_gain + static_cast<float>(i), 0.75f, 0.125f,
                      codec::QuantizedCdf::Create(cdf, -i).value()});
  }
  return codec::CodecTables::Create(2, 3, std::move(tables)).value();
}

inline TensorMap MakeWeights(float first) {
  return {
      {"conv.weight", MakeHalves(std::vector<float>{first, 2, 3, 4}, {2, 2})},
      {"conv.bias", MakeFloats(std::vector<float>{first}, {1})}};
}

inline CodecSpec MakeCodecSpec() {
  CodecSpec spec;
  spec.name = "tiny-v1";
  spec.family = "patch";
  spec.latent_channels = 3;
  spec.num_rates = 2;
  spec.default_rate = 1;
  spec.encoder = {{"width", 16}};
  spec.decoder = {{"width", 24}};
  return spec;
}

inline TailSpec MakeTailSpec() {
  TailSpec spec;
  spec.name = "imagenet";
  spec.task = "classification";
  spec.family = "mobilenetv2";
  spec.codec_ids = {std::string(64, 'a')};
  spec.network = {{"classes", 2}};
  return spec;
}

}  // namespace sluice::artifact
