#include "models/train/report/html_report.h"

#include <limits>
#include <utility>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "models/train/figures/figure_definitions.h"
#include "models/train/report/report.h"
#include "tests/train/evaluation_testing.h"
#include "tests/train/xml_check.h"

namespace sluice::train {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr uint32_t kNumPictures = 100;

// Right on the first `num_right` pictures.
OperatingPoint Point(std::string setting, uint32_t bytes, uint32_t num_right,
                     float kl) {
  OperatingPoint point = {std::move(setting), "tail", {}};
  for (uint32_t i = 0; i < kNumPictures; ++i) {
    point.outcomes.push_back({bytes, i < num_right ? 0u : 2u, kl});
  }
  return point;
}

Method MakeMethod(std::string name, bool learned, uint32_t factor) {
  Method method;
  method.name = std::move(name);
  method.learned = learned;
  const uint32_t right[] = {55, 63, 71, 78};
  for (uint32_t i = 0; i < 4; ++i) {
    method.points.push_back(Point("setting " + std::to_string(i),
                                  factor * (1000u << i), right[i],
                                  1.0f / static_cast<float>(1u << i)));
  }
  if (learned) {
    method.encoder = EncoderSize{702312, 340112, 130.1};
    method.codec_id = "0123abcd";
    method.tail = "some-tail";
  }
  method.latencies = {{"setting 0", 1, 3.25, 9.5}, {"setting 0", 4, 1.5, 4.5}};
  return method;
}

Evaluation MakeEvaluation() {
  Evaluation evaluation;
  evaluation.data = "photos.tar";
  evaluation.view = "crop:224/227";
  evaluation.command_line = "sluice-model eval --data photos.tar";
  evaluation.version = "1.2.3";
  evaluation.machine = "Some CPU, 4 cores";
  for (uint32_t i = 0; i < kNumPictures; ++i) {
    evaluation.pictures.push_back({"picture", 0, 50176});
  }
  evaluation.teacher = Point("uncompressed", 0, 80, 0);
  evaluation.uncompressed = {Point("ours", 0, 79, 0.01f)};
  evaluation.methods = {MakeMethod("ours", true, 1),
                        MakeMethod("JPEG", false, 2),
                        MakeMethod("WebP", false, 3)};
  return evaluation;
}

std::string Html(const Evaluation& evaluation) {
  return ReportToHtml(MakeReport({evaluation}));
}

void ExpectSound(const std::string& html) {
  EXPECT_EQ(XmlProblem(html), "");
  for (const char* bad : {"nan", "NaN", "inf<", "inf ", "<script",
                          "http:", "https:", "url(", "@import", "src="}) {
    std::string rest = html;
    for (const std::string known :
         {"http://www.w3.org/1999/xhtml", "http://www.w3.org/2000/svg"}) {
      for (size_t at = rest.find(known); at != rest.npos;
           at = rest.find(known)) {
        rest.erase(at, known.size());
      }
    }
    EXPECT_THAT(rest, Not(HasSubstr(bad)));
  }
}

TEST(HtmlReportTest, SaysWhatWasMeasuredOnWhat) {
  const std::string html = Html(MakeEvaluation());
  ExpectSound(html);
  for (const char* text :
       {"photos.tar", "100 of 50,176 pixels", "crop:224/227", "1.2.3",
        "Some CPU, 4 cores", "<span>--data</span> <span>photos.tar</span>",
        "top-1 80.0 %", "pixel entrance of ours"}) {
    EXPECT_THAT(html, HasSubstr(text));
  }
}

TEST(HtmlReportTest, NamesEveryMethodSettingAndDefinition) {
  const std::string html = Html(MakeEvaluation());
  for (const char* text :
       {"ours", "JPEG", "WebP", "setting 3", "some-tail", "0123abcd", "702,312",
        "340,112", "130.1", "3.25", "answer, 4 threads"}) {
    EXPECT_THAT(html, HasSubstr(text));
  }
  for (const Definition& definition :
       FigureDefinitions({Task::kClassification})) {
    EXPECT_THAT(html, HasSubstr("<dt>" + definition.term + "</dt>"));
  }
}

TEST(HtmlReportTest, TellsBdRate) {
  const std::string html = Html(MakeEvaluation());
  EXPECT_THAT(html, HasSubstr("−50.0 %"));  // Half of JPEG's bytes.
  EXPECT_THAT(html, HasSubstr("−66.7 %"));
}

TEST(HtmlReportTest, TellsWhyBdRateIsUndefined) {
  Evaluation evaluation = MakeEvaluation();
  evaluation.methods[1].points.resize(1);
  const EvaluationFigures figures = MakeFigures(evaluation);
  const std::string html = Html(evaluation);
  ExpectSound(html);
  ASSERT_FALSE(figures.pairs[0].on_quality.rate.percent.has_value());
  EXPECT_THAT(html, HasSubstr("undefined <small>" +
                              figures.pairs[0].on_quality.rate.undefined));
}

TEST(HtmlReportTest, EscapesEveryString) {
  Evaluation evaluation = MakeEvaluation();
  const std::string hostile = "<b>&\"'</b>\xFF";
  evaluation.data = evaluation.view = evaluation.command_line = hostile;
  evaluation.version = evaluation.machine = hostile;
  evaluation.warnings = {hostile};
  evaluation.uncompressed[0].setting = hostile;
  for (Method& method : evaluation.methods) {
    method.name = method.codec_id = method.tail = hostile;
    for (OperatingPoint& point : method.points) {
      point.setting = point.scored_by = hostile;
    }
    for (Latency& latency : method.latencies) latency.setting = hostile;
  }
  const std::string html = Html(evaluation);
  ExpectSound(html);
  EXPECT_THAT(html, Not(HasSubstr("<b>")));
}

TEST(HtmlReportTest, AnEmptyEvaluationIsAPage) {
  ExpectSound(Html(Evaluation{}));
}

TEST(HtmlReportTest, MethodsMayBeMissing) {
  Evaluation evaluation = MakeEvaluation();
  evaluation.methods.clear();
  const std::string html = Html(evaluation);
  ExpectSound(html);
  EXPECT_THAT(html, HasSubstr("80.0"));
}

TEST(HtmlReportTest, MethodsMayHaveNoPointsAndNoLatencies) {
  Evaluation evaluation = MakeEvaluation();
  for (Method& method : evaluation.methods) {
    method.points.clear();
    method.latencies.clear();
    method.encoder.reset();
  }
  const std::string html = Html(evaluation);
  ExpectSound(html);
  EXPECT_THAT(html, Not(HasSubstr("Milliseconds per picture")));
}

TEST(HtmlReportTest, PicturesMayBeMissing) {
  Evaluation evaluation = MakeEvaluation();
  evaluation.pictures.clear();
  evaluation.teacher->outcomes.clear();
  evaluation.uncompressed[0].outcomes.clear();
  for (Method& method : evaluation.methods) {
    for (OperatingPoint& point : method.points) point.outcomes.clear();
  }
  ExpectSound(Html(evaluation));
}

TEST(HtmlReportTest, ASinglePointIsPlotted) {
  Evaluation evaluation = MakeEvaluation();
  evaluation.methods.resize(1);
  evaluation.methods[0].points.resize(1);
  const std::string html = Html(evaluation);
  ExpectSound(html);
  EXPECT_THAT(html, HasSubstr("<title>ours, setting 0: 1,000 bytes"));
}

TEST(HtmlReportTest, TheTeacherMayBeMissing) {
  Evaluation evaluation = MakeEvaluation();
  evaluation.teacher.reset();
  evaluation.uncompressed.clear();
  const std::string html = Html(evaluation);
  ExpectSound(html);
  EXPECT_THAT(html, Not(HasSubstr("Divergence over bytes")));
}

TEST(HtmlReportTest, ADivergenceThatIsNoNumberIsNotPrinted) {
  Evaluation evaluation = MakeEvaluation();
  evaluation.methods[0].points[0].outcomes[3].kl =
      std::numeric_limits<float>::quiet_NaN();
  evaluation.methods[1].points[0].outcomes[3].kl =
      std::numeric_limits<float>::infinity();
  ExpectSound(Html(evaluation));
}

TEST(HtmlReportTest, ALoneDearFileIsToldInTheCaption) {
  Evaluation evaluation = MakeEvaluation();
  Method png;
  png.name = "PNG";
  png.points = {Point("lossless", 90000, 80, 0)};
  evaluation.methods.push_back(png);
  const std::string html = Html(evaluation);
  ExpectSound(html);
  EXPECT_THAT(html, HasSubstr("Outside of the plot: PNG (90,000 bytes, top-1 "
                              "80.0 %)."));
}

TEST(HtmlReportTest, SaysThatADropIsOutOfReachOrAlreadyMet) {
  Evaluation evaluation = MakeEvaluation();
  evaluation.methods[0].points = {Point("only", 1500, 79, 0.1f)};
  const std::string html = Html(evaluation);
  EXPECT_THAT(html, HasSubstr("<td>≤ 1,500</td>"));
  EXPECT_THAT(html, HasSubstr("<td>–</td>"));
}

TEST(HtmlReportTest, EveryTaskHasASection) {
  const std::string html =
      ReportToHtml(MakeReport({MakeEvaluation(), MakeDetectionEvaluation(),
                               MakeSegmentationEvaluation()}));
  ExpectSound(html);
  for (const char* text :
       {"<h1>ours: classification, detection, segmentation over bytes</h1>",
        "<a href=\"#section-2\">Detection: fod.tar (val), fit:320x320</a>",
        "<h2>Segmentation: camvid.tar (val), fit:480x384</h2>",
        "<h3>mAP@0.5 over bytes</h3>", "<h3>Mean IoU over bytes</h3>",
        "3 classes, 120 objects", "mAP@[.5:.95]", "pixel accuracy",
        "<dt>AP, mAP</dt>", "<dt>IoU, mIoU, pixel accuracy</dt>"}) {
    EXPECT_THAT(html, HasSubstr(text));
  }
}

TEST(HtmlReportTest, EveryClassIsToldOfReferenceAndUsualRate) {
  const std::string html =
      ReportToHtml(MakeReport({MakeDetectionEvaluation()}));
  EXPECT_THAT(html, HasSubstr(">pixel entrance of ours</th>"));
  EXPECT_THAT(html, HasSubstr(">ours, rate 2</th>"));
  EXPECT_THAT(html, HasSubstr("<th class=\"text\" scope=\"row\">Wrench</th>"
                              "<td>0</td><td>–</td><td>–</td>"));
}

TEST(HtmlReportTest, WithoutATeacherOfTheTaskTheReferenceIsExplained) {
  const std::string html =
      ReportToHtml(MakeReport({MakeSegmentationEvaluation()}));
  EXPECT_THAT(html, HasSubstr("no unmodified teacher for this task"));
  EXPECT_THAT(html, Not(HasSubstr("KL, nats")));
  EXPECT_THAT(html, Not(HasSubstr("class=\"warnings\"")));
  EXPECT_THAT(Html(MakeEvaluation()),
              Not(HasSubstr("no unmodified teacher for this task")));
}

TEST(HtmlReportTest, ClassNamesAreEscaped) {
  Evaluation evaluation = MakeDetectionEvaluation();
  evaluation.class_names[0] = evaluation.subset = "<b>&\"'</b>\xFF";
  const std::string html = Html(evaluation);
  ExpectSound(html);
  EXPECT_THAT(html, Not(HasSubstr("<b>")));
}

TEST(HtmlReportTest, TasksWithoutPicturesAreAPage) {
  for (const Task task : {Task::kDetection, Task::kSegmentation}) {
    Evaluation evaluation;
    evaluation.task = task;
    ExpectSound(Html(evaluation));
    evaluation.class_names = {"a"};
    evaluation.uncompressed = {
        {.setting = "ours", .scored_by = "", .outcomes = {}}};
    ExpectSound(Html(evaluation));
  }
}

}  // namespace
}  // namespace sluice::train
