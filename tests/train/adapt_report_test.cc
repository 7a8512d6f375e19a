// What a report on an adapted codec says.
#include "models/train/adapt/adapt_report.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

namespace sluice::train {
namespace {

using ::testing::HasSubstr;

// Four rates; the adapted codec costs as much, and its distortion and KL are
// those of before times the factors.
AdaptReport MakeReport(double distortion, double kl) {
  AdaptReport report;
  report.parent_id = "aaaa";
  report.codec_id = "bbbb";
  report.tails = {"imagenet"};
  for (int rate = 0; rate < 4; ++rate) {
    AdaptPoint point;
    point.frame_bytes = 500.0 * (1 << rate);
    point.distortion = 0.4 / (1 << rate);
    point.squared_error = 0.2 / (1 << rate);
    point.kl = {0.8 / (1 << rate)};
    report.tables.push_back(point);
    point.frame_bytes *= 1.1;
    report.before.push_back(point);
    point = report.tables.back();
    point.distortion *= distortion;
    point.kl[0] *= kl;
    report.adapted.push_back(point);
  }
  return report;
}

TEST(AdaptReportTest, LessDistortionIsFewerBytesWhereItIsEqual) {
  const auto changes = ChangesOf(MakeReport(0.9, 0.8));
  ASSERT_EQ(changes.size(), 2u);
  EXPECT_EQ(changes[0].measure, "distortion");
  EXPECT_EQ(changes[1].measure, "KL of imagenet");
  EXPECT_NEAR(changes[0].measure_percent, -10, 1e-6);
  EXPECT_NEAR(changes[1].measure_percent, -20, 1e-6);
  ASSERT_TRUE(changes[0].bytes_percent.has_value());
  // Bytes are inverse to distortion in these curves.
  EXPECT_NEAR(*changes[0].bytes_percent, -10, 1e-6);
  EXPECT_TRUE(IsBetter(MakeReport(0.9, 0.8)));
}

TEST(AdaptReportTest, OneWorseMeasureIsNotBetter) {
  EXPECT_FALSE(IsBetter(MakeReport(0.9, 1.1)));
  EXPECT_FALSE(IsBetter(MakeReport(1.1, 0.9)));
  EXPECT_THAT(AdaptReportToText(MakeReport(0.9, 1.1)),
              HasSubstr("better by distortion, not by KL of imagenet."));
  EXPECT_THAT(AdaptReportToText(MakeReport(0.9, 0.9)),
              HasSubstr("adapted codec is better."));
  EXPECT_THAT(AdaptReportToText(MakeReport(1.1, 1.1)), HasSubstr("NOT better"));
}

TEST(AdaptReportTest, OneRateIsJudgedAtItsOwnBytes) {
  AdaptReport report = MakeReport(0.9, 0.9);
  for (auto* points : {&report.before, &report.tables, &report.adapted}) {
    points->resize(1);
  }
  EXPECT_FALSE(ChangesOf(report)[0].bytes_percent.has_value());
  EXPECT_TRUE(IsBetter(report));
}

TEST(AdaptReportTest, NoLossAtAllIsNoDivisionByZero) {
  AdaptReport report = MakeReport(0.9, 0.0);
  for (AdaptPoint& point : report.tables) point.kl = {0.0};
  EXPECT_EQ(ChangesOf(report)[1].measure_percent, 0.0);
  EXPECT_FALSE(IsBetter(report));
}

TEST(AdaptReportTest, TextHasARowPerRateAndCodec) {
  const std::string text = AdaptReportToText(MakeReport(0.9, 0.8));
  for (const char* row : {"0 before", "0 tables anew", "3 adapted"}) {
    EXPECT_THAT(text, HasSubstr(row));
  }
  EXPECT_THAT(text, HasSubstr("bbbb, was aaaa"));
}

TEST(AdaptReportTest, JsonHoldsAllOfIt) {
  const auto json =
      nlohmann::json::parse(AdaptReportToJson(MakeReport(0.9, 0.8)));
  EXPECT_EQ(json.at("parent_id"), "aaaa");
  ASSERT_EQ(json.at("rates").size(), 4u);
  EXPECT_NEAR(json.at("rates")[1].at("adapted").at("kl").at("imagenet"), 0.32,
              1e-9);
  EXPECT_EQ(json.at("better"), true);
}

}  // namespace
}  // namespace sluice::train
