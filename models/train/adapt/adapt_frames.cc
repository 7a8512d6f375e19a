#include "models/train/adapt/adapt_frames.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/vision/picture.h"
#include "models/train/data/annotate.h"
#include "models/train/data/file_set.h"
#include "models/train/data/pack.h"
#include "models/train/data/shard.h"

namespace sluice::train {
namespace {

// Enlarged frames would teach the encoder what no camera sends.
absl::Status CheckScale(const vision::Size& size,
                        const vision::ViewRule& view) {
  SLUICE_ASSIGN_OR_RETURN(const vision::Geometry geometry,
                          vision::MakeGeometry(size, view, /*pad_multiple=*/1));
  if (geometry.scale_x >= 1.0 && geometry.scale_y >= 1.0) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "expected frames that --view ", vision::ToString(view),
      " need not enlarge, found one of ", size.width, "x", size.height));
}

// How many files are pictures, by their headers.
absl::StatusOr<int64_t> CountFrames(const AdaptOptions& options) {
  SLUICE_ASSIGN_OR_RETURN(const FileSet set, FileSet::Open(options.frames));
  int64_t num_frames = 0;
  for (size_t i = 0; i < set.size(); ++i) {
    const absl::StatusOr<std::vector<uint8_t>> bytes = set.Read(i);
    if (!bytes.ok()) continue;
    const absl::StatusOr<vision::Size> size = vision::ProbePicture(*bytes);
    if (!size.ok()) continue;
    if (const absl::Status scale = CheckScale(*size, options.view);
        !scale.ok()) {
      return Annotate(scale, set.name(i));
    }
    ++num_frames;
  }
  return num_frames;
}

absl::StatusOr<int64_t> HoldoutOf(double holdout, int64_t num_frames) {
  const double wanted =
      holdout < 1 ? holdout * static_cast<double>(num_frames) : holdout;
  const int64_t num_holdout = std::max<int64_t>(1, std::llround(wanted));
  if (!(holdout > 0) || 2 * num_holdout > num_frames) {
    return absl::InvalidArgumentError(absl::StrCat(
        "--holdout: expected at least one and at most half of the ", num_frames,
        " frames, found ", holdout));
  }
  return num_holdout;
}

}  // namespace

absl::StatusOr<AdaptFrames> PackFrames(const AdaptOptions& options,
                                       const std::filesystem::path& work) {
  SLUICE_ASSIGN_OR_RETURN(const int64_t num_frames, CountFrames(options));
  if (num_frames < kMinAdaptFrames) {
    return absl::InvalidArgumentError(
        absl::StrCat(options.frames.string(), ": expected at least ",
                     kMinAdaptFrames, " frames, found ", num_frames));
  }
  SLUICE_ASSIGN_OR_RETURN(const int64_t num_holdout,
                          HoldoutOf(options.holdout, num_frames));
  const PackOptions pack = {.inputs = {options.frames},
                            .out = work / "train.shard",
                            .view = options.view,
                            .num_holdout = num_holdout,
                            .holdout_out = work / "holdout.shard",
                            .seed = options.seed,
                            .holdout = PackOptions::Holdout::kLast};
  SLUICE_RETURN_IF_ERROR(PackPictures(pack).status());
  return OpenFrames(work);
}

absl::StatusOr<AdaptFrames> OpenFrames(const std::filesystem::path& work) {
  AdaptFrames frames = {.train = work / "train.shard",
                        .holdout = work / "holdout.shard"};
  SLUICE_ASSIGN_OR_RETURN(const Shard train, Shard::Open(frames.train));
  SLUICE_ASSIGN_OR_RETURN(const Shard holdout, Shard::Open(frames.holdout));
  frames.num_train = train.num_pictures();
  frames.num_holdout = holdout.num_pictures();
  return frames;
}

}  // namespace sluice::train
