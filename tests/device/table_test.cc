#include "device/table.h"

#include <sstream>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sluice::device {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

PictureReport MakeReport(const std::string& source, double round_trip_ms) {
  PictureReport report;
  report.source = source;
  report.rate = 2;
  report.frame_bytes = 2017;
  report.timings.encode = 10;
  report.timings.entropy_code = 2.25;
  report.timings.round_trip = round_trip_ms;
  report.timings.server_total = 40;
  report.results.push_back(
      {"imagenet", absl::OkStatus(),
       std::vector<RankedLabel>{{281, "tabby, tabby cat", 0.6214f},
                                {282, "tiger cat", 0.2f}}});
  return report;
}

std::string Table(const std::vector<PictureReport>& reports, int top_k,
                  std::optional<int> jpeg_quality) {
  std::ostringstream out;
  TableWriter table(&out, top_k, jpeg_quality);
  for (const PictureReport& report : reports) table.Add(report);
  table.WriteSummary();
  return out.str();
}

TEST(TableTest, PicturesAndSummary) {
  EXPECT_EQ("\n" + Table({MakeReport("photos/cat.jpg", 44),
                          MakeReport("photos/of/a/very/long/path/dog.jpg", 48)},
                         1, std::nullopt),
            R"(
picture                     answer                           rate    bytes  encode  network  server  total (ms)
---------------------------------------------------------------------------------------------------------------
photos/cat.jpg              tabby, tabby cat          62.1%     2    2,017    12.2      4.0    40.0        56.2
…/a/very/long/path/dog.jpg  tabby, tabby cat          62.1%     2    2,017    12.2      8.0    40.0        60.2

2 pictures, 0 failed; mean 2,017 bytes; median latency 58.2 ms
)");
}

TEST(TableTest, ComparisonWithJpegAddsAColumnAndARatio) {
  PictureReport report = MakeReport("cat.jpg", 44);
  report.jpeg = JpegComparison{75, 10085};
  const std::string table = Table({report}, 1, 75);
  EXPECT_THAT(table, HasSubstr("    bytes  JPEG 75  encode"));
  EXPECT_THAT(table, HasSubstr("    2,017   10,085    12.2"));
  EXPECT_THAT(table, HasSubstr("mean 2,017 bytes against 10,085 of JPEG 75 "
                               "(5.0x); median"));
}

TEST(TableTest, EachPictureHasItsRate) {
  PictureReport highest = MakeReport("dog.jpg", 44);
  highest.rate = 15;
  PictureReport pixels = MakeReport("cat.jpg", 44);
  pixels.image = SentImage{vision::PictureFormat::kJpeg, 75, 10085};
  const std::string table = Table({highest, pixels}, 1, std::nullopt);
  EXPECT_THAT(table, HasSubstr("62.1%    15    2,017    12.2"));
  EXPECT_THAT(table, HasSubstr("62.1%     -   10,085    12.2"));
}

TEST(TableTest, TopKListsLabelsWithProbabilities) {
  const std::string table = Table({MakeReport("cat.jpg", 44)}, 2, std::nullopt);
  EXPECT_THAT(table, HasSubstr("\n     1. tabby, tabby cat"));
  EXPECT_THAT(table, HasSubstr("\n     2. tiger cat"));
  EXPECT_THAT(table, HasSubstr(" 20.0%\n"));
}

TEST(TableTest, SeveralTailsAreNamed) {
  PictureReport report = MakeReport("cat.jpg", 44);
  report.results.push_back(
      {"scenes", absl::OkStatus(),
       std::vector<RankedLabel>{{3, "living room", 0.5f}}});
  const std::string table = Table({report}, 1, std::nullopt);
  EXPECT_THAT(table, HasSubstr("\n  imagenet\n     1. tabby"));
  EXPECT_THAT(table, HasSubstr("\n  scenes\n     1. living room"));
}

std::vector<LabelledBox> MakeBoxes(size_t count) {
  return std::vector<LabelledBox>(count, {"Bolt", 0.914f, 3, {0, 0, 9, 9}});
}

LabelledMask MakeMask() {
  return {{{5, 1}, {1, 1, 1, 0, task::kNoClass}}, {"sky", "road"}};
}

// The table's row and what is below it.
std::string RowsOf(TailOutput output) {
  PictureReport report = MakeReport("cat.jpg", 44);
  report.results[0].output = std::move(output);
  const std::string table = Table({report}, 1, std::nullopt);
  const size_t begin = table.find("\ncat.jpg") + 29;
  return table.substr(begin, table.find("\n\n") - begin);
}

TEST(TableTest, BoxesAreCountedAndTheBestAreNamed) {
  EXPECT_THAT(RowsOf(MakeBoxes(0)), StartsWith("no boxes    "));
  EXPECT_THAT(RowsOf(MakeBoxes(1)), StartsWith("1 box: Bolt 91%    "));
  EXPECT_THAT(RowsOf(MakeBoxes(2)),
              StartsWith("2 boxes: Bolt 91%, Bolt 91%    "));
  EXPECT_THAT(RowsOf(MakeBoxes(7)),
              AllOf(StartsWith("7 boxes: Bolt 91%, Bolt 91%, B…  "),
                    EndsWith("\n     7 boxes: Bolt 91%, Bolt 91%, Bolt 91%, "
                             "Bolt 91%, Bolt 91%, +2 more")));
}

TEST(TableTest, MaskNamesItsLargestClasses) {
  EXPECT_THAT(RowsOf(MakeMask()), StartsWith("road 75%, sky 25%    "));
  EXPECT_THAT(RowsOf(LabelledMask{{{1, 1}, {task::kNoClass}}, {"sky"}}),
              StartsWith("nothing seen    "));
}

TEST(TableTest, TensorsAreNamedWithTheirShapes) {
  EXPECT_THAT(RowsOf(std::vector<TensorSummary>{{"map", {1, 64}, 256}}),
              StartsWith("1 tensor: map [1,64]    "));
  EXPECT_THAT(RowsOf(std::vector<TensorSummary>()),
              StartsWith("no tensors    "));
}

TEST(TableTest, EveryTaskHasItsLineBesideOthers) {
  PictureReport report = MakeReport("cat.jpg", 44);
  report.results.push_back({"fod", absl::OkStatus(), MakeBoxes(1)});
  report.results.push_back({"camvid", absl::OkStatus(), MakeMask()});
  EXPECT_THAT(Table({report}, 1, std::nullopt),
              AllOf(HasSubstr("\n  imagenet\n     1. tabby"),
                    HasSubstr("\n  fod\n     1 box: Bolt 91%\n"),
                    HasSubstr("\n  camvid\n     road 75%, sky 25%\n")));
}

TEST(TableTest, LabelsOfBoxesCannotSteerTheTerminal) {
  EXPECT_THAT(RowsOf(std::vector<LabelledBox>{{"\x1b[2J", 0.5f, 0, {}}}),
              StartsWith("1 box: ?[2J 50%"));
}

TEST(TableTest, FailedPictureShowsItsError) {
  PictureReport report;
  report.source = "bad.jpg";
  report.status = absl::InvalidArgumentError("not a picture");
  const std::string table = Table({report}, 1, std::nullopt);
  EXPECT_THAT(table,
              HasSubstr("bad.jpg                     INVALID_ARGUMENT: not a "
                        "picture\n"));
  EXPECT_THAT(table, HasSubstr("\n1 picture, 1 failed\n"));
}

TEST(TableTest, FailedTailShowsItsErrorAndCounts) {
  PictureReport report = MakeReport("cat.jpg", 44);
  report.results[0] = {"imagenet", absl::InternalError("broke"), {}};
  const std::string table = Table({report}, 1, std::nullopt);
  EXPECT_THAT(table, HasSubstr("\n  imagenet: INTERNAL: broke\n"));
  EXPECT_THAT(table, HasSubstr("1 picture, 1 failed"));
}

TEST(TableTest, NoPicturesNoTable) {
  EXPECT_THAT(Table({}, 1, std::nullopt), IsEmpty());
}

TEST(FitToWidthTest, PadsAndCutsByCodePoint) {
  EXPECT_EQ(FitToWidth("cat", 5, Keep::kStart), "cat  ");
  EXPECT_EQ(FitToWidth("cat", 3, Keep::kStart), "cat");
  EXPECT_EQ(FitToWidth("kitten", 4, Keep::kStart), "kit…");
  EXPECT_EQ(FitToWidth("kitten", 4, Keep::kEnd), "…ten");
  EXPECT_EQ(FitToWidth("naïve été", 6, Keep::kStart), "naïve…");
  EXPECT_EQ(FitToWidth("", 2, Keep::kEnd), "  ");
}

TEST(FitToWidthTest, NamesCannotSteerTheTerminal) {
  EXPECT_EQ(FitToWidth("\x1b[31mred\n", 9, Keep::kStart), "?[31mred?");
  EXPECT_EQ(FitToWidth("\xc2\x9b"
                       "1m",
                       3, Keep::kStart),
            "?1m");
  EXPECT_EQ(FitToWidth("caf\xe9", 4, Keep::kStart), "caf?");
  EXPECT_EQ(FitToWidth("cut \xe2\x80", 6, Keep::kStart), "cut ??");
}

TEST(TableTest, CameraPicturesGoByTimeAndNumber) {
  std::ostringstream out;
  TableWriter table(&out, 1, std::nullopt);
  PictureReport report = MakeReport("rtsp://cam", 44);
  report.is_live = true;
  report.sequence = 17;
  report.num_dropped = 7;
  report.captured = std::chrono::system_clock::from_time_t(1709251199);
  table.Add(report);
  table.WriteSummary();
  EXPECT_THAT(out.str(), HasSubstr("\n23:59:59.000 #17 (7 lost)"));
  EXPECT_THAT(out.str(), HasSubstr("0 failed, 7 lost;"));
}

}  // namespace
}  // namespace sluice::device
