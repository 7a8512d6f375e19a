// What an evaluation measured, as plain data: reports and figures are made of
// this alone. No Torch, no OpenCV.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "models/train/figures/detection_metrics.h"
#include "models/train/figures/segmentation_metrics.h"

namespace sluice::train {

enum class Task { kClassification, kDetection, kSegmentation };

// What one operating point did with one picture. Rank and divergence are those
// of a classification, and 0 for other tasks.
struct Outcome {
  uint32_t bytes = 0;  // The whole frame or file; 0: not compressed.
  uint32_t rank = 0;   // Classes before the label; 0 is a right top-1.
  float kl = 0;        // KL(teacher || this answer), nats; 0 without a teacher.
};

// One method at one setting. Vectors are parallel to Evaluation::pictures, or
// empty where they are another task's.
struct OperatingPoint {
  std::string setting;    // "rate 3", "quality 20".
  std::string scored_by;  // "tail", "teacher", "pixel entrance".
  std::vector<Outcome> outcomes;
  std::vector<PictureMatches> matches = {};      // Of a detection.
  std::vector<ConfusionCounts> confusions = {};  // Of a segmentation.
};

// The device's half: every value of the encoder and of the tables that it
// needs, as stored, and its multiply-accumulates at 224 x 224.
struct EncoderSize {
  uint64_t bytes = 0;
  uint64_t parameters = 0;
  double mmac_224 = 0;
};

// Medians over pictures, in milliseconds. `encode` is everything between the
// preprocessed view and the frame or file, `answer` everything between those
// and the tail's outputs, one picture at a time.
struct Latency {
  std::string setting;
  int num_threads = 1;
  double encode_ms = 0;
  double answer_ms = 0;
};

// Ends the name of a pixel method whose bytes leave a file's container out.
inline constexpr char kNoContainer[] = ", no container";

struct Method {
  std::string name;                    // "patch-m", "JPEG", "HEIC".
  bool learned = false;                // Ours, against a pixel codec.
  std::optional<EncoderSize> encoder;  // Of learned ones.
  std::string codec_id;                // Of learned ones.
  std::string tail;                    // Of learned ones.
  std::string usual_setting = {};      // Of learned ones: the default rate's.
  std::vector<OperatingPoint> points;  // By ascending mean bytes.
  std::vector<Latency> latencies;
};

struct EvaluatedPicture {
  std::string name;
  int label = 0;        // Of a classification.
  uint32_t pixels = 0;  // H * W of the network's input.
};

// One task on one set of pictures at one view: a section of a report.
struct Evaluation {
  Task task = Task::kClassification;
  std::string data;          // The file or folder's own name.
  std::string subset;        // "val"; "train, 0006R0_*"; empty for all of it.
  std::string view;          // "crop:224/227".
  std::string command_line;  // That made it.
  std::string version;       // Of sluice-model.
  std::string machine;       // Processor's name, number of cores.
  std::vector<EvaluatedPicture> pictures;
  std::vector<std::string> class_names;   // Of a detection or segmentation.
  std::optional<OperatingPoint> teacher;  // Unmodified, uncompressed.
  // The pixel entrance and the tail of each learned method, uncompressed;
  // `setting` names the method.
  std::vector<OperatingPoint> uncompressed;
  std::vector<Method> methods;  // Learned ones first.
  std::vector<std::string> warnings;
};

}  // namespace sluice::train
