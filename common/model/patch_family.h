// What the two halves of the `patch` family share: its name and JSON fields.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "common/artifact/codec_artifact.h"
#include "common/model/layers.h"

namespace sluice::model {

inline constexpr char kPatchFamily[] = "patch";
inline constexpr int kPatchStride = 8;

// NotFound for another family, InvalidArgument for strides that it has not.
absl::Status CheckPatchFamily(const artifact::CodecSpec& spec);

// Reads bounded positive integers out of one JSON object of codec.json; keeps
// the first problem.
class FieldReader {
 public:
  FieldReader(const nlohmann::json& object, std::string path)
      : object_(object), path_(std::move(path)) {}

  int Take(const char* field, int max);
  const absl::Status& status() const { return status_; }

 private:
  const nlohmann::json& object_;
  std::string path_;
  absl::Status status_;
};

inline constexpr int kMaxPatchWidth = 1024;
inline constexpr int kMaxPatchBlocks = 64;

// The residual stack in the middle of both halves: "block0", "block1", ...
std::vector<BottleneckBlock> ReadBlocks(WeightReader& reader, int num_blocks,
                                        int width, int middle);
void InitBlocks(int num_blocks, int width, int middle,
                const at::Generator& generator, Weights* weights);

ConvSpec Pointwise(int in_channels, int out_channels);

}  // namespace sluice::model
