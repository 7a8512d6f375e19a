// A training recipe: what to train, on what, for how long. TOML in, values out.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/artifact/codec_artifact.h"
#include "models/train/training/augmentation.h"
#include "nlohmann/json.hpp"

namespace sluice::train {

// One stretch of training with its own loss weights and learning rate.
struct Phase {
  // kEncoder: the codec but for its decoder network and pixel entrance.
  // kDensity: what symbols are expected to cost alone, which no codec ships.
  // kHead: the tail but for its pretrained body.
  enum class Trains {
    kCodec,
    kEncoder,
    kDecoder,
    kDensity,
    kEntrance,
    kTail,
    kHead
  };
  std::string name;
  Trains trains = Trains::kCodec;
  int steps = 0;
  int batch = 32;
  int crop = 160;               // Side of the random crops; 32 divides it.
  double learning_rate = 1e-3;  // At the start; cosine to final.
  double final_learning_rate = 1e-5;
  int warmup_steps = 0;
  double shallow = 1.0;        // Weight of the features' distortion.
  double deep = 0.0;           // Of block 12's relative squared error; at a
                               // fixed beta, of that of all later stages.
  double kl = 0.0;             // Of KL(teacher || student), nats.
  double rate_warmup = 0.0;    // Part of the phase where bits count less.
  int first_noisy_rate = 64;   // From it on, noise instead of rounding.
  double anchor = 0.0;         // L2 pull toward the teacher's weights.
  double pixel_share = 0.0;    // Part of a tail batch from the entrance.
  double noise_levels = 0.0;   // Uniform noise on pictures, in 1/255.
  double class_balance = 0.0;  // How much pixels of rare classes count more.
};

// Where a tail's labelled pictures come from, and how they are varied.
struct LabelledSource {
  std::string set;  // A folder or tar below the data folder.
  std::string split = "train";
  // Pictures never trained on: of another split, or those of this one whose own
  // name starts so. Exactly one of the two.
  std::string holdout_split;
  std::string holdout_prefix;
  int ignore_index = -1;  // A mask's value that does not count; -1: none.
  Augmentation augmentation;
};

struct Recipe {
  enum class Kind { kCodec, kTail };
  enum class Task { kClassification, kDetection, kSegmentation };
  Kind kind = Kind::kCodec;
  Task task = Task::kClassification;  // Of a tail.
  std::string name;                   // Of the artifact.
  uint64_t seed = 1;
  std::string teacher;              // safetensors, below the data folder.
  std::vector<std::string> shards;  // Training pictures, below it too.
  std::vector<double> shares;       // Of a batch per shard; empty: by size.
  std::string holdout;              // Pictures never trained on, for tuning.
  std::string labels;               // Tail: file with a label per line.
  std::vector<std::string> codecs;  // Tail: folders of those it goes behind.
  LabelledSource labelled;          // Detection and segmentation.
  nlohmann::json network;           // Theirs, as tail.json has it.
  std::string provenance;  // Of initial weights; copied to the artifact.
  // Codec: what the artifact's codec.json will say, and what rates are held to.
  artifact::CodecSpec spec;
  std::vector<double> target_bytes;   // Per rate, for a 224 x 224 view; or
  std::vector<double> initial_betas;  // Where they start; empty: all alike.
  double beta = 0.0;                  // One rate's, as train_codec.h says.
  double ema_decay = 0.999;
  int log_interval = 50;
  int checkpoint_interval = 500;
  int holdout_interval = 2000;
  int holdout_pictures = 200;
  std::vector<Phase> phases;
};

// `overrides` are "key=value" with dots and indices: "phase.0.steps=100".
// InvalidArgument naming file, line and key for anything unknown, missing or
// mistyped.
absl::StatusOr<Recipe> ReadRecipe(const std::filesystem::path& path,
                                  const std::vector<std::string>& overrides);

}  // namespace sluice::train
