#include "device/report.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

namespace sluice::device {
namespace {

using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;

PictureReport MakeReport() {
  PictureReport report;
  report.source = "photos/cat.jpg";
  report.sequence = 7;
  report.num_dropped = 3;
  report.captured = std::chrono::system_clock::from_time_t(1709251199) +
                    std::chrono::milliseconds(7);
  report.view = vision::ParseViewRule("fit:448x448").value();
  report.geometry.source = {600, 400};
  report.geometry.valid = {448, 299};
  report.geometry.padded = {448, 320};
  report.rate = 2;
  report.frame_bytes = 2000;
  report.wire_bytes = 2070;
  report.answer_bytes = 95;
  report.timings.read = 1;
  report.timings.preprocess = 2;
  report.timings.encode = 3;
  report.timings.entropy_code = 4;
  report.timings.round_trip = 50;
  report.timings.server_total = 45;
  report.results.push_back(
      {"imagenet", absl::OkStatus(),
       std::vector<RankedLabel>{{281, "tabby", 0.75f}, {282, "cat", 0}}, 60});
  return report;
}

nlohmann::json Parse(const PictureReport& report) {
  const std::string line = ToJsonLine(report);
  EXPECT_EQ(line.find('\n'), std::string::npos);
  return nlohmann::json::parse(line);
}

std::vector<std::string> Keys(const nlohmann::json& object) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : object.items()) keys.push_back(key);
  return keys;
}

TEST(ReportTest, JsonHasTheFieldsOthersBuildOn) {
  const nlohmann::json json = Parse(MakeReport());
  EXPECT_THAT(
      Keys(json),
      UnorderedElementsAre("source", "sequence", "dropped", "captured",
                           "frame_bytes", "rate", "wire_bytes", "answer_bytes",
                           "bpp", "view", "timings_ms", "results"));
  EXPECT_EQ(json["source"], "photos/cat.jpg");
  EXPECT_EQ(json["sequence"], 7);
  EXPECT_EQ(json["dropped"], 3);
  EXPECT_EQ(json["captured"], "2024-02-29T23:59:59.007Z");
  EXPECT_EQ(json["frame_bytes"], 2000);
  EXPECT_EQ(json["wire_bytes"], 2070);
  EXPECT_EQ(json["answer_bytes"], 95);
  EXPECT_EQ(json["rate"], 2);
  EXPECT_EQ(json["view"]["rule"], "fit:448x448");
  EXPECT_EQ(json["view"]["padded_height"], 320);
  EXPECT_EQ(json["results"][0]["tail"], "imagenet");
  EXPECT_EQ(json["results"][0]["bytes"], 60);
  EXPECT_EQ(json["results"][0]["top"][0]["index"], 281);
  EXPECT_EQ(json["results"][0]["top"][0]["label"], "tabby");
  EXPECT_EQ(json["results"][0]["top"][0]["score"], 0.75);
}

TEST(ReportTest, JsonHasEveryTiming) {
  const nlohmann::json ms = Parse(MakeReport())["timings_ms"];
  EXPECT_THAT(Keys(ms),
              UnorderedElementsAre(
                  "read", "preprocess", "encode", "entropy_code", "round_trip",
                  "waiting", "server_queue", "server_entropy_decode",
                  "server_batch_wait", "server_decoder_network", "server_tail",
                  "server_postprocess", "server_total", "network", "total"));
  EXPECT_EQ(ms["network"], 5);
  EXPECT_EQ(ms["total"], 60);
}

TEST(ReportTest, BppIsOverTheViewBeforePadding) {
  EXPECT_DOUBLE_EQ(MakeReport().bpp(), 8.0 * 2000 / (448 * 299));
  EXPECT_EQ(PictureReport{}.bpp(), 0);
}

TEST(ReportTest, FailedPictureHasAnErrorAndNothingElse) {
  PictureReport report = MakeReport();
  report.status = absl::DeadlineExceededError("no answer within 50 ms");
  const nlohmann::json json = Parse(report);
  EXPECT_THAT(Keys(json), UnorderedElementsAre("source", "sequence", "dropped",
                                               "captured", "error"));
  EXPECT_EQ(json["error"]["code"], "DEADLINE_EXCEEDED");
  EXPECT_EQ(json["error"]["message"], "no answer within 50 ms");
  EXPECT_FALSE(report.ok());
}

TEST(ReportTest, FailedTailHasAnErrorBesideTheOthers) {
  PictureReport report = MakeReport();
  report.results.push_back({"scenes", absl::InternalError("broke"), {}});
  const nlohmann::json results = Parse(report)["results"];
  EXPECT_THAT(Keys(results[0]), ElementsAre("bytes", "tail", "top"));
  EXPECT_THAT(Keys(results[1]), ElementsAre("error", "tail"));
  EXPECT_EQ(results[1]["error"]["code"], "INTERNAL");
  EXPECT_FALSE(report.ok());
}

TEST(ReportTest, BoxesAreInPixelsOfTheSource) {
  PictureReport report = MakeReport();
  report.results.push_back(
      {"fod", absl::OkStatus(),
       std::vector<LabelledBox>{
           {"Bolt", 0.9f, 3, {0.0f, 10.126f, 59.5f, 400.0f}}}});
  const nlohmann::json result = Parse(report)["results"][1];
  EXPECT_THAT(Keys(result), ElementsAre("boxes", "bytes", "tail"));
  EXPECT_EQ(result["boxes"], nlohmann::json::parse(R"([
      {"index": 3, "label": "Bolt", "score": 0.9,
       "x_min": 0.0, "y_min": 10.13, "x_max": 59.5, "y_max": 400.0}])"));
}

TEST(ReportTest, NoBoxesAreAnEmptyArray) {
  PictureReport report = MakeReport();
  report.results[0].output = std::vector<LabelledBox>();
  EXPECT_EQ(Parse(report)["results"][0]["boxes"], nlohmann::json::array());
}

LabelledMask MakeMask() {
  return {{{4, 2}, {1, 1, 1, 0, 1, 0, task::kNoClass, task::kNoClass}},
          {"road", "sky", "car"}};
}

TEST(ReportTest, MaskIsSummedUpByItsClassesShares) {
  PictureReport report = MakeReport();
  report.results[0].output = MakeMask();
  EXPECT_EQ(Parse(report)["results"][0]["mask"], nlohmann::json::parse(R"({
      "width": 4, "height": 2,
      "classes": [{"index": 1, "label": "sky", "share": 0.6667},
                  {"index": 0, "label": "road", "share": 0.3333}]})"));
}

TEST(ReportTest, MaskComesAsRunLengthsWhenAsked) {
  PictureReport report = MakeReport();
  report.results[0].output = MakeMask();
  const auto json =
      nlohmann::json::parse(ToJsonLine(report, JsonMasks::kRunLengths));
  EXPECT_EQ(json["results"][0]["mask"]["run_lengths"], nlohmann::json::parse(R"(
      {"class_index": [1, 0, 1, 0, 255], "length": [3, 1, 1, 1, 2]})"));
}

TEST(ReportTest, MaskOfUnseenPixelsHasNoClasses) {
  PictureReport report = MakeReport();
  report.results[0].output = LabelledMask{{{1, 1}, {task::kNoClass}}, {"sky"}};
  EXPECT_EQ(Parse(report)["results"][0]["mask"]["classes"],
            nlohmann::json::array());
}

TEST(ReportTest, TensorsHaveShapesAndSizes) {
  PictureReport report = MakeReport();
  report.results[0].output =
      std::vector<TensorSummary>{{"embedding", {2, 64}, 512}};
  EXPECT_EQ(Parse(report)["results"][0]["tensors"], nlohmann::json::parse(R"(
      [{"name": "embedding", "shape": [2, 64], "bytes": 512}])"));
}

TEST(ReportTest, ComparisonAddsJpegBytes) {
  PictureReport report = MakeReport();
  report.jpeg = JpegComparison{75, 9120};
  const nlohmann::json json = Parse(report);
  EXPECT_EQ(json["jpeg_bytes"], 9120);
  EXPECT_EQ(json["jpeg_quality"], 75);
}

TEST(ReportTest, SentPixelsTakeTheFramesPlace) {
  PictureReport report = MakeReport();
  report.image = SentImage{vision::PictureFormat::kWebp, 60, 4000};
  const nlohmann::json json = Parse(report);
  EXPECT_FALSE(json.contains("frame_bytes"));
  EXPECT_FALSE(json.contains("rate"));
  EXPECT_EQ(json["image_bytes"], 4000);
  EXPECT_EQ(json["image_format"], "webp");
  EXPECT_EQ(json["image_quality"], 60);
  EXPECT_DOUBLE_EQ(json["bpp"], 8.0 * 4000 / (448 * 299));
}

TEST(ReportTest, NameThatIsNoUtf8StaysValidJson) {
  PictureReport report = MakeReport();
  report.source = "caf\xe9\n.jpg";
  EXPECT_EQ(Parse(report)["source"], "caf\ufffd\n.jpg");
}

}  // namespace
}  // namespace sluice::device
