#include "models/train/sets/boxes_csv.h"

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/artifact/json_fields.h"
#include "common/base/status_macros.h"

namespace sluice::train {
namespace {

using artifact::Quoted;

constexpr std::array<std::string_view, 7> kFields = {
    "split", "image", "class", "xmin", "ymin", "xmax", "ymax"};
constexpr std::string_view kHeader = "split,image,class,xmin,ymin,xmax,ymax";
constexpr size_t kMaxSplitsShown = 8;

absl::Status LineError(int line, const std::string& what) {
  return absl::InvalidArgumentError(absl::StrCat("line ", line, ": ", what));
}

// The text up to the next `end`, which is consumed.
std::string_view Take(std::string_view* text, char end) {
  const std::string_view taken = text->substr(0, text->find(end));
  text->remove_prefix(std::min(taken.size() + 1, text->size()));
  return taken;
}

std::string_view TakeLine(std::string_view* text) {
  std::string_view line = Take(text, '\n');
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

using Fields = std::array<std::string_view, kFields.size()>;

absl::StatusOr<Fields> SplitLine(std::string_view row, int line) {
  Fields fields;
  std::string_view rest = row;
  for (std::string_view& field : fields) field = Take(&rest, ',');
  const size_t num_commas = std::count(row.begin(), row.end(), ',');
  if (num_commas + 1 != fields.size() ||
      row.find('"') != std::string_view::npos) {
    return LineError(line,
                     absl::StrCat("expected the fields ", std::string(kHeader),
                                  " without quotes, found ", Quoted(row)));
  }
  for (size_t i = 0; i < fields.size(); ++i) {
    if (!fields[i].empty()) continue;
    return LineError(
        line, absl::StrCat("field ", std::string(kFields[i]), " is empty"));
  }
  return fields;
}

absl::StatusOr<BoxRow> ParseRow(const Fields& fields, int line) {
  std::array<float, 4> corners;
  for (size_t i = 0; i < corners.size(); ++i) {
    const std::string_view text = fields[3 + i];
    const std::optional<float> value = ParseCoordinate(text);
    if (!value.has_value()) {
      return LineError(
          line, absl::StrCat("field ", std::string(kFields[3 + i]),
                             ": expected a number, found ", Quoted(text)));
    }
    corners[i] = *value;
  }
  return BoxRow{
      .image = std::string(fields[1]),
      .box = {.class_name = std::string(fields[2]),
              .box = {corners[0], corners[1], corners[2], corners[3]}}};
}

}  // namespace

absl::StatusOr<std::vector<BoxRow>> ParseBoxesCsv(std::string_view text,
                                                  std::string_view split) {
  const std::string_view header = TakeLine(&text);
  if (header != kHeader) {
    return LineError(1, absl::StrCat("expected ", Quoted(kHeader), ", found ",
                                     Quoted(header)));
  }
  std::vector<BoxRow> rows;
  std::set<std::string> splits;
  for (int line = 2; !text.empty(); ++line) {
    SLUICE_ASSIGN_OR_RETURN(const Fields fields,
                            SplitLine(TakeLine(&text), line));
    if (splits.size() < kMaxSplitsShown) splits.emplace(fields[0]);
    SLUICE_ASSIGN_OR_RETURN(BoxRow row, ParseRow(fields, line));
    if (fields[0] == split) rows.push_back(std::move(row));
  }
  if (rows.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "expected rows of split ", Quoted(split), ", found ",
        splits.empty() ? "none at all"
                       : "those of " + absl::StrJoin(splits, ", ")));
  }
  return rows;
}

}  // namespace sluice::train
