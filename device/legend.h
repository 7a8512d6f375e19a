// Which colour is which class: swatches and labels in rows below a picture.
#pragma once

#include <opencv2/core.hpp>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "device/tail_result.h"

namespace sluice::device {

// In pixels.
struct LegendRoom {
  int width = 0;
  int row_height = 0;
  int num_rows = 0;
};

struct LegendEntry {
  std::string text;
  std::optional<int> class_index;  // None: the "+3 more" at the end.
  bool is_present = true;          // Others are dimmed.
  int row = 0;
  int left = 0;
};

// The classes that some pixel has, most pixels first.
std::vector<LegendEntry> ListPresentClasses(const LabelledMask& mask,
                                            const LegendRoom& room);

// All classes in their order, so that nothing moves from one frame of a video
// to the next; as ListPresentClasses when not all have room.
std::vector<LegendEntry> ListAllClasses(const LabelledMask& mask,
                                        const LegendRoom& room);

// The rows that all these labels take, 1 at least and room.num_rows at most.
int NumLegendRows(std::span<const std::string> labels, const LegendRoom& room);

// In pixels; 0 when the room has no rows.
int LegendHeight(const LegendRoom& room);

// `strip` is of the room's width and LegendHeight high.
void DrawLegend(std::span<const LegendEntry> entries, const LegendRoom& room,
                cv::Mat& strip);

}  // namespace sluice::device
