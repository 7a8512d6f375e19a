#include "models/train/data/pack.h"

#include <algorithm>
#include <optional>
#include <random>
#include <span>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/float_tensor.h"
#include "common/base/status_macros.h"
#include "common/vision/picture.h"
#include "common/vision/preprocess.h"
#include "models/train/data/file_set.h"
#include "models/train/data/progress.h"
#include "models/train/data/shard.h"

namespace sluice::train {
namespace {

struct InputFile {
  size_t set;
  size_t index;
};

absl::Status CheckOptions(const PackOptions& options) {
  if (options.inputs.empty()) {
    return absl::InvalidArgumentError("pack needs at least one input");
  }
  if (options.view.kind != vision::ViewRule::Kind::kCrop) {
    return absl::InvalidArgumentError(
        absl::StrCat("pack needs a view crop:N, as all pictures of a shard "
                     "have one size; found ",
                     vision::ToString(options.view)));
  }
  if (options.num_holdout < 0) {
    return absl::InvalidArgumentError(absl::StrCat(
        "holdout must not be negative, found ", options.num_holdout));
  }
  if ((options.num_holdout > 0) == options.holdout_out.empty()) {
    return absl::InvalidArgumentError(
        "a holdout needs both its count and its file");
  }
  return absl::OkStatus();
}

// Fisher-Yates by hand: std::shuffle's order differs between libraries.
void Shuffle(uint64_t seed, std::span<InputFile> files) {
  std::mt19937_64 random(seed);
  for (size_t i = files.size(); i > 1; --i) {
    std::swap(files[i - 1], files[random() % i]);
  }
}

// uint8 RGB [3,N,N]: exactly what the device would see before scaling.
absl::StatusOr<std::vector<uint8_t>> PackedPicture(
    const FileSet& set, size_t index, const vision::ViewRule& view_rule) {
  SLUICE_ASSIGN_OR_RETURN(const std::vector<uint8_t> bytes, set.Read(index));
  SLUICE_ASSIGN_OR_RETURN(const vision::Picture picture,
                          vision::DecodePicture(bytes));
  SLUICE_ASSIGN_OR_RETURN(
      const vision::Geometry geometry,
      vision::MakeGeometry(picture.size(), view_rule, /*pad_multiple=*/1));
  SLUICE_ASSIGN_OR_RETURN(const vision::Picture view,
                          vision::MakeView(picture, geometry));
  SLUICE_ASSIGN_OR_RETURN(
      const base::FloatTensor planes,
      vision::ViewToInput(view, geometry, /*scale=*/1.0f, /*offset=*/0.0f));
  return std::vector<uint8_t>(planes.values.begin(), planes.values.end());
}

class Packer {
 public:
  static absl::StatusOr<Packer> Create(const PackOptions& options) {
    const vision::Size size = options.view.size;
    Packer packer(options.num_holdout);
    SLUICE_ASSIGN_OR_RETURN(
        packer.main_,
        ShardWriter::Create(options.out, size.height, size.width));
    if (options.num_holdout > 0) {
      SLUICE_ASSIGN_OR_RETURN(
          packer.holdout_,
          ShardWriter::Create(options.holdout_out, size.height, size.width));
    }
    return packer;
  }

  // The first pictures go to the holdout until it is full.
  absl::Status Append(std::span<const uint8_t> picture) {
    if (report_.num_held_out < num_holdout_) {
      ++report_.num_held_out;
      return holdout_->Append(picture);
    }
    ++report_.num_packed;
    return main_->Append(picture);
  }

  void Skip(std::string name_and_reason) {
    report_.skipped.push_back(std::move(name_and_reason));
  }

  absl::StatusOr<PackReport> Finish() && {
    if (report_.num_packed == 0) {
      return absl::InvalidArgumentError(
          absl::StrCat("expected more than ", num_holdout_, " pictures, found ",
                       report_.num_held_out, " (", report_.skipped.size(),
                       " files are no pictures)"));
    }
    if (holdout_.has_value()) SLUICE_RETURN_IF_ERROR(holdout_->Finish());
    SLUICE_RETURN_IF_ERROR(main_->Finish());
    return std::move(report_);
  }

 private:
  explicit Packer(int64_t num_holdout) : num_holdout_(num_holdout) {}

  int64_t num_holdout_;
  std::optional<ShardWriter> main_;
  std::optional<ShardWriter> holdout_;
  PackReport report_;
};

}  // namespace

absl::StatusOr<PackReport> PackPictures(const PackOptions& options) {
  SLUICE_RETURN_IF_ERROR(CheckOptions(options));
  std::vector<FileSet> sets;
  std::vector<InputFile> files;
  for (const std::filesystem::path& input : options.inputs) {
    SLUICE_ASSIGN_OR_RETURN(FileSet set, FileSet::Open(input));
    for (size_t i = 0; i < set.size(); ++i) files.push_back({sets.size(), i});
    sets.push_back(std::move(set));
  }
  size_t num_first = 0;
  if (options.holdout == PackOptions::Holdout::kLast) {
    num_first =
        std::min(files.size(), static_cast<size_t>(options.num_holdout));
    std::rotate(files.begin(), files.end() - num_first, files.end());
  }
  Shuffle(options.seed, std::span(files).subspan(num_first));

  SLUICE_ASSIGN_OR_RETURN(Packer packer, Packer::Create(options));
  Progress progress =
      Progress::OnStderr("packing", static_cast<int64_t>(files.size()));
  for (size_t i = 0; i < files.size(); ++i) {
    const FileSet& set = sets[files[i].set];
    const absl::StatusOr<std::vector<uint8_t>> picture =
        PackedPicture(set, files[i].index, options.view);
    if (picture.ok()) {
      SLUICE_RETURN_IF_ERROR(packer.Append(*picture));
    } else {
      packer.Skip(absl::StrCat(set.name(files[i].index), ": ",
                               picture.status().message()));
    }
    progress.Update(static_cast<int64_t>(i) + 1);
  }
  return std::move(packer).Finish();
}

}  // namespace sluice::train
