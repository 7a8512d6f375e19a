#include "device/draw_boxes.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>
#include <opencv2/imgproc.hpp>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "device/palette.h"
#include "device/text.h"

namespace sluice::device {
namespace {

constexpr double kCasingOpacity = 0.5;
// Of a hidden pixel of a tag, in hidden pixels of boxes.
constexpr int64_t kTagCost = 50;

// A box as it is drawn, in pixels of the canvas.
struct DrawnBox {
  cv::Rect ring;  // The box with the line around it.
  std::string text;
  cv::Scalar color;
  cv::Rect tag = {};
};

// Written so that NaN becomes 0.
double Probability(float score) {
  return score > 0.0f ? std::min(1.0, static_cast<double>(score)) : 0.0;
}

task::Box Clip(const task::Box& box, vision::Size source) {
  const auto width = static_cast<float>(source.width);
  const auto height = static_cast<float>(source.height);
  return {
      std::clamp(box.x_min, 0.0f, width), std::clamp(box.y_min, 0.0f, height),
      std::clamp(box.x_max, 0.0f, width), std::clamp(box.y_max, 0.0f, height)};
}

// Those with something to see, the best first.
std::vector<const LabelledBox*> BestBoxes(std::span<const LabelledBox> boxes,
                                          vision::Size source) {
  std::vector<const LabelledBox*> best;
  for (const LabelledBox& box : boxes) {
    const task::Box seen = Clip(box.box, source);
    if (seen.x_min < seen.x_max && seen.y_min < seen.y_max) {
      best.push_back(&box);
    }
  }
  std::stable_sort(best.begin(), best.end(),
                   [](const LabelledBox* a, const LabelledBox* b) {
                     return Probability(a->score) > Probability(b->score);
                   });
  best.resize(std::min(best.size(), kMaxDrawnBoxes));
  return best;
}

// Nearest whole pixels.
cv::Rect ToCanvas(const task::Box& box, vision::Size source, cv::Size canvas) {
  const task::Box seen = Clip(box, source);
  const double scale_x = static_cast<double>(canvas.width) / source.width;
  const double scale_y = static_cast<double>(canvas.height) / source.height;
  const auto round = [](double value) {
    return static_cast<int>(std::lround(value));
  };
  return cv::Rect(
      cv::Point(round(seen.x_min * scale_x), round(seen.y_min * scale_y)),
      cv::Point(round(seen.x_max * scale_x), round(seen.y_max * scale_y)));
}

cv::Rect Grow(const cv::Rect& rect, int by, cv::Size canvas) {
  return cv::Rect(rect.x - by, rect.y - by, rect.width + 2 * by,
                  rect.height + 2 * by) &
         cv::Rect({0, 0}, canvas);
}

void Blend(cv::Mat& canvas, const cv::Rect& rect, const cv::Scalar& color,
           double opacity) {
  if (rect.empty()) return;
  cv::Mat part = canvas(rect);
  cv::addWeighted(cv::Mat(part.size(), part.type(), color), opacity, part,
                  1 - opacity, 0, part);
}

// The outermost `width` pixels of `rect`.
void DrawRing(cv::Mat& canvas, const cv::Rect& rect, int width,
              const cv::Scalar& color, double opacity) {
  const int w = std::min(width, (rect.width + 1) / 2);
  const int h = std::min(width, (rect.height + 1) / 2);
  const int inner_height = std::max(0, rect.height - 2 * h);
  const std::array<cv::Rect, 4> sides = {
      cv::Rect(rect.x, rect.y, rect.width, h),
      cv::Rect(rect.x, rect.br().y - h, rect.width, h),
      cv::Rect(rect.x, rect.y + h, w, inner_height),
      cv::Rect(rect.br().x - w, rect.y + h, w, inner_height)};
  for (const cv::Rect& side : sides) Blend(canvas, side, color, opacity);
}

// The place around the ring of boxes[index] that hides least of other boxes
// and of the tags before it; the first of equal ones. Never outside of the
// canvas.
cv::Rect PlaceTag(const std::vector<DrawnBox>& boxes, size_t index,
                  cv::Size tag, cv::Size canvas) {
  const cv::Rect& ring = boxes[index].ring;
  const int above = ring.y - tag.height;
  const int below = ring.br().y;
  const int right_aligned = ring.br().x - tag.width;
  const std::array<cv::Point, 6> corners = {
      cv::Point(ring.x, above),  cv::Point(right_aligned, above),
      cv::Point(ring.x, below),  cv::Point(right_aligned, below),
      cv::Point(ring.x, ring.y), cv::Point(ring.x, below - tag.height)};
  cv::Rect best;
  int64_t best_cost = std::numeric_limits<int64_t>::max();
  for (const cv::Point& corner : corners) {
    const cv::Rect place(
        std::clamp(corner.x, 0, std::max(0, canvas.width - tag.width)),
        std::clamp(corner.y, 0, std::max(0, canvas.height - tag.height)),
        tag.width, tag.height);
    // Inside of its own box is worse than over the edge of another.
    int64_t cost = (place & ring).area();
    for (size_t i = 0; i < boxes.size(); ++i) {
      if (i != index) cost += (place & boxes[i].ring).area();
      if (i < index) cost += kTagCost * (place & boxes[i].tag).area();
    }
    if (cost < best_cost) {
      best = place;
      best_cost = cost;
    }
  }
  return best;
}

// How large lines and tags are on a canvas.
struct Style {
  Font font;
  int padding;
  int tag_height;
  int line;
  int casing;

  explicit Style(cv::Size canvas)
      : font(std::max(8.0, 0.34 * RowHeight({canvas.width, canvas.height}))),
        padding(cvRound(0.5 * font.cap_height())),
        tag_height(cvRound(2.0 * font.cap_height())),
        line(std::max(
            2, cvRound(std::sqrt(1.0 * canvas.width * canvas.height) / 320))),
        casing((line + 2) / 3) {}
};

// "label 87%", or what of it the canvas has room for.
std::string TagText(const LabelledBox& box, const Style& style, int width) {
  const std::string percent =
      absl::StrFormat("%.0f%%", 100 * Probability(box.score));
  const std::string label =
      style.font.Fit(ToAscii(box.label), width - 2 * style.padding -
                                             style.font.Width(" " + percent));
  return label.empty() ? percent : absl::StrCat(label, " ", percent);
}

void DrawTag(cv::Mat& canvas, const DrawnBox& box, const Style& style) {
  cv::rectangle(canvas, box.tag, box.color, cv::FILLED);
  style.font.Draw(canvas, box.text, box.tag.x + style.padding,
                  box.tag.y + box.tag.height / 2, InkOn(box.color));
}

}  // namespace

void DrawBoxes(std::span<const LabelledBox> boxes, vision::Size source,
               cv::Mat& canvas) {
  const cv::Size size = canvas.size();
  const Style style(size);
  std::vector<DrawnBox> drawn;
  for (const LabelledBox* box : BestBoxes(boxes, source)) {
    drawn.push_back(
        {.ring = Grow(ToCanvas(box->box, source, size), style.line, size),
         .text = TagText(*box, style, size.width),
         .color = ClassColor(box->class_index)});
  }
  for (size_t i = 0; i < drawn.size(); ++i) {
    const cv::Size tag(style.font.Width(drawn[i].text) + 2 * style.padding,
                       style.tag_height);
    drawn[i].tag = PlaceTag(drawn, i, tag, size);
  }
  std::reverse(drawn.begin(), drawn.end());
  for (const DrawnBox& box : drawn) {
    DrawRing(canvas, Grow(box.ring, style.casing, size),
             style.line + 2 * style.casing, kPanelColor, kCasingOpacity);
    DrawRing(canvas, box.ring, style.line, box.color, 1.0);
  }
  for (const DrawnBox& box : drawn) DrawTag(canvas, box, style);
}

}  // namespace sluice::device
