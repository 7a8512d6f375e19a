#include "models/train/eval_report.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "models/train/tally.h"
#include "nlohmann/json.hpp"

namespace sluice::train {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using Json = nlohmann::json;

EvalReport MakeReport() {
  EvalReport report;
  report.codec_name = "patch-v1";
  report.data = "val.tar";
  report.view = "crop:224";
  report.num_images = 4;
  report.uncompressed = {.top1 = 0.75,
                         .top1_standard_error = 0.2,
                         .top5 = 1.0,
                         .kl_to_teacher = 0.01};
  report.points.push_back({.rate = 2,
                           .cost = {1234.5, 2000.0, 0.2},
                           .score = {.top1 = 0.5,
                                     .top1_standard_error = 0.25,
                                     .top5 = 0.75,
                                     .kl_to_teacher = 0.5}});
  report.baselines.push_back({.codec = "jpeg",
                              .quality = 10,
                              .cost = {2400.0, 2500.0, 0.4},
                              .ours = {.top1 = 0.25, .kl_to_teacher = {}}});
  return report;
}

TEST(EvalReportTest, JsonHoldsWhatReadersOfTheReportRelyOn) {
  EvalReport report = MakeReport();
  report.teacher = {.top1 = 1.0, .top5 = 1.0, .kl_to_teacher = {}};
  const Json json = Json::parse(ReportToJson(report));
  EXPECT_EQ(json["num_images"], 4);
  EXPECT_EQ(json["view"], "crop:224");
  EXPECT_EQ(json["uncompressed"]["top1"], 0.75);
  EXPECT_EQ(json["uncompressed"]["top5"], 1.0);
  EXPECT_EQ(json["teacher"]["top1"], 1.0);
  const Json& point = json["points"].at(0);
  EXPECT_EQ(point["rate"], 2);
  EXPECT_EQ(point["frame_bytes_mean"], 1234.5);
  EXPECT_EQ(point["frame_bytes_p95"], 2000.0);
  EXPECT_EQ(point["bpp"], 0.2);
  EXPECT_EQ(point["top1"], 0.5);
  EXPECT_EQ(point["kl_to_teacher"], 0.5);
}

TEST(EvalReportTest, WithoutATeacherJsonNamesNone) {
  const Json json = Json::parse(ReportToJson(MakeReport()));
  EXPECT_FALSE(json.contains("teacher"));
  EXPECT_FALSE(json["baselines"].at(0).contains("top1_teacher"));
}

TEST(EvalReportTest, ABaselineCountsWithTheBetterNetwork) {
  EvalReport report = MakeReport();
  report.baselines[0].teacher = {.top1 = 0.6, .kl_to_teacher = {}};
  Json baseline = Json::parse(ReportToJson(report))["baselines"].at(0);
  EXPECT_EQ(baseline["top1"], 0.6);
  EXPECT_EQ(baseline["top1_ours"], 0.25);
  EXPECT_EQ(baseline["top1_teacher"], 0.6);
  report.baselines[0].teacher->top1 = 0.1;
  baseline = Json::parse(ReportToJson(report))["baselines"].at(0);
  EXPECT_EQ(baseline["top1"], 0.25);
}

TEST(EvalReportTest, NamesThatAreNoUtf8DoNotBreakJson) {
  EvalReport report = MakeReport();
  report.data = "\xff.tar";
  EXPECT_TRUE(Json::accept(ReportToJson(report)));
}

TEST(EvalReportTest, CsvHasOneLinePerRowOfTheTable) {
  EXPECT_EQ(ReportToCsv(MakeReport()),
            "path,bytes_mean,bytes_p95,bpp,top1,top1_se,top5,kl_to_teacher\n"
            "pixel entrance,,,,0.75000,0.20000,1.00000,0.01000\n"
            "rate 2,1234.5,2000.0,0.20000,0.50000,0.25000,0.75000,0.50000\n"
            "jpeg q10,2400.0,2500.0,0.40000,0.25000,0.00000,0.00000,\n");
}

TEST(EvalReportTest, TheTableShowsPercentAndBytes) {
  const std::string text = ReportToText(MakeReport());
  EXPECT_THAT(text, HasSubstr("4 pictures of val.tar, view crop:224"));
  EXPECT_THAT(text, HasSubstr("rate 2           1234  2000  0.200     50.0"));
  EXPECT_THAT(text, Not(HasSubstr("teacher")));
}

TEST(CostTallyTest, BitsPerPixelCountTheNetworksInput) {
  CostTally tally;
  tally.Add(100, {20, 10});
  tally.Add(200, {20, 10});
  EXPECT_DOUBLE_EQ(tally.ToCost().bytes_mean, 150);
  EXPECT_DOUBLE_EQ(tally.ToCost().bytes_p95, 200);
  EXPECT_DOUBLE_EQ(tally.ToCost().bpp, 6.0);
}

TEST(ScoreTallyTest, WithoutTeacherLogitsThereIsNoDivergence) {
  ScoreTally tally;
  tally.Add({{2, 3}, {3, 2, 1, 1, 2, 3}}, {0, 0}, nullptr);
  EXPECT_DOUBLE_EQ(tally.ToScore().top1, 0.5);
  EXPECT_FALSE(tally.ToScore().kl_to_teacher.has_value());
}

TEST(ScoreTallyTest, TeacherLogitsGiveTheDivergence) {
  ScoreTally tally;
  const base::FloatTensor logits = {{1, 3}, {3, 2, 1}};
  tally.Add(logits, {0}, &logits);
  EXPECT_NEAR(tally.ToScore().kl_to_teacher.value(), 0.0, 1e-12);
}

}  // namespace
}  // namespace sluice::train
