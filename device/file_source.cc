#include "device/file_source.h"

#include <glob.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <span>
#include <string_view>
#include <system_error>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "device/stopwatch.h"

namespace sluice::device {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 4> kPictureExtensions = {
    ".jpg", ".jpeg", ".png", ".webp"};
constexpr std::array<std::string_view, 9> kVideoExtensions = {
    ".mp4", ".m4v", ".mkv", ".webm", ".mov", ".avi", ".mpg", ".mpeg", ".ts"};

bool HasExtension(const fs::path& path,
                  std::span<const std::string_view> extensions) {
  std::string extension = path.extension().string();
  absl::AsciiStrToLower(&extension);
  return std::find(extensions.begin(), extensions.end(), extension) !=
         extensions.end();
}

bool IsPattern(const std::string& input) {
  return input.find_first_of("*?[") != std::string::npos;
}

}  // namespace

FileSource::FileSource(const std::vector<std::string>& inputs,
                       const SourceOptions& options)
    : loop_(options.loop), pacer_(options.max_fps) {
  for (const std::string& input : inputs) {
    std::error_code error;
    if (!fs::exists(input, error) && IsPattern(input)) {
      AddPattern(input);
    } else {
      AddInput(input);
    }
  }
}

void FileSource::AddInput(const std::string& input) {
  std::error_code error;
  const fs::file_status status = fs::status(input, error);
  if (fs::is_directory(status)) {
    AddDirectory(input);
  } else if (!fs::exists(status)) {
    entries_.push_back(
        {input, absl::NotFoundError("no such file or directory")});
  } else if (!fs::is_regular_file(status)) {
    // A pipe or a device might never end.
    entries_.push_back({input, absl::InvalidArgumentError(
                                   "expected a file or a directory, found "
                                   "something else")});
  } else {
    entries_.push_back({input, absl::OkStatus()});
  }
}

void FileSource::AddDirectory(const std::string& directory) {
  std::error_code error;
  std::vector<std::string> files;
  for (fs::directory_iterator it(directory, error), end; !error && it != end;
       it.increment(error)) {
    std::error_code ignored;  // A dangling link is no regular file.
    if (HasExtension(it->path(), kPictureExtensions) &&
        it->is_regular_file(ignored)) {
      files.push_back(it->path().string());
    }
  }
  if (error) {
    entries_.push_back(
        {directory, absl::InvalidArgumentError(absl::StrCat(
                        "cannot read the directory: ", error.message()))});
    return;
  }
  if (files.empty()) {
    entries_.push_back(
        {directory,
         absl::NotFoundError(
             "expected .jpg, .jpeg, .png or .webp files in the directory, "
             "found none")});
    return;
  }
  std::sort(files.begin(), files.end());
  for (std::string& file : files) {
    entries_.push_back({std::move(file), absl::OkStatus()});
  }
}

void FileSource::AddPattern(const std::string& pattern) {
  glob_t matches = {};
  const int result = glob(pattern.c_str(), 0, nullptr, &matches);
  for (size_t i = 0; i < matches.gl_pathc; ++i) AddInput(matches.gl_pathv[i]);
  globfree(&matches);
  if (result == GLOB_NOMATCH) {
    entries_.push_back(
        {pattern, absl::NotFoundError("no file matches the pattern")});
  } else if (result != 0) {
    entries_.push_back({pattern, absl::InvalidArgumentError(
                                     "cannot search for the pattern's files")});
  }
}

void FileSource::Stop() {
  base::MutexLock lock(mutex_);
  is_stopped_ = true;
  stop_.NotifyAll();
}

bool FileSource::WaitForItsTime() {
  base::MutexLock lock(mutex_);
  while (!is_stopped_ && !stop_.WaitUntil(mutex_, pacer_.due())) {
  }
  return !is_stopped_;
}

std::optional<SourcePicture> FileSource::Next() {
  if (!WaitForItsTime()) return std::nullopt;
  SourcePicture item;
  item.captured = std::chrono::system_clock::now();
  item.started = std::chrono::steady_clock::now();
  pacer_.Take(item.started);
  Stopwatch stopwatch;
  if (!ReadNext(&item)) return std::nullopt;
  item.read_ms = stopwatch.Lap();
  item.sequence = sequence_++;
  round_had_a_picture_ |= item.picture.ok();
  return item;
}

bool FileSource::ReadNext(SourcePicture* item) {
  while (true) {
    if (video_.has_value() && ReadVideoFrame(item)) return true;
    const Entry* entry = NextEntry();
    if (entry == nullptr) return false;
    item->source = entry->source;
    if (!entry->status.ok()) {
      item->picture = entry->status;
      return true;
    }
    if (ReadFile(entry->source, item)) return true;
  }
}

const FileSource::Entry* FileSource::NextEntry() {
  if (next_entry_ == entries_.size() && loop_ && round_had_a_picture_) {
    next_entry_ = 0;
    round_had_a_picture_ = false;
  }
  return next_entry_ < entries_.size() ? &entries_[next_entry_++] : nullptr;
}

bool FileSource::ReadVideoFrame(SourcePicture* item) {
  absl::StatusOr<std::optional<vision::Picture>> frame = video_->Next();
  item->source = absl::StrCat(video_source_, "#", video_frame_++);
  if (frame.ok() && frame->has_value()) {
    item->frame_rate = video_->frame_rate();
    item->picture = std::move(**frame);
    return true;
  }
  video_.reset();
  if (frame.ok()) return false;
  item->picture = frame.status();
  return true;
}

bool FileSource::ReadFile(const std::string& file, SourcePicture* item) {
  if (!HasExtension(file, kVideoExtensions)) {
    item->picture = vision::ReadPicture(file);
    const bool may_be_video = absl::IsInvalidArgument(item->picture.status()) &&
                              !HasExtension(file, kPictureExtensions);
    if (!may_be_video) return true;
  }
  absl::StatusOr<VideoReader> video = VideoReader::Open(file);
  if (!video.ok()) {
    // What the picture decoder said is the better message where it was asked.
    if (HasExtension(file, kVideoExtensions)) item->picture = video.status();
    return true;
  }
  video_ = *std::move(video);
  video_source_ = file;
  video_frame_ = 0;
  return false;
}

}  // namespace sluice::device
