#include "models/train/figures/figures.h"

#include <cmath>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "models/train/figures/figure_definitions.h"

namespace sluice::train {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

constexpr int kNumPictures = 400;
constexpr double kTeacherTop1 = 0.8;

// How hard picture `i` is: every four-hundredth of 0..1 once, shuffled.
double Hardness(int i) { return (i * 153 % kNumPictures + 0.5) / kNumPictures; }

// Right on the easiest `top1` of the pictures.
OperatingPoint Point(double top1, uint32_t bytes, float kl) {
  OperatingPoint point = {.setting = "", .scored_by = "tail", .outcomes = {}};
  for (int i = 0; i < kNumPictures; ++i) {
    point.outcomes.push_back(
        {.bytes = bytes, .rank = Hardness(i) < top1 ? 0u : 3u, .kl = kl});
  }
  return point;
}

Method MakeMethod(std::string name, bool learned, double byte_factor) {
  Method method;
  method.name = std::move(name);
  method.learned = learned;
  const auto add = [&](double top1, double bytes, float kl) {
    method.points.push_back(
        Point(top1, static_cast<uint32_t>(bytes * byte_factor), kl));
  };
  add(0.50, 600, 1.5f);
  add(0.62, 1000, 0.8f);
  add(0.70, 2000, 0.4f);
  add(0.74, 3000, 0.2f);
  add(0.79, 6000, 0.05f);
  return method;
}

Evaluation MakeEvaluation() {
  Evaluation evaluation;
  for (int i = 0; i < kNumPictures; ++i) {
    evaluation.pictures.push_back({"picture", 0, 224 * 224});
  }
  evaluation.teacher = Point(kTeacherTop1, 0, 0.0f);
  evaluation.uncompressed = {Point(0.795, 0, 0.01f)};
  evaluation.uncompressed[0].setting = "ours";
  evaluation.uncompressed[0].scored_by = "pixel entrance";
  evaluation.methods = {MakeMethod("ours", true, 0.5),
                        MakeMethod("JPEG", false, 1.0)};
  return evaluation;
}

TEST(FiguresTest, SummaryMatchesValuesWorkedByHand) {
  Evaluation evaluation;
  for (int i = 0; i < 4; ++i) evaluation.pictures.push_back({"", 0, 1000});
  evaluation.teacher = OperatingPoint{"", "teacher", {{}, {}, {}, {}}};
  evaluation.methods.resize(1);
  evaluation.methods[0].points = {
      {"rate 0",
       "tail",
       {{100, 0, 0.5f}, {200, 3, 1.0f}, {300, 0, 0.0f}, {400, 7, 2.5f}}}};
  const EvaluationFigures figures = MakeFigures(evaluation);
  const PointFigures& point = figures.methods[0].points[0];
  EXPECT_DOUBLE_EQ(point.mean_bytes, 250);
  EXPECT_DOUBLE_EQ(point.p95_bytes, 400);
  EXPECT_DOUBLE_EQ(point.bpp, 2.0);
  EXPECT_DOUBLE_EQ(point.quality, 0.5);
  EXPECT_DOUBLE_EQ(point.others.at(0), 0.75);
  EXPECT_DOUBLE_EQ(point.top1_standard_error.value(), 0.25);
  EXPECT_DOUBLE_EQ(point.drop.value(), 0.5);
  EXPECT_DOUBLE_EQ(point.mean_kl.value(), 1.0);
  EXPECT_EQ(figures.teacher->quality, 1.0);
  EXPECT_FALSE(figures.teacher->mean_kl.has_value());
}

TEST(FiguresTest, EveryPointHasItsFigures) {
  const Evaluation evaluation = MakeEvaluation();
  const EvaluationFigures figures = MakeFigures(evaluation);
  EXPECT_EQ(figures.reference->name, "teacher");
  EXPECT_NEAR(figures.teacher->quality, kTeacherTop1, 0.005);
  ASSERT_THAT(figures.uncompressed, SizeIs(1));
  EXPECT_NEAR(*figures.uncompressed[0].mean_kl, 0.01, 1e-6);
  ASSERT_THAT(figures.methods, SizeIs(2));
  for (const MethodFigures& method : figures.methods) {
    ASSERT_THAT(method.points, SizeIs(5));
    EXPECT_THAT(method.bytes_at_drops, SizeIs(kDrops.size()));
  }
  EXPECT_EQ(figures.methods[1].points[2].mean_bytes, 2000);
  EXPECT_EQ(figures.methods[0].points[2].mean_bytes, 1000);
}

TEST(FiguresTest, IntervalsOfTop1AreAboutTwoStandardErrorsEachWay) {
  const EvaluationFigures figures = MakeFigures(MakeEvaluation());
  const PointFigures& point = figures.methods[0].points[1];
  const double expected = 1.96 * point.top1_standard_error.value();
  EXPECT_NEAR(point.quality - point.quality_interval->low, expected, 0.008);
  EXPECT_NEAR(point.quality_interval->high - point.quality, expected, 0.008);
}

TEST(FiguresTest, DropsArePairedSoEqualAnswersDifferByNothing) {
  Evaluation evaluation = MakeEvaluation();
  evaluation.methods[0].points[4] = Point(kTeacherTop1, 5000, 0.01f);
  const EvaluationFigures figures = MakeFigures(evaluation);
  const PointFigures& same = figures.methods[0].points[4];
  EXPECT_EQ(same.drop, 0.0);
  EXPECT_EQ(same.drop_interval->low, 0.0);
  EXPECT_EQ(same.drop_interval->high, 0.0);
  EXPECT_GT(same.quality_interval->length(), 0.05);

  // One picture in ten differs: narrower than the two accuracies alone.
  const PointFigures& other = figures.methods[0].points[2];
  EXPECT_NEAR(*other.drop, 0.1, 0.01);
  EXPECT_LT(other.drop_interval->length(), 0.07);
}

TEST(FiguresTest, LearnedMethodsMeetEveryOther) {
  Evaluation evaluation = MakeEvaluation();
  evaluation.methods.insert(evaluation.methods.begin() + 1,
                            MakeMethod("ours too", true, 0.6));
  const EvaluationFigures figures = MakeFigures(evaluation);
  std::vector<std::pair<size_t, size_t>> pairs;
  for (const PairFigures& pair : figures.pairs) {
    pairs.emplace_back(pair.method, pair.anchor);
  }
  EXPECT_THAT(pairs, ::testing::ElementsAre(std::pair(0, 1), std::pair(0, 2),
                                            std::pair(1, 0), std::pair(1, 2)));
}

TEST(FiguresTest, HalvedBytesAreMinusFiftyInEveryResample) {
  const EvaluationFigures figures = MakeFigures(MakeEvaluation());
  ASSERT_THAT(figures.pairs, SizeIs(1));
  for (const BdRateFigure* figure :
       {&figures.pairs[0].on_quality, &figures.pairs[0].on_kl}) {
    EXPECT_NEAR(figure->rate.percent.value(), -50.0, 1e-9);
    EXPECT_NEAR(figure->interval->low, -50.0, 1e-9);
    EXPECT_NEAR(figure->interval->high, -50.0, 1e-9);
  }
}

TEST(FiguresTest, BdRateOfIdenticalMethodsIsZeroWithoutSpread) {
  Evaluation evaluation = MakeEvaluation();
  evaluation.methods[1] = evaluation.methods[0];
  const PairFigures pair = MakeFigures(evaluation).pairs[0];
  EXPECT_EQ(pair.on_quality.rate.percent, 0.0);
  EXPECT_EQ(pair.on_quality.interval->low, 0.0);
  EXPECT_EQ(pair.on_quality.interval->high, 0.0);
}

TEST(FiguresTest, BdRateIsOverTheWantedIntervals) {
  const PairFigures pair = MakeFigures(MakeEvaluation()).pairs[0];
  EXPECT_NEAR(pair.on_quality.rate.interval.low, kTeacherTop1 - 0.20, 0.005);
  EXPECT_NEAR(pair.on_quality.rate.interval.high, kTeacherTop1 - 0.05, 0.005);
  EXPECT_NEAR(pair.on_kl.rate.interval.low, 0.1, 1e-9);
  EXPECT_NEAR(pair.on_kl.rate.interval.high, 1.0, 1e-9);
}

TEST(FiguresTest, AnIntervalHoldsItsFigure) {
  Evaluation evaluation = MakeEvaluation();
  // Other pictures are hard for this one.
  for (OperatingPoint& point : evaluation.methods[1].points) {
    for (size_t i = 0; i + 1 < point.outcomes.size(); i += 2) {
      std::swap(point.outcomes[i].rank, point.outcomes[i + 1].rank);
    }
  }
  const BdRateFigure figure = MakeFigures(evaluation).pairs[0].on_quality;
  ASSERT_TRUE(figure.interval.has_value());
  EXPECT_LT(figure.interval->low, *figure.rate.percent - 1.0);
  EXPECT_GT(figure.interval->high, *figure.rate.percent + 1.0);
}

TEST(FiguresTest, BytesAtDropsAreReadOffTheCurve) {
  Evaluation evaluation = MakeEvaluation();
  evaluation.methods[1].points.erase(evaluation.methods[1].points.begin(),
                                     evaluation.methods[1].points.begin() + 3);
  const std::vector<BytesNeeded> needed =
      MakeFigures(evaluation).methods[1].bytes_at_drops;
  ASSERT_THAT(needed, SizeIs(5));
  EXPECT_EQ(needed[0].kind, BytesNeeded::Kind::kInterpolated);
  EXPECT_NEAR(needed[0].bytes, 6000, 200);
  EXPECT_EQ(needed[4].kind, BytesNeeded::Kind::kAtMost);
  EXPECT_NEAR(needed[4].bytes, 3000, 1e-9);
}

TEST(FiguresTest, NoPointThatGoodIsOutOfReach) {
  Evaluation evaluation = MakeEvaluation();
  evaluation.methods[1].points.pop_back();
  EXPECT_EQ(MakeFigures(evaluation).methods[1].bytes_at_drops[0].kind,
            BytesNeeded::Kind::kOutOfReach);
}

TEST(FiguresTest, WithoutATeacherDropsAreFromTheBestUncompressed) {
  Evaluation evaluation = MakeEvaluation();
  evaluation.teacher.reset();
  evaluation.uncompressed.insert(evaluation.uncompressed.begin(),
                                 Point(0.7, 0, 0.0f));
  const EvaluationFigures figures = MakeFigures(evaluation);
  EXPECT_FALSE(figures.teacher.has_value());
  EXPECT_EQ(figures.reference->name, "pixel entrance of ours");
  EXPECT_EQ(figures.reference->quality, figures.uncompressed[1].quality);
  EXPECT_TRUE(figures.pairs[0].on_quality.rate.percent.has_value());
  EXPECT_FALSE(figures.pairs[0].on_kl.rate.percent.has_value());
  EXPECT_THAT(figures.pairs[0].on_kl.rate.undefined, HasSubstr("no teacher"));
  EXPECT_FALSE(figures.methods[0].points[0].mean_kl.has_value());
}

TEST(FiguresTest, WithoutAReferenceThereAreNoDrops) {
  Evaluation evaluation = MakeEvaluation();
  evaluation.teacher.reset();
  evaluation.uncompressed.clear();
  const EvaluationFigures figures = MakeFigures(evaluation);
  EXPECT_FALSE(figures.reference.has_value());
  EXPECT_FALSE(figures.methods[0].points[0].drop.has_value());
  EXPECT_FALSE(figures.methods[0].points[0].drop_interval.has_value());
  EXPECT_TRUE(figures.methods[0].points[0].quality_interval.has_value());
  EXPECT_TRUE(figures.methods[0].bytes_at_drops.empty());
  EXPECT_THAT(figures.pairs[0].on_quality.rate.undefined,
              HasSubstr("no uncompressed answer"));
}

TEST(FiguresTest, AnUndefinedBdRateHasNoInterval) {
  Evaluation evaluation = MakeEvaluation();
  evaluation.methods[1].points.resize(1);
  const PairFigures pair = MakeFigures(evaluation).pairs[0];
  EXPECT_FALSE(pair.on_quality.rate.percent.has_value());
  EXPECT_FALSE(pair.on_quality.interval.has_value());
  EXPECT_THAT(pair.on_quality.rate.undefined, HasSubstr("1 point"));
  EXPECT_THAT(pair.on_kl.rate.undefined, HasSubstr("1 point"));
}

TEST(FiguresTest, ABdRateThatFewResamplesDefineHasNoInterval) {
  Evaluation evaluation = MakeEvaluation();
  // Just over a quarter of the wanted interval, at its very end.
  for (Method& method : evaluation.methods) {
    method.points = {Point(0.605, 500, 1.0f), Point(0.65, 1000, 0.5f)};
  }
  const BdRateFigure figure = MakeFigures(evaluation).pairs[0].on_quality;
  EXPECT_TRUE(figure.rate.percent.has_value()) << figure.rate.undefined;
  EXPECT_FALSE(figure.interval.has_value());
}

TEST(FiguresTest, NanDivergenceIsLeftOut) {
  Evaluation evaluation = MakeEvaluation();
  evaluation.methods[1].points[2].outcomes[7].kl =
      std::numeric_limits<float>::quiet_NaN();
  const EvaluationFigures figures = MakeFigures(evaluation);
  EXPECT_FALSE(figures.methods[1].points[2].mean_kl.has_value());
  EXPECT_TRUE(std::isfinite(figures.pairs[0].on_kl.rate.percent.value()));
  EXPECT_TRUE(std::isfinite(figures.pairs[0].on_kl.interval->low));
}

TEST(FiguresTest, LosslessPointsHaveNoPlaceOnAKlCurve) {
  Evaluation evaluation = MakeEvaluation();
  evaluation.methods[1].points.push_back(Point(0.8, 90000, 0.0f));
  const PairFigures pair = MakeFigures(evaluation).pairs[0];
  EXPECT_NEAR(pair.on_kl.rate.percent.value(), -50.0, 1e-9);
}

TEST(FiguresTest, NoPicturesAreZerosAndNoIntervals) {
  Evaluation evaluation = MakeEvaluation();
  evaluation.pictures.clear();
  evaluation.teacher->outcomes.clear();
  evaluation.uncompressed[0].outcomes.clear();
  for (Method& method : evaluation.methods) {
    for (OperatingPoint& point : method.points) point.outcomes.clear();
  }
  const EvaluationFigures figures = MakeFigures(evaluation);
  EXPECT_EQ(figures.teacher->quality, 0.0);
  EXPECT_FALSE(figures.teacher->quality_interval.has_value());
  EXPECT_EQ(figures.methods[0].points[0].bpp, 0.0);
  EXPECT_EQ(figures.methods[0].points[0].mean_kl, 0.0);
  EXPECT_FALSE(figures.pairs[0].on_quality.rate.percent.has_value());
}

TEST(FiguresTest, AnEmptyEvaluationHasNoFigures) {
  const EvaluationFigures figures = MakeFigures(Evaluation());
  EXPECT_FALSE(figures.reference.has_value());
  EXPECT_TRUE(figures.methods.empty());
  EXPECT_TRUE(figures.pairs.empty());
}

TEST(FiguresTest, AMethodWithoutPointsIsUndefined) {
  Evaluation evaluation = MakeEvaluation();
  evaluation.methods[0].points.clear();
  const EvaluationFigures figures = MakeFigures(evaluation);
  EXPECT_TRUE(figures.methods[0].points.empty());
  EXPECT_EQ(figures.methods[0].bytes_at_drops[0].kind,
            BytesNeeded::Kind::kOutOfReach);
  EXPECT_THAT(figures.pairs[0].on_quality.rate.undefined,
              HasSubstr("0 points"));
}

TEST(FiguresTest, OnePictureHasFigures) {
  Evaluation evaluation;
  evaluation.pictures = {{"only", 3, 100}};
  evaluation.teacher = OperatingPoint{"", "teacher", {{}}};
  evaluation.methods = {{.name = "ours",
                         .learned = true,
                         .encoder = {},
                         .codec_id = "",
                         .tail = "",
                         .points = {{"rate 0", "tail", {{50, 0, 0.1f}}}},
                         .latencies = {}}};
  const EvaluationFigures figures = MakeFigures(evaluation);
  EXPECT_EQ(figures.methods[0].points[0].quality_interval->length(), 0.0);
  EXPECT_EQ(figures.methods[0].points[0].top1_standard_error, 0.0);
}

TEST(FiguresTest, TheSameEvaluationHasTheSameFigures) {
  const EvaluationFigures a = MakeFigures(MakeEvaluation());
  const EvaluationFigures b = MakeFigures(MakeEvaluation());
  EXPECT_EQ(a.methods[0].points[1].quality_interval->low,
            b.methods[0].points[1].quality_interval->low);
  EXPECT_EQ(a.pairs[0].on_quality.interval->high,
            b.pairs[0].on_quality.interval->high);
}

TEST(FigureDefinitionsTest, TheySayTheirNumbers) {
  std::string all;
  for (const Definition& definition :
       FigureDefinitions({Task::kClassification})) {
    EXPECT_FALSE(definition.term.empty());
    all += definition.text + "\n";
  }
  EXPECT_THAT(all, HasSubstr("drops of 5 to 20 points"));
  EXPECT_THAT(all, HasSubstr("0.1 to 1 nats"));
  EXPECT_THAT(all, HasSubstr("1000 bootstrap resamples"));
  EXPECT_THAT(all, HasSubstr("shorter than 25 %"));
  EXPECT_THAT(all, HasSubstr("fewer than 2 points"));
}

TEST(FigureDefinitionsTest, OnlyTheReportsTasksAreDefined) {
  const auto terms = [](const std::vector<Task>& tasks) {
    std::string all;
    for (const Definition& definition : FigureDefinitions(tasks)) {
      all += definition.term + ";" + definition.text;
    }
    return all;
  };
  const std::string one = terms({Task::kDetection});
  EXPECT_THAT(one, HasSubstr("AP, mAP;"));
  EXPECT_THAT(one, HasSubstr("Points of mAP@0.5 below"));
  EXPECT_THAT(one, Not(HasSubstr("mIoU")));
  EXPECT_THAT(one, Not(HasSubstr("top-1")));
  EXPECT_THAT(terms({Task::kClassification, Task::kSegmentation}),
              HasSubstr("5 to 20 points of top-1, mIoU"));
}

}  // namespace
}  // namespace sluice::train
