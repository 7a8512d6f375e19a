// Annotated pictures on disk: one per input, and one sheet of all.
#pragma once

#include <cstddef>
#include <filesystem>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/vision/picture.h"
#include "device/report.h"

namespace sluice::device {

class AnnotatedOutput {
 public:
  // An empty path leaves that output out. Creates the directory;
  // InvalidArgument when it cannot be one or the sheet is no .png file.
  static absl::StatusOr<AnnotatedOutput> Create(std::string directory,
                                                std::string sheet_file);

  // Draws the labels of an answered picture and writes it to
  // "<directory>/<name>-annotated.jpg". Inputs of the same name from different
  // places get "-2", "-3", ... before the extension.
  absl::Status Add(const vision::Picture& picture, const PictureReport& report);

  // Writes the sheet. Says so on the log when it had to leave pictures out.
  absl::Status Finish();

 private:
  AnnotatedOutput(std::string directory, std::string sheet_file)
      : directory_(std::move(directory)), sheet_file_(std::move(sheet_file)) {}

  std::string UnusedName(const std::string& source);

  std::string directory_;
  std::string sheet_file_;
  std::set<std::string> used_names_;
  std::vector<vision::Picture> tiles_;
  size_t num_left_out_ = 0;
};

}  // namespace sluice::device
