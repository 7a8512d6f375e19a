// What an evaluation does with one batch of pictures at one operating point.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "common/base/float_tensor.h"
#include "common/model/teacher.h"
#include "models/train/eval/learned_pair.h"
#include "models/train/eval/scoring.h"
#include "models/train/figures/evaluation.h"
#include "models/train/pixels/pixel_baseline.h"

namespace sluice::train {

// One rate of one pair.
struct RatePoint {
  size_t pair = 0;
  int rate = 0;
  OperatingPoint measured;
};

// `latents` are the batch's, by the pair's encoder. One point is measured by
// one thread at a time.
absl::Status MeasureRate(const LearnedPair& pair,
                         const std::vector<base::FloatTensor>& latents,
                         const EvalBatch& batch, RatePoint* point);

// A pixel codec at one quality, scored by two networks.
struct QualityPoint {
  PixelCodec codec;
  int quality = 0;
  OperatingPoint by_entrance;
  std::vector<Outcome> by_teacher;  // Empty without a teacher.
  std::vector<uint32_t> container_bytes;
};

// `teacher` may be null, and is for other tasks than classification. Errors
// name picture and codec.
absl::Status MeasureQuality(const LearnedPair& pair,
                            const model::Teacher* teacher,
                            const EvalBatch& batch, QualityPoint* point);

// "rate 3"; "quality 20", "lossless" for PNG.
std::string RateSetting(int rate);
std::string QualitySetting(PixelCodec codec, int quality);

// What the network measured that answers better, by top-1, then by divergence;
// the pixel entrance without a teacher.
OperatingPoint BetterNetwork(const QualityPoint& point);

}  // namespace sluice::train
