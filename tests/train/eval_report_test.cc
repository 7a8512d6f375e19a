// The forms that an evaluation is printed in, but for HTML.
#include "models/train/report/eval_report.h"

#include <algorithm>
#include <sstream>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "models/train/report/eval_csv.h"
#include "models/train/report/eval_json.h"
#include "models/train/report/eval_markdown.h"
#include "models/train/report/report.h"
#include "nlohmann/json.hpp"
#include "tests/train/evaluation_testing.h"

namespace sluice::train {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
using Json = nlohmann::json;

// Two pictures, of which the first `num_right` are right.
OperatingPoint Point(const std::string& setting, const std::string& scored_by,
                     uint32_t bytes, int num_right) {
  OperatingPoint point = {
      .setting = setting, .scored_by = scored_by, .outcomes = {}};
  for (int i = 0; i < 2; ++i) {
    point.outcomes.push_back(
        {.bytes = bytes, .rank = i < num_right ? 0u : 9u, .kl = 0.25f});
  }
  return point;
}

Evaluation MakeEvaluation() {
  Evaluation evaluation;
  evaluation.data = "val.tar";
  evaluation.view = "crop:224";
  evaluation.command_line = "sluice-model eval";
  evaluation.version = "1.2.3";
  evaluation.machine = "EPYC, 2 cores";
  evaluation.pictures = {{.name = "a.jpg", .label = 3, .pixels = 800},
                         {.name = "b,c.jpg", .label = 5, .pixels = 800}};
  evaluation.uncompressed = {Point("patch-m", "pixel entrance", 0, 2)};
  Method learned;
  learned.name = "patch-m";
  learned.learned = true;
  learned.encoder = {.bytes = 712345, .parameters = 9, .mmac_224 = 129.84};
  learned.codec_id = std::string(64, 'c');
  learned.tail = "imagenet";
  learned.points = {Point("rate 0", "tail", 1000, 1),
                    Point("rate 1", "tail", 2000, 2)};
  learned.latencies = {{"rate 1", 1, 3.25, 20.5}, {"rate 1", 2, 2.5, 11.0}};
  Method heic;
  heic.name = "HEIC, no container";
  heic.points = {Point("quality 10", "pixel entrance", 3000, 1)};
  evaluation.methods = {learned, heic};
  evaluation.warnings = {"mind this"};
  return evaluation;
}

Evaluation WithTeacher() {
  Evaluation evaluation = MakeEvaluation();
  evaluation.teacher = Point("uncompressed", "teacher", 0, 2);
  return evaluation;
}

Report ThreeTasks() {
  return MakeReport(
      {WithTeacher(), MakeDetectionEvaluation(), MakeSegmentationEvaluation()});
}

Json ToJson(const Evaluation& evaluation) {
  return Json::parse(ReportToJson(MakeReport({evaluation})));
}

TEST(EvalJsonTest, HoldsWhatReadersOfTheReportRelyOn) {
  const Json report = ToJson(WithTeacher());
  EXPECT_EQ(report["command_line"], "sluice-model eval");
  EXPECT_FALSE(report["definitions"].empty());
  ASSERT_EQ(report["sections"].size(), 1);
  const Json& json = report["sections"][0];
  EXPECT_EQ(json["task"], "classification");
  EXPECT_EQ(json["num_images"], 2);
  EXPECT_EQ(json["view"], "crop:224");
  EXPECT_EQ(json["teacher"]["top1"], 1.0);
  EXPECT_EQ(json["reference"]["top1"], 1.0);
  EXPECT_EQ(json["uncompressed"].at(0)["method"], "patch-m");
  EXPECT_FALSE(json["uncompressed"].at(0).contains("bytes_mean"));
  const Json& method = json["methods"].at(0);
  EXPECT_EQ(method["name"], "patch-m");
  EXPECT_EQ(method["encoder"]["bytes"], 712345);
  const Json& point = method["points"].at(0);
  EXPECT_EQ(point["setting"], "rate 0");
  EXPECT_EQ(point["bytes_mean"], 1000);
  EXPECT_EQ(point["bytes_p95"], 1000);
  EXPECT_EQ(point["bpp"], 10.0);
  EXPECT_EQ(point["top1"], 0.5);
  EXPECT_EQ(point["kl_to_teacher"], 0.25);
  EXPECT_EQ(method["bytes_at_drops"].size(), kDrops.size());
  EXPECT_EQ(method["latencies"].at(1)["encode_ms"], 2.5);
  EXPECT_EQ(json["bd_rates"].at(0)["anchor"], "HEIC, no container");
  EXPECT_TRUE(json["bd_rates"].at(0)["on_top1"].contains("undefined"));
  EXPECT_EQ(json["warnings"].at(0), "mind this");
}

TEST(EvalJsonTest, WithoutATeacherThereIsNoDivergence) {
  const Json json = ToJson(MakeEvaluation())["sections"][0];
  EXPECT_FALSE(json.contains("teacher"));
  EXPECT_FALSE(json["methods"].at(0)["points"].at(0).contains("kl_to_teacher"));
}

TEST(EvalJsonTest, NamesThatAreNoUtf8DoNotBreakIt) {
  Evaluation evaluation = MakeEvaluation();
  evaluation.data = "\xff.tar";
  EXPECT_TRUE(Json::accept(ReportToJson(MakeReport({evaluation}))));
}

TEST(EvalJsonTest, EveryTaskHasASectionWithItsOwnFigures) {
  const Json sections = Json::parse(ReportToJson(ThreeTasks()))["sections"];
  ASSERT_EQ(sections.size(), 3);
  const Json& detection = sections[1];
  EXPECT_EQ(detection["task"], "detection");
  EXPECT_EQ(detection["subset"], "val");
  const Json& usual = detection["methods"][0]["points"][2];
  for (const char* key : {"map50", "map50_interval", "map", "ap50_any_class"}) {
    EXPECT_TRUE(usual.contains(key)) << key;
  }
  EXPECT_FALSE(usual.contains("top1"));
  EXPECT_EQ(usual["classes"][1]["name"], "Nut");
  EXPECT_EQ(usual["classes"][1]["objects"], 60);
  EXPECT_FALSE(usual["classes"][2].contains("ap50"));  // No objects.
  EXPECT_FALSE(detection["methods"][1]["points"][2].contains("classes"));
  EXPECT_TRUE(detection["bd_rates"][0].contains("on_map50"));
  EXPECT_TRUE(sections[2]["reference"].contains("miou"));
  EXPECT_TRUE(sections[2]["uncompressed"][0]["classes"][0].contains("iou"));
}

TEST(EvalCsvTest, OneLinePerOperatingPoint) {
  const std::string csv = ReportToCsv(MakeReport({WithTeacher()}));
  EXPECT_THAT(
      csv,
      StartsWith(
          "task,data,view,method,setting,scored_by,bytes_mean,bytes_p95,bpp,"
          "top1,top1_se,top1_low,top1_high,top5,drop,kl_to_teacher\n"
          "classification,val.tar,crop:224,teacher,uncompressed,teacher,,,,"
          "1.00000,0.00000,"));
  EXPECT_THAT(csv, HasSubstr(",pixel entrance of patch-m,uncompressed,"));
  EXPECT_THAT(csv, HasSubstr(",patch-m,rate 0,tail,1000.0,1000.0,10.00000,"
                             "0.50000,"));
  EXPECT_THAT(csv, HasSubstr(",\"HEIC, no container\",quality 10,"));
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 6);
}

TEST(EvalCsvTest, OneLinePerOutcome) {
  const std::string csv = OutcomesToCsv(MakeReport({WithTeacher()}));
  const std::string about = "classification,val.tar,crop:224,";
  EXPECT_THAT(
      csv, StartsWith("task,data,view,picture,method,setting,bytes,label,rank,"
                      "kl\n" +
                      about + "a.jpg,teacher,uncompressed,0,3,0,0.25\n" +
                      about + "\"b,c.jpg\",teacher,uncompressed,0,5,0,0.25"));
  EXPECT_THAT(csv, HasSubstr("\"b,c.jpg\",patch-m,rate 0,1000,5,9,0.25\n"));
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 11);
}

TEST(EvalCsvTest, WithoutATeacherDivergencesAreEmpty) {
  EXPECT_THAT(OutcomesToCsv(MakeReport({MakeEvaluation()})),
              HasSubstr(",a.jpg,patch-m,rate 0,1000,3,0,\n"));
}

TEST(EvalCsvTest, QuotesAreDoubled) {
  Evaluation evaluation = MakeEvaluation();
  evaluation.pictures[0].name = "say \"x\".jpg";
  EXPECT_THAT(OutcomesToCsv(MakeReport({evaluation})),
              HasSubstr(",\"say \"\"x\"\".jpg\","));
}

size_t CountCommas(const std::string& line) {
  return static_cast<size_t>(std::count(line.begin(), line.end(), ','));
}

TEST(EvalCsvTest, EveryLineHasTheColumnsOfAllTasks) {
  Report report = ThreeTasks();
  report[0].evaluation.methods[1].name = "HEIC";  // No commas in names.
  report[0].evaluation.pictures[1].name = "b.jpg";
  for (const std::string& csv : {ReportToCsv(report), OutcomesToCsv(report)}) {
    std::istringstream lines(csv);
    std::string header;
    ASSERT_TRUE(std::getline(lines, header));
    EXPECT_THAT(header, HasSubstr("miou"));
    for (std::string line; std::getline(lines, line);) {
      // Data of a subset are "fod.tar (val)".
      EXPECT_EQ(CountCommas(line), CountCommas(header)) << line;
    }
  }
}

TEST(EvalCsvTest, PicturesSayWhatWasFoundInThem) {
  const std::string csv = OutcomesToCsv(ThreeTasks());
  EXPECT_THAT(csv, HasSubstr("detection,fod.tar (val),fit:320x320,val/0.jpg,"
                             "ours,rate 0,500,,,,1,1,1,,,\n"));
  // A hard one, missed.
  EXPECT_THAT(csv, HasSubstr("val/2.jpg,ours,rate 0,502,,,,1,0,1,,,\n"));
  EXPECT_THAT(csv, HasSubstr("segmentation,camvid.tar (val),fit:480x384,"
                             "val/0.jpg,pixel entrance of ours,uncompressed,0,"
                             ",,,,,,99,89,0.71358\n"));
}

TEST(EvalTextTest, TablesShowPercentAndBytes) {
  const Evaluation evaluation = WithTeacher();
  const std::string text = ReportToText(MakeReport({evaluation}));
  EXPECT_THAT(text, StartsWith("classification: 2 pictures of val.tar, view "
                               "crop:224; EPYC"));
  EXPECT_THAT(text, HasSubstr("\npatch-m, rate 0 "));
  EXPECT_THAT(text, HasSubstr("1000  1000  10.000     50.0"));
  EXPECT_THAT(
      text,
      HasSubstr("\nundefined for patch-m against HEIC, no container, top-1: "));
  EXPECT_THAT(text, HasSubstr("712345"));
  EXPECT_THAT(text, HasSubstr("20.50"));
}

TEST(EvalTextTest, WithoutLatenciesThereIsNoTableOfThem) {
  Evaluation evaluation = WithTeacher();
  evaluation.methods[0].latencies.clear();
  EXPECT_THAT(ReportToText(MakeReport({evaluation})),
              Not(HasSubstr("threads")));
}

TEST(EvalMarkdownTest, TablesOfTheMainFigures) {
  const Evaluation evaluation = WithTeacher();
  const std::string text = ReportToMarkdown(MakeReport({evaluation}));
  EXPECT_THAT(
      text,
      StartsWith("|  | bytes per picture | top-1 % | top-5 % |\n"
                 "|---|---:|---:|---:|\n"
                 "| teacher, uncompressed picture | – | 100.0 | 100.0 |\n"));
  EXPECT_THAT(text, HasSubstr("| **patch-m, rate 1** | 2,000 | 100.0 |"));
  EXPECT_THAT(text, HasSubstr("| BD-rate of patch-m |\n"));
  EXPECT_THAT(text, HasSubstr("\n| HEIC, no container | – |"));
  EXPECT_THAT(text, HasSubstr("| undefined |\n"));
  EXPECT_THAT(text,
              HasSubstr("| patch-m, rate 1 | 712,345 | 130 | 3.2 | 20.5 |"));
}

TEST(EvalMarkdownTest, BarsInNamesDoNotBreakTheTable) {
  Evaluation evaluation = WithTeacher();
  evaluation.methods[0].name = "a|b";
  EXPECT_THAT(ReportToMarkdown(MakeReport({evaluation})),
              AllOf(HasSubstr("**a\\|b, rate 0**"), Not(HasSubstr("a|b"))));
}

TEST(EvalTextTest, SectionsHaveTheFiguresOfTheirTask) {
  const std::string text = ReportToText(ThreeTasks());
  EXPECT_THAT(text, HasSubstr("\n\ndetection: 120 pictures of fod.tar (val), "
                              "view fit:320x320;"));
  EXPECT_THAT(text, HasSubstr("mAP@0.5 %"));
  EXPECT_THAT(text, HasSubstr("on mIoU"));
  EXPECT_THAT(text, HasSubstr("\nBolt "));
  EXPECT_THAT(text, HasSubstr("\npole "));
}

TEST(EvalMarkdownTest, SeveralSectionsBeginWithATableOfAll) {
  const std::string text = ReportToMarkdown(ThreeTasks());
  EXPECT_THAT(text,
              StartsWith("|  | codec | uncompressed picture | at its default "
                         "rate | bytes for a drop of 2 points | JPEG |\n"));
  EXPECT_THAT(text,
              HasSubstr("\n| fod.tar (val), fit:320x320: mAP@0.5 % | "
                        "ours | 89.6 | 2,003 bytes → 84.2 | 3,604 | 10,807 |"));
  EXPECT_THAT(text, HasSubstr("\n### segmentation: camvid.tar (val), "
                              "fit:480x384\n\n|  | bytes per picture | mIoU % "
                              "| pixel accuracy % |\n"));
}

TEST(EvalReportTest, NothingMeasuredIsPrintedToo) {
  for (const Report& report : {Report(), MakeReport({Evaluation()})}) {
    EXPECT_TRUE(Json::accept(ReportToJson(report)));
    EXPECT_FALSE(ReportToMarkdown(report).empty());
    EXPECT_FALSE(ReportToCsv(report).empty());
  }
  EXPECT_THAT(ReportToText(MakeReport({Evaluation()})),
              HasSubstr("0 pictures"));
}

}  // namespace
}  // namespace sluice::train
