// The files of a folder, of a tar or of one path, in one stable order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace sluice::train {

inline constexpr size_t kMaxFileBytes = 64u << 20;
inline constexpr size_t kMaxFilesInSet = 10'000'000;

// Knows names at once and reads bytes on demand. Nothing is ever unpacked to
// disk, so a tar's names may be as hostile as they like. Immutable: reading is
// safe from several threads.
class FileSet {
 public:
  // A folder (searched recursively), an uncompressed tar (ustar, GNU or pax;
  // of equal names the last counts), or any other single file. NotFound when
  // there is nothing at `path`, InvalidArgument for a damaged tar.
  static absl::StatusOr<FileSet> Open(const std::filesystem::path& path);

  const std::filesystem::path& path() const { return path_; }
  size_t size() const { return files_.size(); }
  // Relative to the root, '/' between parts; ascending bytewise by index.
  const std::string& name(size_t index) const { return files_[index].name; }
  // The index of `name`, if the set holds it.
  std::optional<size_t> Find(std::string_view name) const;

  // REQUIRES: index < size(). ResourceExhausted above kMaxFileBytes; DataLoss
  // when a tar ends early; errors name the file.
  absl::StatusOr<std::vector<uint8_t>> Read(size_t index) const;

 private:
  enum class Kind { kFolder, kTar, kSingleFile };
  struct File {
    std::string name;
    int64_t header_offset = 0;  // Where its header begins; tars only.
  };

  FileSet(std::filesystem::path path, Kind kind, std::vector<File> files)
      : path_(std::move(path)), kind_(kind), files_(std::move(files)) {}

  static absl::StatusOr<std::vector<File>> ListFolder(
      const std::filesystem::path& root);
  static absl::StatusOr<std::vector<File>> ListTar(
      const std::filesystem::path& path);
  absl::StatusOr<std::vector<uint8_t>> ReadFromTar(const File& file) const;

  std::filesystem::path path_;
  Kind kind_;
  std::vector<File> files_;
};

}  // namespace sluice::train
