#include "models/train/adapt/adapt_inputs.h"

#include <algorithm>
#include <set>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/artifact/json_fields.h"
#include "common/base/status_macros.h"
#include "common/model/patch_family.h"

namespace sluice::train {
namespace {

namespace fs = std::filesystem;

absl::Status CheckOptions(const AdaptOptions& options) {
  if (options.tails.empty()) {
    return absl::InvalidArgumentError("expected at least one tail");
  }
  if (options.view.kind != vision::ViewRule::Kind::kCrop ||
      options.view.size.width < 32) {
    return absl::InvalidArgumentError(
        absl::StrCat("--view: expected crop:N with N of 32 or more, found ",
                     vision::ToString(options.view)));
  }
  if (options.steps < 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("--steps: expected 1 or more, found ", options.steps));
  }
  if (!options.name.empty() && !artifact::IsName(options.name)) {
    return absl::InvalidArgumentError(
        absl::StrCat("--name: expected lower-case letters, digits, '.', '_' "
                     "and '-', found ",
                     options.name));
  }
  return absl::OkStatus();
}

absl::Status LoadTailOf(const fs::path& folder, AdaptInputs* inputs) {
  SLUICE_ASSIGN_OR_RETURN(artifact::TailArtifact tail,
                          artifact::LoadTail(folder));
  if (tail.spec.task == "tensors") {
    return absl::InvalidArgumentError(absl::StrCat(
        folder.string(),
        ": expected a tail for classification, detection or segmentation, "
        "found "
        "one whose results travel as tensors: package its module again for the "
        "new codec"));
  }
  const std::vector<std::string>& ids = tail.spec.codec_ids;
  if (std::find(ids.begin(), ids.end(), inputs->codec.id) == ids.end()) {
    return absl::FailedPreconditionError(
        absl::StrCat(folder.string(), ": tail ", tail.spec.name,
                     " was not made for codec id ", inputs->codec.id));
  }
  SLUICE_ASSIGN_OR_RETURN(std::unique_ptr<model::Tail> network,
                          model::LoadTailNetwork(tail));
  inputs->tails.push_back(std::move(tail));
  inputs->networks.push_back(std::move(network));
  return absl::OkStatus();
}

// Training compares with MobileNetV2's stages and its classes' logits.
absl::Status CheckTeacher(const artifact::TailSpec& spec) {
  if (spec.task == "classification" && spec.family == "mobilenetv2") {
    return absl::OkStatus();
  }
  return absl::NotFoundError(
      absl::StrCat("tail ", spec.name,
                   ": the first tail is the teacher: expected classification "
                   "by family \"mobilenetv2\", found ",
                   spec.task, " by family \"", spec.family, "\""));
}

// "models/tail/" is named "tail" too.
std::string FolderName(const fs::path& folder) {
  const fs::path whole = fs::absolute(folder).lexically_normal();
  return whole.has_filename() ? whole.filename().string()
                              : whole.parent_path().filename().string();
}

// What is written must not overwrite what is read, nor itself.
absl::Status CheckFolders(const AdaptOptions& options,
                          const AdaptInputs& inputs) {
  std::set<std::string> taken = {inputs.work.filename().string()};
  std::vector<fs::path> written = inputs.tail_folders;
  written.push_back(inputs.codec_folder);
  for (const fs::path& folder : written) {
    if (!taken.insert(folder.filename().string()).second) {
      return absl::InvalidArgumentError(
          absl::StrCat(folder.string(), ": two outputs have this name"));
    }
    std::vector<fs::path> read = options.tails;
    read.push_back(options.codec);
    for (const fs::path& input : read) {
      std::error_code absent;
      if (fs::equivalent(folder, input, absent)) {
        return absl::InvalidArgumentError(absl::StrCat(
            folder.string(), ": would be overwritten, choose another --out"));
      }
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<AdaptInputs> LoadAdaptInputs(const AdaptOptions& options) {
  SLUICE_RETURN_IF_ERROR(CheckOptions(options));
  SLUICE_ASSIGN_OR_RETURN(
      artifact::CodecArtifact codec,
      artifact::LoadCodec(options.codec, artifact::CodecHalf::kBoth));
  if (codec.spec.family != model::kPatchFamily) {
    return absl::NotFoundError(absl::StrCat(
        options.codec.string(), ": expected family \"", model::kPatchFamily,
        "\", found \"", codec.spec.family, "\""));
  }
  const std::string name =
      options.name.empty() ? codec.spec.name : options.name;
  AdaptInputs inputs = {.codec = std::move(codec),
                        .tails = {},
                        .networks = {},
                        .name = name,
                        .work = options.out / "work",
                        .codec_folder = options.out / name,
                        .tail_folders = {}};
  for (const fs::path& tail : options.tails) {
    SLUICE_RETURN_IF_ERROR(LoadTailOf(tail, &inputs));
    inputs.tail_folders.push_back(options.out / FolderName(tail));
  }
  SLUICE_RETURN_IF_ERROR(CheckTeacher(inputs.tails.front().spec));
  SLUICE_RETURN_IF_ERROR(CheckFolders(options, inputs));
  return inputs;
}

}  // namespace sluice::train
