// What an evaluation measured, as plain data: reports and figures are made of
// this alone. No Torch, no OpenCV.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sluice::train {

// What one operating point did with one picture.
struct Outcome {
  uint32_t bytes = 0;  // The whole frame or file; 0: not compressed.
  uint32_t rank = 0;   // Classes before the label; 0 is a right top-1.
  float kl = 0;        // KL(teacher || this answer), nats; 0 without a teacher.
};

// One method at one setting. Outcomes are parallel to Evaluation::pictures.
struct OperatingPoint {
  std::string setting;    // "rate 3", "quality 20".
  std::string scored_by;  // "tail", "teacher", "pixel entrance".
  std::vector<Outcome> outcomes;
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
// and the logits, one picture at a time.
struct Latency {
  std::string setting;
  int num_threads = 1;
  double encode_ms = 0;
  double answer_ms = 0;
};

struct Method {
  std::string name;                    // "patch-m", "JPEG", "HEIC".
  bool learned = false;                // Ours, against a pixel codec.
  std::optional<EncoderSize> encoder;  // Of learned ones.
  std::string codec_id;                // Of learned ones.
  std::string tail;                    // Of learned ones.
  std::vector<OperatingPoint> points;  // By ascending mean bytes.
  std::vector<Latency> latencies;
};

struct EvaluatedPicture {
  std::string name;
  int label = 0;
  uint32_t pixels = 0;  // H * W of the network's input.
};

struct Evaluation {
  std::string data;          // The file or folder's own name.
  std::string view;          // "crop:224/227".
  std::string command_line;  // That made it.
  std::string version;       // Of sluice-model.
  std::string machine;       // Processor's name, number of cores.
  std::vector<EvaluatedPicture> pictures;
  std::optional<OperatingPoint> teacher;  // Unmodified, uncompressed.
  // The pixel entrance and the tail of each learned method, uncompressed;
  // `setting` names the method.
  std::vector<OperatingPoint> uncompressed;
  std::vector<Method> methods;  // Learned ones first.
  std::vector<std::string> warnings;
};

}  // namespace sluice::train
