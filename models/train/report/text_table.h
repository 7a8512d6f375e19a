// Aligned columns of text for a terminal.
#pragma once

#include <string>
#include <vector>

namespace sluice::train {

// The first column is flush left, all others flush right, two spaces between
// them; widths count bytes.
class TextTable {
 public:
  explicit TextTable(std::vector<std::string> header)
      : rows_{std::move(header)} {}

  // Missing cells at the end are blank. REQUIRES: no more cells than headings.
  void AddRow(std::vector<std::string> cells);

  // One line per row, the header first and underlined; no trailing spaces.
  std::string ToString() const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace sluice::train
