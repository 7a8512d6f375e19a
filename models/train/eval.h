// Accuracy against bytes: the real coder, counted frames, beside pixel codecs.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/vision/geometry.h"
#include "common/vision/picture.h"

namespace sluice::train {

struct EvalOptions {
  std::filesystem::path codec;
  std::filesystem::path tail;
  std::filesystem::path data;                    // As LabelledSet::Open.
  std::optional<std::filesystem::path> teacher;  // As model::LoadTeacher.
  int64_t limit = 0;  // The first so many pictures; 0: all.
  vision::ViewRule view = {vision::ViewRule::Kind::kCrop, {224, 224}, 227};
  std::vector<int> rates;  // Empty: all of the codec's.
  std::vector<vision::PictureFormat> baselines;
  int num_threads = 0;
};

// Shares are fractions in 0..1, divergences nats.
struct Score {
  double top1 = 0.0;
  double top1_standard_error = 0.0;
  double top5 = 0.0;
  std::optional<double> kl_to_teacher;  // With a teacher, for other networks.
};

// Whole frames or files, per picture.
struct Cost {
  double bytes_mean = 0.0;
  double bytes_p95 = 0.0;
  double bpp = 0.0;  // 8 * bytes / (H*W of the network's input), mean.
};

struct RatePoint {
  int rate = 0;
  Cost cost;
  Score score;
};

// A pixel codec at one quality. It counts with the better of two networks.
struct BaselinePoint {
  std::string codec;
  int quality = 0;
  Cost cost;
  Score ours;  // Pixel entrance + tail.
  std::optional<Score> teacher = {};

  const Score& best() const {
    return teacher.has_value() && teacher->top1 > ours.top1 ? *teacher : ours;
  }
};

// Milliseconds are means over pictures on the machine at hand; the encoder
// runs one picture at a time, the decoder network a batch.
struct Compute {
  double encoder_mmac_224 = 0.0;
  double decoder_mmac_224 = 0.0;
  double encode_ms = 0.0;
  double entropy_encode_ms = 0.0;
  double entropy_decode_ms = 0.0;
  double decode_ms = 0.0;
  int decode_batch_size = 0;
};

struct EvalReport {
  std::string codec_name;
  std::string codec_id;
  std::string tail_name;
  std::string data;  // The file or folder's own name.
  std::string view;
  int64_t num_images = 0;
  Score uncompressed;  // Pixel entrance + tail.
  std::optional<Score> teacher;
  std::vector<RatePoint> points;
  std::vector<BaselinePoint> baselines;
  Compute compute;
  std::vector<std::string> warnings;
};

// InvalidArgument for a rate that the codec has not, a teacher of another
// number of classes or input range, a negative limit; otherwise the errors of
// loading and of the first picture that fails, which they name.
absl::StatusOr<EvalReport> RunEval(const EvalOptions& options);

}  // namespace sluice::train
