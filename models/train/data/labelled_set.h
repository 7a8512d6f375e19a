// Labelled pictures: a folder or a tar holding images/ and labels.csv.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/vision/picture.h"
#include "models/train/data/file_set.h"

namespace sluice::train {

struct LabelRow {
  std::string file;  // Below images/.
  int label = 0;
};

// Parses "file,label" followed by one line per picture. Ascending by file.
// InvalidArgument, naming line and field, for a wrong header, another number
// of fields, an empty or repeated file, a label that is no number in
// 0 .. num_classes - 1, or no rows at all.
absl::StatusOr<std::vector<LabelRow>> ParseLabelsCsv(std::string_view text,
                                                     int num_classes);

// Immutable: reading is safe from several threads.
class LabelledSet {
 public:
  // InvalidArgument when labels.csv is missing, malformed or names a picture
  // that images/ does not hold; otherwise errors as FileSet::Open.
  static absl::StatusOr<LabelledSet> Open(const std::filesystem::path& path,
                                          int num_classes);

  size_t size() const { return pictures_.size(); }
  // Below images/.
  const std::string& name(size_t index) const { return pictures_[index].name; }
  int label(size_t index) const { return pictures_[index].label; }
  // Ascending by file name. Errors name the picture.
  absl::StatusOr<vision::Picture> ReadPicture(size_t index) const;

 private:
  struct Entry {
    size_t file_index;
    std::string name;
    int label;
  };

  LabelledSet(FileSet files, std::vector<Entry> pictures)
      : files_(std::move(files)), pictures_(std::move(pictures)) {}

  FileSet files_;
  std::vector<Entry> pictures_;
};

}  // namespace sluice::train
