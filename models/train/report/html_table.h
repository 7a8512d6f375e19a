// Tables of an HTML page.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace sluice::train {

// Strings are plain text unless a name ends in `_html`.
struct HtmlCell {
  HtmlCell() = default;
  HtmlCell(std::string cell_text) : text(std::move(cell_text)) {}  // NOLINT
  HtmlCell(const char* cell_text) : text(cell_text) {}             // NOLINT
  HtmlCell(std::string cell_text, std::string cell_note)
      : text(std::move(cell_text)), note(std::move(cell_note)) {}

  std::string text;
  std::string note;      // After it, quieter.
  std::string key_html;  // Before it: a line's key in a plot.
};

enum class HtmlAlign { kLeft, kRight };

struct HtmlColumn {
  std::string heading;
  HtmlAlign align = HtmlAlign::kRight;
};

enum class HtmlRowWeight { kNormal, kStrong };

class HtmlTable {
 public:
  // The caption stands above the table.
  HtmlTable(std::string caption, std::vector<HtmlColumn> columns);

  // A heading over the rows that follow.
  void AddGroup(const HtmlCell& heading);
  // The first cell heads its row. Missing cells at the end are blank.
  // REQUIRES: no more cells than columns.
  void AddRow(std::vector<HtmlCell> cells,
              HtmlRowWeight weight = HtmlRowWeight::kNormal);

  // A <div> that scrolls sideways where the table is wider than the page.
  std::string ToHtml() const;

 private:
  std::string caption_;
  std::vector<HtmlColumn> columns_;
  std::string rows_html_;
};

}  // namespace sluice::train
