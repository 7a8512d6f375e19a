#include "models/train/data/labelled_set.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <set>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "models/train/data/annotate.h"

namespace sluice::train {
namespace {

constexpr std::string_view kHeader = "file,label";
constexpr std::string_view kImages = "images/";
constexpr std::string_view kLabels = "labels.csv";

absl::Status LineError(int line, const std::string& what) {
  return absl::InvalidArgumentError(
      absl::StrCat(std::string(kLabels), " line ", line, ": ", what));
}

absl::StatusOr<LabelRow> ParseRow(std::string_view row, int line,
                                  int num_classes) {
  const size_t comma = row.find(',');
  if (comma == std::string_view::npos ||
      row.find(',', comma + 1) != std::string_view::npos) {
    return LineError(line, absl::StrCat("expected two fields, file,label, "
                                        "found \"",
                                        std::string(row), "\""));
  }
  const std::string_view file = row.substr(0, comma);
  const std::string_view label = row.substr(comma + 1);
  if (file.empty()) return LineError(line, "field file is empty");
  int value = -1;
  const auto [end, error] =
      std::from_chars(label.data(), label.data() + label.size(), value);
  if (error != std::errc() || end != label.data() + label.size() || value < 0 ||
      value >= num_classes) {
    return LineError(line, absl::StrCat("field label: expected a number in 0..",
                                        num_classes - 1, ", found \"",
                                        std::string(label), "\""));
  }
  return LabelRow{.file = std::string(file), .label = value};
}

// The text up to the next line end, which is consumed; "\r\n" counts as one.
std::string_view TakeLine(std::string_view* text) {
  const size_t end = std::min(text->find('\n'), text->size());
  std::string_view line = text->substr(0, end);
  text->remove_prefix(std::min(end + 1, text->size()));
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

}  // namespace

absl::StatusOr<std::vector<LabelRow>> ParseLabelsCsv(std::string_view text,
                                                     int num_classes) {
  const std::string_view header = TakeLine(&text);
  if (header != kHeader) {
    return LineError(
        1, absl::StrCat("expected \"", std::string(kHeader), "\", found \"",
                        std::string(header), "\""));
  }
  std::vector<LabelRow> rows;
  std::set<std::string> seen;
  for (int line = 2; !text.empty(); ++line) {
    SLUICE_ASSIGN_OR_RETURN(LabelRow row,
                            ParseRow(TakeLine(&text), line, num_classes));
    if (!seen.insert(row.file).second) {
      return LineError(
          line, absl::StrCat("field file: \"", row.file, "\" appears twice"));
    }
    rows.push_back(std::move(row));
  }
  if (rows.empty()) return LineError(2, "expected at least one picture");
  std::sort(rows.begin(), rows.end(), [](const LabelRow& a, const LabelRow& b) {
    return a.file < b.file;
  });
  return rows;
}

absl::StatusOr<LabelledSet> LabelledSet::Open(const std::filesystem::path& path,
                                              int num_classes) {
  SLUICE_ASSIGN_OR_RETURN(FileSet files, FileSet::Open(path));
  const std::optional<size_t> labels = files.Find(kLabels);
  if (!labels.has_value()) {
    return absl::InvalidArgumentError(
        absl::StrCat(path.string(),
                     ": expected a folder or tar holding images/ and "
                     "labels.csv, found no labels.csv"));
  }
  SLUICE_ASSIGN_OR_RETURN(const std::vector<uint8_t> bytes,
                          files.Read(*labels));
  const absl::StatusOr<std::vector<LabelRow>> rows = ParseLabelsCsv(
      {reinterpret_cast<const char*>(bytes.data()), bytes.size()}, num_classes);
  if (!rows.ok()) return Annotate(rows.status(), path.string());
  std::vector<Entry> pictures;
  for (const LabelRow& row : *rows) {
    const std::string name = std::string(kImages) + row.file;
    const std::optional<size_t> index = files.Find(name);
    if (!index.has_value()) {
      return absl::InvalidArgumentError(
          absl::StrCat(path.string(), ": labels.csv names \"", row.file,
                       "\", but there is no ", name));
    }
    pictures.push_back({*index, row.file, row.label});
  }
  return LabelledSet(std::move(files), std::move(pictures));
}

absl::StatusOr<vision::Picture> LabelledSet::ReadPicture(size_t index) const {
  const size_t file_index = pictures_[index].file_index;
  SLUICE_ASSIGN_OR_RETURN(const std::vector<uint8_t> bytes,
                          files_.Read(file_index));
  absl::StatusOr<vision::Picture> picture = vision::DecodePicture(bytes);
  if (!picture.ok()) {
    return Annotate(picture.status(), files_.name(file_index));
  }
  return picture;
}

}  // namespace sluice::train
