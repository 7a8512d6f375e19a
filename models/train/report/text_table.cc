#include "models/train/report/text_table.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace sluice::train {

void TextTable::AddRow(std::vector<std::string> cells) {
  cells.resize(rows_.front().size());
  rows_.push_back(std::move(cells));
}

std::string TextTable::ToString() const {
  const size_t num_columns = rows_.front().size();
  std::vector<size_t> widths(num_columns, 0);
  for (const std::vector<std::string>& row : rows_) {
    for (size_t c = 0; c < num_columns; ++c) {
      widths[c] = std::max(widths[c], row[c].size());
    }
  }
  std::string text;
  for (size_t r = 0; r < rows_.size(); ++r) {
    std::string line;
    for (size_t c = 0; c < num_columns; ++c) {
      const std::string& cell = rows_[r][c];
      const std::string blank(widths[c] - cell.size(), ' ');
      absl::StrAppend(&line, c == 0 ? cell + blank : "  " + blank + cell);
    }
    const size_t full_width = line.size();
    absl::StripTrailingAsciiWhitespace(&line);
    absl::StrAppend(&text, line, "\n");
    if (r == 0) absl::StrAppend(&text, std::string(full_width, '-'), "\n");
  }
  return text;
}

}  // namespace sluice::train
