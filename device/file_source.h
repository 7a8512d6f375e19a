// Pictures of files, directories, patterns and video files.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/mutex.h"
#include "common/vision/picture.h"
#include "device/frame_pacer.h"
#include "device/source.h"
#include "device/video_reader.h"

namespace sluice::device {

// Yields the pictures of all inputs in order and loses none. An input is
//   a picture file (JPEG, PNG, WebP),
//   a video file (by its extension, or a file that is no picture but a video),
//   a directory: the picture files directly in it, sorted by name,
//   a pattern such as "photos/*.jpg" that no file is named like: sorted
//   matches.
// An input that yields nothing becomes one item with an error, and so does a
// file that cannot be read; the inputs after it still come. With options.loop
// the inputs, as they were found at first, come again and again, unless a whole
// round had no picture.
class FileSource : public Source {
 public:
  FileSource(const std::vector<std::string>& inputs,
             const SourceOptions& options);

  std::optional<SourcePicture> Next() override;
  void Stop() override;
  bool is_live() const override { return false; }

 private:
  // A file to read, or an input that has already failed.
  struct Entry {
    std::string source;
    absl::Status status;
  };

  void AddInput(const std::string& input);
  void AddDirectory(const std::string& directory);
  void AddPattern(const std::string& pattern);

  // False when stopped before the next picture is due.
  bool WaitForItsTime();
  // Fills source and picture; false after the last one.
  bool ReadNext(SourcePicture* item);
  // The next entry, if there is one left in this round or another round.
  const Entry* NextEntry();
  // False when the video is over.
  bool ReadVideoFrame(SourcePicture* item);
  // Reads a picture, or opens a video and leaves `item` to ReadVideoFrame.
  // False in the second case.
  bool ReadFile(const std::string& file, SourcePicture* item);

  const bool loop_;
  FramePacer pacer_;
  std::vector<Entry> entries_;
  size_t next_entry_ = 0;
  bool round_had_a_picture_ = false;
  std::optional<VideoReader> video_;
  std::string video_source_;
  uint64_t video_frame_ = 0;
  uint64_t sequence_ = 0;

  base::Mutex mutex_;
  base::CondVar stop_;
  bool is_stopped_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace sluice::device
