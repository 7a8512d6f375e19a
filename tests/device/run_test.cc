#include "device/run.h"

#include <sstream>

#include "device/file_source.h"
#include "device/video_reader.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tests/device/device_testing.h"
#include "tests/device/scripted_source.h"

namespace sluice::device {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

class RunTest : public ::testing::Test {
 protected:
  RunTest() {
    link_options_ = server_.link_options();
    options_.view = vision::ParseViewRule("fit:96x96").value();
    options_.json = true;
  }

  ExitCode RunOver(std::vector<std::string> inputs) {
    FileSource source(inputs, {});
    return RunOver(&source);
  }

  ExitCode RunOver(Source* source) {
    link_options_.lossless = !source->is_live();
    CurrentCodec current(std::make_shared<const RunCodec>(
        MakeEncodingOptions(options_, codec_.spec).value(), codec_,
        std::make_shared<BlockMeanEncoder>()));
    return RunDevice(
        options_, &current, source,
        [this](OnAnswer on_answer) {
          return ServerLink::Start(link_options_, std::move(on_answer),
                                   [](const std::string&) {});
        },
        &out_);
  }

  std::vector<nlohmann::json> Lines() {
    std::vector<nlohmann::json> lines;
    std::istringstream text(out_.str());
    for (std::string line; std::getline(text, line);) {
      lines.push_back(nlohmann::json::parse(line));
    }
    return lines;
  }

  TestServer server_;
  LinkOptions link_options_;
  artifact::CodecArtifact codec_ = MakeCodec();
  Options options_;
  ScratchDirectory dir_;
  std::ostringstream out_;
};

TEST_F(RunTest, EveryPictureAnsweredIsOk) {
  EXPECT_EQ(RunOver({dir_.WriteJpeg("a.jpg", 64, 64),
                     dir_.WriteJpeg("b.jpg", 64, 64)}),
            ExitCode::kOk);
  const std::vector<nlohmann::json> lines = Lines();
  ASSERT_THAT(lines, SizeIs(2));
  EXPECT_EQ(lines[1]["sequence"], 1);
  EXPECT_EQ(lines[1]["rate"], codec_.spec.default_rate);
}

TEST_F(RunTest, BadPictureIsReportedAndTheRunGoesOn) {
  EXPECT_EQ(RunOver({dir_.Write("bad.jpg", ""), dir_.File("missing.jpg"),
                     dir_.WriteJpeg("good.jpg", 64, 64)}),
            ExitCode::kSomeFailed);
  const std::vector<nlohmann::json> lines = Lines();
  ASSERT_THAT(lines, SizeIs(3));
  EXPECT_EQ(lines[0]["error"]["code"], "INVALID_ARGUMENT");
  EXPECT_EQ(lines[1]["error"]["code"], "NOT_FOUND");
  EXPECT_TRUE(lines[2].contains("results"));
}

TEST_F(RunTest, RefusedPictureIsReportedAndTheRunGoesOn) {
  server_.infer = [](auto...) {
    return grpc::Status(grpc::DEADLINE_EXCEEDED, "late");
  };
  EXPECT_EQ(RunOver({dir_.WriteJpeg("a.jpg", 64, 64),
                     dir_.WriteJpeg("b.jpg", 64, 64)}),
            ExitCode::kSomeFailed);
  EXPECT_THAT(Lines(), SizeIs(2));
}

TEST_F(RunTest, LostServerEndsTheRun) {
  server_.infer = [](auto...) {
    return grpc::Status(grpc::UNAVAILABLE, "draining");
  };
  link_options_.give_up_after = std::chrono::milliseconds(1);
  EXPECT_EQ(RunOver({dir_.WriteJpeg("a.jpg", 64, 64),
                     dir_.WriteJpeg("b.jpg", 64, 64)}),
            ExitCode::kNoServer);
  for (const nlohmann::json& line : Lines()) {
    EXPECT_EQ(line["error"]["code"], "UNAVAILABLE");
  }
}

TEST_F(RunTest, OtherCodecEndsTheRun) {
  server_.infer = [](auto...) {
    return grpc::Status(grpc::FAILED_PRECONDITION, "another codec");
  };
  EXPECT_EQ(RunOver({dir_.WriteJpeg("a.jpg", 64, 64)}),
            ExitCode::kCodecMismatch);
}

TEST_F(RunTest, ResultOptionsAreAskedOfTheServer) {
  options_.score_threshold = 0.5f;
  options_.mask_side = 256;
  const auto encoding = MakeEncodingOptions(options_, codec_.spec);
  ASSERT_TRUE(encoding.ok()) << encoding.status();
  EXPECT_EQ(encoding->score_threshold, 0.5f);
  EXPECT_EQ(encoding->max_mask_side, 256u);
}

TEST_F(RunTest, RateThatTheCodecLacksIsNamedWithTheOnesItHas) {
  options_.rate = 2;
  const absl::Status status =
      MakeEncodingOptions(options_, codec_.spec).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("--rate: expected 0 to 1 for block-mean, found 2"));
}

TEST_F(RunTest, TableIsTheDefault) {
  options_.json = false;
  EXPECT_EQ(RunOver({dir_.WriteJpeg("a.jpg", 64, 64)}), ExitCode::kOk);
  EXPECT_THAT(out_.str(), HasSubstr("answer"));
  EXPECT_THAT(out_.str(), HasSubstr("1 picture, 0 failed"));
}

TEST_F(RunTest, AnnotatedPicturesAndSheetAreWritten) {
  options_.save = dir_.File("out");
  options_.contact_sheet = dir_.File("sheet.png");
  EXPECT_EQ(RunOver({dir_.WriteJpeg("a.jpg", 64, 64)}), ExitCode::kOk);
  EXPECT_TRUE(vision::ReadPicture(dir_.File("out/a-annotated.jpg")).ok());
  EXPECT_TRUE(vision::ReadPicture(dir_.File("sheet.png")).ok());
}

// "bright" or "dark", a box and a mask; the mask's tail fails at times.
void AddTwoTasks(const grpc::Status& mask_status, v1::InferResponse* response) {
  v1::Result* fod = response->add_results();
  fod->set_tail("fod");
  v1::Detection::Box* box = fod->mutable_detection()->add_boxes();
  box->set_label("Bolt");
  box->set_score(0.9f);
  box->set_x_max(32);
  box->set_y_max(16);
  v1::Result* camvid = response->add_results();
  camvid->set_tail("camvid");
  camvid->set_code(mask_status.error_code());
  camvid->set_message(mask_status.error_message());
  v1::Segmentation* mask = camvid->mutable_segmentation();
  mask->set_width(64);
  mask->set_height(64);
  mask->mutable_run_lengths()->add_class_index(1);
  mask->mutable_run_lengths()->add_length(64 * 64);
  mask->add_labels("sky");
  mask->add_labels("road");
}

TEST_F(RunTest, ThreeTasksOfOneRequestAreShownAndSaved) {
  server_.infer = [](auto* context, const auto& request, auto* response) {
    const grpc::Status status =
        TestServer::Classify(context, request, response);
    AddTwoTasks(grpc::Status::OK, response);
    return status;
  };
  options_.json_masks = true;
  options_.save = dir_.File("out");
  options_.contact_sheet = dir_.File("sheet.png");
  EXPECT_EQ(RunOver({dir_.WriteJpeg("a.jpg", 64, 64)}), ExitCode::kOk);
  EXPECT_EQ(server_.num_infer_calls, 1);
  const nlohmann::json results = Lines().at(0)["results"];
  ASSERT_THAT(results, SizeIs(3));
  EXPECT_THAT(results[0]["top"], SizeIs(2));
  EXPECT_EQ(results[1]["boxes"][0]["label"], "Bolt");
  EXPECT_EQ(results[2]["mask"]["classes"][0]["share"], 1);
  EXPECT_EQ(results[2]["mask"]["run_lengths"]["length"][0], 64 * 64);
  EXPECT_TRUE(vision::ReadPicture(dir_.File("out/a-annotated.jpg")).ok());
  EXPECT_TRUE(vision::ReadPicture(dir_.File("out/a-camvid.png")).ok());
  EXPECT_TRUE(vision::ReadPicture(dir_.File("sheet.png")).ok());
}

TEST_F(RunTest, OneFailedTaskIsReportedAndTheOthersAreShown) {
  server_.infer = [](auto*, const auto& request, auto* response) {
    response->set_sequence(request.sequence());
    AddTwoTasks({grpc::INTERNAL, "broke"}, response);
    return grpc::Status::OK;
  };
  options_.json = false;
  options_.save = dir_.File("out");
  EXPECT_EQ(RunOver({dir_.WriteJpeg("a.jpg", 64, 64)}), ExitCode::kSomeFailed);
  EXPECT_THAT(out_.str(), HasSubstr("1 box: Bolt 90%"));
  EXPECT_THAT(out_.str(), HasSubstr("\n  camvid: INTERNAL: broke\n"));
  EXPECT_TRUE(vision::ReadPicture(dir_.File("out/a-annotated.jpg")).ok());
  EXPECT_FALSE(std::filesystem::exists(dir_.File("out/a-camvid.png")));
}

TEST_F(RunTest, SheetThatCannotBeWrittenIsAFailure) {
  options_.contact_sheet = dir_.File("no/such/sheet.png");
  EXPECT_EQ(RunOver({dir_.WriteJpeg("a.jpg", 64, 64)}), ExitCode::kSomeFailed);
}

TEST_F(RunTest, DirectoryThatCannotBeMadeIsBadUsage) {
  options_.save = dir_.Write("out", "in the way");
  EXPECT_EQ(RunOver({dir_.WriteJpeg("a.jpg", 64, 64)}), ExitCode::kUsage);
  EXPECT_EQ(server_.num_infer_calls, 0);
}

TEST_F(RunTest, VideoIsWritten) {
  options_.save = dir_.File("out.avi");
  EXPECT_EQ(RunOver({dir_.WriteJpeg("a.jpg", 640, 480),
                     dir_.WriteJpeg("b.jpg", 640, 480)}),
            ExitCode::kOk);
  auto video = VideoReader::Open(dir_.File("out.avi"));
  ASSERT_TRUE(video.ok()) << video.status();
  for (const bool is_there : {true, true, false}) {
    EXPECT_EQ((*video->Next()).has_value(), is_there);
  }
}

TEST_F(RunTest, BadPictureOfACameraIsNoFailureOfTheRun) {
  ScriptedSource camera({MakePicture(64, 64), absl::DataLossError("torn")},
                        ScriptedSource::Kind::kLive);
  EXPECT_EQ(RunOver(&camera), ExitCode::kOk);
  EXPECT_EQ(Lines().back()["error"]["code"], "DATA_LOSS");
}

TEST(ExitCodeTest, ErrorsOfConnecting) {
  EXPECT_EQ(ExitCodeOf(absl::OkStatus()), ExitCode::kOk);
  EXPECT_EQ(ExitCodeOf(absl::UnavailableError("")), ExitCode::kNoServer);
  EXPECT_EQ(ExitCodeOf(absl::FailedPreconditionError("")),
            ExitCode::kCodecMismatch);
  EXPECT_EQ(ExitCodeOf(absl::NotFoundError("")), ExitCode::kUsage);
  EXPECT_EQ(ExitCodeOf(absl::InvalidArgumentError("")), ExitCode::kUsage);
}

}  // namespace
}  // namespace sluice::device
