// Pictures for people: results drawn onto a picture, and a sheet of many.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/vision/picture.h"
#include "device/draw_boxes.h"
#include "device/draw_mask.h"
#include "device/label_band.h"

namespace sluice::device {

inline constexpr int kMaxLegendRows = 4;
inline constexpr size_t kMaxContactSheetPictures = 100;

// All results of one picture; any of them may be missing.
struct Annotations {
  std::vector<Label> top;  // Best first.
  std::vector<LabelledBox> boxes;
  // Whose pixels the boxes are in, when it is not the picture but what it was
  // scaled from.
  std::optional<vision::Size> source;
  std::optional<LabelledMask> mask;
  std::string caption;  // "2.0 kB, 14 ms"
};

// Where labels and caption stand: over the bottom of the picture (low pictures
// continue below), or below it, where they hide no box and nothing of the mask.
enum class BandPlace { kOverPicture, kBelowPicture };

struct AnnotateOptions {
  BandPlace band = BandPlace::kBelowPicture;
  // Rows of the legend, 0..kMaxLegendRows. 0: those that the mask's classes
  // take, none without a mask. Otherwise exactly so many, with a mask or
  // without, so that frames of one size stay of one size; the legend then lists
  // all classes in their order and dims those that a frame lacks. LegendRows()
  // says how many that takes.
  int legend_rows = 0;
};

// Blends the mask, draws the boxes, and adds the legend and the band of labels
// and caption. What is too long for the picture ends in "..." or "+3 more". The
// font has printable ASCII only; other characters come out as '?'.
// What is added below makes the picture taller; its width stays, except that
// text must be legible: small pictures are enlarged and narrow ones get
// borders. Pictures of one size with as many labels, with a caption or without,
// and the same options give annotated pictures of one size, if legend_rows is
// not 0. InvalidArgument for an empty picture, a mask whose classes do not fill
// its size, a box that is not finite or legend_rows out of range.
absl::StatusOr<vision::Picture> Annotate(const vision::Picture& picture,
                                         const Annotations& annotations,
                                         const AnnotateOptions& options = {});

// The legend_rows that all these labels take below a picture of that size.
int LegendRows(std::span<const std::string> labels, vision::Size picture);

// Fits the pictures into equal tiles of at most 480 x 400 pixels, row by row,
// on a dark background. Fewer pictures than columns make a narrower sheet.
// InvalidArgument without pictures or columns, ResourceExhausted beyond
// kMaxContactSheetPictures.
absl::StatusOr<vision::Picture> ContactSheet(
    std::span<const vision::Picture> pictures, int columns);

}  // namespace sluice::device
