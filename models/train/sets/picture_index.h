// Finds the pictures of a file set by the names that annotations use.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "absl/status/statusor.h"
#include "models/train/data/file_set.h"

namespace sluice::train {

// The folder that every file is in, however deep, with a '/' at its end; empty
// when there is none. Archives often hold everything in one folder.
std::string CommonFolder(const FileSet& files);

// The files below `folder` (empty or with a '/' at its end) whose names end
// with `suffix`, in the set's order.
std::vector<size_t> FilesBelow(const FileSet& files, std::string_view folder,
                               std::string_view suffix);

// "a/b.c.png" -> "a/b.c".
std::string_view WithoutExtension(std::string_view name);

// True for .jpg, .jpeg, .png and .webp in any case, hidden files excepted.
bool IsPictureName(std::string_view name);

class PictureIndex {
 public:
  // Keeps views of the names: `files` must outlive it and stay where it is.
  explicit PictureIndex(const FileSet& files);

  // The picture of that name, or the only one with that name and an extension.
  // InvalidArgument when there is none or more than one.
  absl::StatusOr<size_t> Find(std::string_view name) const;

 private:
  const FileSet& files_;
  std::unordered_multimap<std::string_view, size_t> by_stem_;
};

}  // namespace sluice::train
