// Annotated pictures on disk: one per input or one video, and one sheet of all.
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/vision/picture.h"
#include "device/annotate.h"
#include "device/annotated_video.h"
#include "device/report.h"

namespace sluice::device {

class AnnotatedOutput {
 public:
  // An empty path leaves that output out. `save` is a video when it ends in
  // .mp4 or .avi, otherwise a directory, which is created; InvalidArgument when
  // it cannot be, or the sheet is no .png file.
  static absl::StatusOr<AnnotatedOutput> Create(
      const std::string& save, std::string sheet_file,
      VideoTime time = VideoTime::kEveryPicture);

  // Draws what all tails say of an answered picture (the first one that names
  // labels, the first mask, all boxes) and adds it to the video, or writes it
  // to "<directory>/<name>-annotated.jpg"; masks are written beside it, to
  // "<name>-<tail>.png". Inputs of the same name from different places get
  // "-2", "-3", ... before the extension. Frames have their number in the name,
  // a camera's are named "camera".
  absl::Status Add(const vision::Picture& picture, const PictureReport& report);

  // Ends the video and writes the sheet. Says so on the log when it had to
  // leave pictures out.
  absl::Status Finish();

 private:
  AnnotatedOutput() = default;

  // "clip-7-<what>-2<extension>", say, for frame 7 of the second clip.mp4.
  std::string NameOf(const PictureReport& report, const std::string& what,
                     const std::string& extension);
  // "" for the first file of that stem, "-2" for the second.
  const std::string& EndOf(const std::string& file, const std::string& stem);
  absl::Status AddTile(const vision::Picture& picture,
                       const PictureReport& report);
  absl::Status AddFrame(const vision::Picture& picture,
                        const PictureReport& report);
  absl::Status WriteMasks(const PictureReport& report);
  absl::Status WriteSheet();

  std::string directory_;
  std::string sheet_file_;
  std::optional<AnnotatedVideo> video_;
  // What frames of the video have room for, so that all are of one size.
  AnnotateOptions video_layout_{.band = BandPlace::kOverPicture};
  size_t video_labels_ = 0;
  std::map<std::string, std::string> name_ends_;  // Of each file seen.
  std::map<std::string, int> stem_counts_;
  std::vector<vision::Picture> tiles_;
  size_t num_left_out_ = 0;
};

}  // namespace sluice::device
