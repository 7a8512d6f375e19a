// The forms that an evaluation is printed in, but for HTML.
#include "models/train/eval_report.h"

#include <algorithm>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "models/train/eval_csv.h"
#include "models/train/eval_json.h"
#include "models/train/eval_markdown.h"
#include "nlohmann/json.hpp"

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

Json ToJson(const Evaluation& evaluation) {
  return Json::parse(EvaluationToJson(evaluation, MakeFigures(evaluation)));
}

TEST(EvalJsonTest, HoldsWhatReadersOfTheReportRelyOn) {
  const Json json = ToJson(WithTeacher());
  EXPECT_EQ(json["num_images"], 2);
  EXPECT_EQ(json["view"], "crop:224");
  EXPECT_EQ(json["command_line"], "sluice-model eval");
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
  EXPECT_FALSE(json["definitions"].empty());
  EXPECT_EQ(json["warnings"].at(0), "mind this");
}

TEST(EvalJsonTest, WithoutATeacherThereIsNoDivergence) {
  const Json json = ToJson(MakeEvaluation());
  EXPECT_FALSE(json.contains("teacher"));
  EXPECT_FALSE(json["methods"].at(0)["points"].at(0).contains("kl_to_teacher"));
}

TEST(EvalJsonTest, NamesThatAreNoUtf8DoNotBreakIt) {
  Evaluation evaluation = MakeEvaluation();
  evaluation.data = "\xff.tar";
  EXPECT_TRUE(
      Json::accept(EvaluationToJson(evaluation, MakeFigures(evaluation))));
}

TEST(EvalCsvTest, OneLinePerOperatingPoint) {
  const Evaluation evaluation = WithTeacher();
  const std::string csv = EvaluationToCsv(evaluation, MakeFigures(evaluation));
  EXPECT_THAT(
      csv, StartsWith("method,setting,scored_by,bytes_mean,bytes_p95,bpp,top1,"
                      "top1_se,top1_low,top1_high,top5,drop,kl_to_teacher\n"
                      "teacher,uncompressed,teacher,,,,1.00000,0.00000,"));
  EXPECT_THAT(csv, HasSubstr("\npixel entrance of patch-m,uncompressed,"));
  EXPECT_THAT(csv, HasSubstr("\npatch-m,rate 0,tail,1000.0,1000.0,10.00000,"
                             "0.50000,"));
  EXPECT_THAT(csv, HasSubstr("\n\"HEIC, no container\",quality 10,"));
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 6);
}

TEST(EvalCsvTest, OneLinePerOutcome) {
  const std::string csv = OutcomesToCsv(WithTeacher());
  EXPECT_THAT(csv, StartsWith("picture,label,method,setting,bytes,rank,kl\n"
                              "a.jpg,3,teacher,uncompressed,0,0,0.25\n"
                              "\"b,c.jpg\",5,teacher,uncompressed,0,0,0.25\n"));
  EXPECT_THAT(csv, HasSubstr("\n\"b,c.jpg\",5,patch-m,rate 0,1000,9,0.25\n"));
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 11);
}

TEST(EvalCsvTest, WithoutATeacherDivergencesAreEmpty) {
  EXPECT_THAT(OutcomesToCsv(MakeEvaluation()),
              HasSubstr("\na.jpg,3,patch-m,rate 0,1000,0,\n"));
}

TEST(EvalCsvTest, QuotesAreDoubled) {
  Evaluation evaluation = MakeEvaluation();
  evaluation.pictures[0].name = "say \"x\".jpg";
  EXPECT_THAT(OutcomesToCsv(evaluation),
              HasSubstr("\n\"say \"\"x\"\".jpg\",3,"));
}

TEST(EvalTextTest, TablesShowPercentAndBytes) {
  const Evaluation evaluation = WithTeacher();
  const std::string text =
      EvaluationToText(evaluation, MakeFigures(evaluation));
  EXPECT_THAT(text, StartsWith("2 pictures of val.tar, view crop:224; EPYC"));
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
  EXPECT_THAT(EvaluationToText(evaluation, MakeFigures(evaluation)),
              Not(HasSubstr("threads")));
}

TEST(EvalMarkdownTest, TablesOfTheMainFigures) {
  const Evaluation evaluation = WithTeacher();
  const std::string text =
      EvaluationToMarkdown(evaluation, MakeFigures(evaluation));
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
  EXPECT_THAT(EvaluationToMarkdown(evaluation, MakeFigures(evaluation)),
              AllOf(HasSubstr("**a\\|b, rate 0**"), Not(HasSubstr("a|b"))));
}

TEST(EvalReportTest, NothingMeasuredIsPrintedToo) {
  const Evaluation evaluation;
  const EvaluationFigures figures = MakeFigures(evaluation);
  EXPECT_TRUE(Json::accept(EvaluationToJson(evaluation, figures)));
  EXPECT_THAT(EvaluationToText(evaluation, figures), HasSubstr("0 pictures"));
  EXPECT_FALSE(EvaluationToMarkdown(evaluation, figures).empty());
  EXPECT_FALSE(EvaluationToCsv(evaluation, figures).empty());
}

}  // namespace
}  // namespace sluice::train
