#include "device/legend.h"

#include <algorithm>
#include <array>
#include <opencv2/imgproc.hpp>

#include "absl/strings/str_cat.h"
#include "device/palette.h"
#include "device/text.h"

namespace sluice::device {
namespace {

// The parts of an entry, from left to right.
struct Style {
  Font font;
  int margin;
  int swatch;  // A square.
  int gap;     // Between swatch and text.
  int pause;   // Between entries.

  explicit Style(const LegendRoom& room)
      : font(0.42 * room.row_height),
        margin(room.row_height / 2),
        swatch(cvRound(0.6 * room.row_height)),
        gap(cvRound(0.3 * room.row_height)),
        pause(cvRound(0.75 * room.row_height)) {}

  int Width(const LegendEntry& entry) const {
    const int text = font.Width(entry.text);
    return entry.class_index ? swatch + gap + text : text;
  }
};

// Gives entries their places, row by row, and removes those without one.
// Returns how many it removed.
int Flow(const LegendRoom& room, std::vector<LegendEntry>& entries) {
  const Style style(room);
  const int max_text = room.width - 2 * style.margin - style.swatch - style.gap;
  const int right = room.width - style.margin;
  int row = 0;
  int left = style.margin;
  size_t num_placed = 0;
  for (LegendEntry& entry : entries) {
    entry.text = style.font.Fit(entry.text, max_text);
    const int width = style.Width(entry);
    if (left > style.margin && left + width > right) {
      ++row;
      left = style.margin;
    }
    if (row >= room.num_rows) break;
    entry.row = row;
    entry.left = left;
    left += width + style.pause;
    ++num_placed;
  }
  const size_t num_removed = entries.size() - num_placed;
  entries.resize(num_placed);
  return static_cast<int>(num_removed);
}

// Ends the last row with "+3 more", in place of entries if need be.
void AppendMore(const LegendRoom& room, int num_left_out,
                std::vector<LegendEntry>& entries) {
  const Style style(room);
  while (true) {
    LegendEntry more{absl::StrCat("+", num_left_out, " more"), std::nullopt};
    more.row = room.num_rows - 1;
    more.left = style.margin;
    if (!entries.empty() && entries.back().row == more.row) {
      const LegendEntry& last = entries.back();
      more.left = last.left + style.Width(last) + style.pause;
    }
    if (more.left == style.margin ||
        more.left + style.Width(more) <= room.width - style.margin) {
      entries.push_back(std::move(more));
      return;
    }
    entries.pop_back();
    ++num_left_out;
  }
}

std::vector<LegendEntry> EntriesOf(std::span<const std::string> labels) {
  std::vector<LegendEntry> entries;
  for (int i = 0; i < static_cast<int>(labels.size()); ++i) {
    entries.push_back({ToAscii(ClassName(labels, i)), i});
  }
  return entries;
}

}  // namespace

std::vector<LegendEntry> ListPresentClasses(const LabelledMask& mask,
                                            const LegendRoom& room) {
  const std::array<size_t, 256> counts = CountPixels(mask.mask);
  std::vector<LegendEntry> entries;
  for (int i = 0; i < 256; ++i) {
    if (counts[i] > 0)
      entries.push_back({ToAscii(ClassName(mask.labels, i)), i});
  }
  std::stable_sort(entries.begin(), entries.end(),
                   [&counts](const LegendEntry& a, const LegendEntry& b) {
                     return counts[*a.class_index] > counts[*b.class_index];
                   });
  const int num_left_out = Flow(room, entries);
  if (num_left_out > 0) AppendMore(room, num_left_out, entries);
  return entries;
}

std::vector<LegendEntry> ListAllClasses(const LabelledMask& mask,
                                        const LegendRoom& room) {
  const std::array<size_t, 256> counts = CountPixels(mask.mask);
  std::vector<LegendEntry> entries = EntriesOf(mask.labels);
  for (int i = static_cast<int>(entries.size()); i < 256; ++i) {
    if (counts[i] > 0)
      entries.push_back({ToAscii(ClassName(mask.labels, i)), i});
  }
  for (LegendEntry& entry : entries) {
    const int i = *entry.class_index;
    entry.is_present = i < 256 && counts[i] > 0;
  }
  return Flow(room, entries) == 0 ? entries : ListPresentClasses(mask, room);
}

int NumLegendRows(std::span<const std::string> labels, const LegendRoom& room) {
  std::vector<LegendEntry> entries = EntriesOf(labels);
  if (Flow(room, entries) > 0) return room.num_rows;
  return entries.empty() ? 1 : entries.back().row + 1;
}

int LegendHeight(const LegendRoom& room) {
  return room.num_rows == 0
             ? 0
             : room.num_rows * room.row_height + room.row_height / 2;
}

void DrawLegend(std::span<const LegendEntry> entries, const LegendRoom& room,
                cv::Mat& strip) {
  const Style style(room);
  for (const LegendEntry& entry : entries) {
    const int middle =
        style.margin / 2 + entry.row * room.row_height + room.row_height / 2;
    int left = entry.left;
    if (entry.class_index) {
      const cv::Rect swatch(left, middle - style.swatch / 2, style.swatch,
                            style.swatch);
      cv::rectangle(strip, swatch, ClassColor(*entry.class_index),
                    entry.is_present ? cv::FILLED : 1);
      left += style.swatch + style.gap;
    }
    style.font.Draw(strip, entry.text, left, middle,
                    entry.is_present ? kSoftWhite : kDimmed);
  }
}

}  // namespace sluice::device
