#include "device/source.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/base/status_macros.h"
#include "device/camera.h"
#include "device/file_source.h"
#include "device/live_source.h"

namespace sluice::device {
namespace {

absl::StatusOr<std::unique_ptr<Source>> OpenLiveSource(
    const CameraUri& uri, const SourceOptions& options,
    OnSourceState on_state) {
  if (options.loop) {
    return absl::InvalidArgumentError(absl::StrCat(
        "--loop repeats files, but ", uri.name, " never ends by itself"));
  }
  return LiveSource::Open(
      uri.name,
      [uri, watchdog = options.watchdog] { return OpenCamera(uri, watchdog); },
      options, std::move(on_state));
}

}  // namespace

absl::StatusOr<std::unique_ptr<Source>> OpenSource(
    const std::vector<std::string>& inputs, const SourceOptions& options,
    OnSourceState on_state) {
  std::vector<std::string> files;
  for (const std::string& input : inputs) {
    SLUICE_ASSIGN_OR_RETURN(const std::optional<CameraUri> camera,
                            ParseCameraUri(input));
    if (!camera) {
      files.emplace_back(absl::StripPrefix(input, "file://"));
    } else if (inputs.size() == 1) {
      return OpenLiveSource(*camera, options, std::move(on_state));
    } else {
      return absl::InvalidArgumentError(
          absl::StrCat("expected a camera to be the only INPUT, found ",
                       inputs.size(), " with ", camera->name,
                       " among them; run one sluice-device per camera"));
    }
  }
  return std::make_unique<FileSource>(files, options);
}

}  // namespace sluice::device
