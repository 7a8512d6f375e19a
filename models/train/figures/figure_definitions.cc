#include "models/train/figures/figure_definitions.h"

#include <iterator>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "models/train/figures/figures.h"
#include "models/train/figures/rate_curve.h"
#include "models/train/figures/task_words.h"

namespace sluice::train {
namespace {

std::vector<Definition> OfTask(Task task) {
  switch (task) {
    case Task::kClassification:
      return {{"top-1, top-5",
               "Share of pictures whose label is the first, or among the first "
               "five, of the answer. The standard error is the binomial "
               "sqrt(p (1 - p) / n)."},
              {"KL",
               "KL(teacher || answer) of the class probabilities in nats, mean "
               "over pictures; 0 for the teacher's own answer."}};
    case Task::kDetection:
      return {{"AP, mAP",
               "Average precision as COCO defines it for boxes: precision "
               "averaged over recalls of 0, 0.01, ... 1, where a box is right "
               "when it is the best of an object still to be found and of its "
               "class, at an IoU of at least 0.5 (AP@0.5) or as the mean over "
               "0.5, 0.55, ... 0.95 (AP@[.5:.95]). mAP is the mean over the "
               "classes that have objects; \"any class\" counts all classes "
               "as one. At most 100 boxes of a picture count, from a score of "
               "0.05, in the source picture's pixels."}};
    case Task::kSegmentation:
      break;
  }
  return {{"IoU, mIoU, pixel accuracy",
           "Intersection over union of a class: its pixels that were found, as "
           "a share of all labelled pixels that are of it or were taken for "
           "it, over all pictures at once. mIoU is the mean over the classes "
           "that have pixels, pixel accuracy the share of labelled pixels "
           "that were found. Masks are compared at the source picture's size; "
           "pixels labelled as none of the classes do not count."}};
}

std::string BdRateText(const std::string& quality) {
  return absl::StrFormat(
      "Mean difference of bytes at equal quality between a method and an "
      "anchor: exp(mean of log method bytes - log anchor bytes) - 1, over the "
      "qualities that both curves reach within drops of %.0f to %.0f points of "
      "%s, or within KL of %g to %g nats, evenly in %s or log KL. -50 %% is "
      "half of the anchor's bytes. Undefined when that common interval is "
      "shorter than %.0f %% of the wanted one, or a curve has fewer than %d "
      "points within it.",
      100 * kWantedDrops.low, 100 * kWantedDrops.high, quality, kWantedKl.low,
      kWantedKl.high, quality, 100 * kMinSharedFraction, kMinPointsWithin);
}

std::string IntervalText() {
  return absl::StrFormat(
      "2.5 %% and 97.5 %% percentiles over %d bootstrap resamples of the "
      "pictures. A resample draws the same pictures for all methods and the "
      "reference, so drops and BD-rates are paired. They say how far another "
      "draw of so many pictures would move a figure, not how training again "
      "would. A BD-rate has an interval when at least %.0f %% of the resamples "
      "define it.",
      kNumResamples, 100 * kMinDefinedFraction);
}

}  // namespace

std::vector<Definition> FigureDefinitions(const std::vector<Task>& tasks) {
  std::vector<Definition> definitions = {
      {"bytes, bpp",
       "Bytes are those of the whole frame or file, headers included, mean "
       "over pictures; p95 is the size that 95 % of them do not exceed. bpp = "
       "8 * bytes / (height * width of the network's input)."}};
  std::vector<std::string> titles;
  for (const Task task : tasks) {
    titles.push_back(WordsOf(task).quality.title);
    std::vector<Definition> own = OfTask(task);
    definitions.insert(definitions.end(), std::make_move_iterator(own.begin()),
                       std::make_move_iterator(own.end()));
  }
  const std::string quality = absl::StrJoin(titles, ", ");
  definitions.push_back(
      {"drop",
       absl::StrCat("Points of ", quality,
                    " below the reference: the unmodified teacher on "
                    "uncompressed pictures or, without a teacher, the best "
                    "uncompressed answer.")});
  definitions.push_back(
      {"curve",
       absl::StrCat(
           "A method's log bytes as a function of quality (", quality,
           ", or -log KL): PCHIP through its operating points on the monotone "
           "envelope, that is without points that cost as much as another or "
           "more for no more quality. Nothing is extrapolated. Bytes at a drop "
           "are read off this curve.")});
  definitions.push_back({"BD-rate", BdRateText(quality)});
  definitions.push_back({"95 % intervals", IntervalText()});
  return definitions;
}

}  // namespace sluice::train
