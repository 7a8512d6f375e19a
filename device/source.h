// Where pictures come from: files, directories, patterns and video files.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/vision/picture.h"
#include "device/video_reader.h"

namespace sluice::device {

// One picture, or the reason why there is none.
struct SourcePicture {
  std::string source;     // "dir/cat.jpg", or "clip.mp4#7": frame 7 of a video.
  uint64_t sequence = 0;  // 0, 1, 2, ... over all inputs, failures included.
  double read_ms = 0;     // Reading and decoding.
  absl::StatusOr<vision::Picture> picture;
};

// Yields the pictures of all inputs in order. An input is
//   a picture file (JPEG, PNG, WebP),
//   a video file (by its extension, or a file that is no picture but a video),
//   a directory: the picture files directly in it, sorted by name,
//   a pattern such as "photos/*.jpg" that no file is named like: sorted
//   matches.
// An input that yields nothing becomes one item with an error, and so does a
// file that cannot be read; the inputs after it still come.
class PictureSource {
 public:
  explicit PictureSource(const std::vector<std::string>& inputs);

  // Nullopt after the last picture.
  std::optional<SourcePicture> Next();

 private:
  // A file to read, or an input that has already failed.
  struct Entry {
    std::string source;
    absl::Status status;
  };

  void AddInput(const std::string& input);
  void AddDirectory(const std::string& directory);
  void AddPattern(const std::string& pattern);

  // Fills source and picture; false after the last one.
  bool ReadNext(SourcePicture* item);
  // False when the video is over.
  bool ReadVideoFrame(SourcePicture* item);
  // Reads a picture, or opens a video and leaves `item` to ReadVideoFrame.
  // False in the second case.
  bool ReadFile(const std::string& file, SourcePicture* item);

  std::deque<Entry> entries_;
  std::optional<VideoReader> video_;
  std::string video_source_;
  uint64_t video_frame_ = 0;
  uint64_t sequence_ = 0;
};

}  // namespace sluice::device
