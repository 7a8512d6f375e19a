#include "models/train/report/html_table.h"

#include <cstddef>

#include "absl/strings/str_cat.h"
#include "models/train/report/markup.h"

namespace sluice::train {
namespace {

std::string CellContent(const HtmlCell& cell) {
  std::string html = cell.key_html;
  if (!html.empty()) html += ' ';
  html += EscapeMarkup(cell.text);
  if (!cell.note.empty()) {
    absl::StrAppend(&html, " <small>", EscapeMarkup(cell.note), "</small>");
  }
  return html;
}

const char* ClassOf(const HtmlColumn& column) {
  return column.align == HtmlAlign::kLeft ? " class=\"text\"" : "";
}

}  // namespace

HtmlTable::HtmlTable(std::string caption, std::vector<HtmlColumn> columns)
    : caption_(std::move(caption)), columns_(std::move(columns)) {}

void HtmlTable::AddGroup(const HtmlCell& heading) {
  absl::StrAppend(&rows_html_, "<tr class=\"group\"><th colspan=\"",
                  columns_.size(), "\" class=\"text\">", CellContent(heading),
                  "</th></tr>\n");
}

void HtmlTable::AddRow(std::vector<HtmlCell> cells, HtmlRowWeight weight) {
  cells.resize(columns_.size());
  rows_html_ +=
      weight == HtmlRowWeight::kStrong ? "<tr class=\"strong\">" : "<tr>";
  for (size_t i = 0; i < cells.size(); ++i) {
    const char* tag = i == 0 ? "th" : "td";
    absl::StrAppend(&rows_html_, "<", tag, ClassOf(columns_[i]),
                    i == 0 ? " scope=\"row\">" : ">", CellContent(cells[i]),
                    "</", tag, ">");
  }
  rows_html_ += "</tr>\n";
}

std::string HtmlTable::ToHtml() const {
  std::string html =
      absl::StrCat("<div class=\"wide\"><table>\n<caption>",
                   EscapeMarkup(caption_), "</caption>\n<thead><tr>");
  for (const HtmlColumn& column : columns_) {
    absl::StrAppend(&html, "<th scope=\"col\"", ClassOf(column), ">",
                    EscapeMarkup(column.heading), "</th>");
  }
  absl::StrAppend(&html, "</tr></thead>\n<tbody>\n", rows_html_,
                  "</tbody></table></div>\n");
  return html;
}

}  // namespace sluice::train
