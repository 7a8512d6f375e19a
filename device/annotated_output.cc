#include "device/annotated_output.h"

#include <algorithm>
#include <cmath>
#include <system_error>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/base/file_io.h"
#include "common/base/status_macros.h"
#include "common/vision/preprocess.h"
#include "device/annotate.h"
#include "spdlog/spdlog.h"

namespace sluice::device {
namespace {

namespace fs = std::filesystem;

constexpr int kJpegQuality = 92;
constexpr vision::ViewRule kTileRule = {vision::ViewRule::Kind::kFit,
                                        {480, 400}};

// Labels of the first tail that answered.
std::vector<Label> LabelsToDraw(const PictureReport& report) {
  std::vector<Label> labels;
  for (const TailResult& result : report.results) {
    for (const RankedLabel& label : result.top) {
      labels.push_back({label.label, label.score});
    }
    if (!labels.empty()) break;
  }
  return labels;
}

// "2.0 kB (JPEG 75: 9.1 kB), 58 ms"
std::string Caption(const PictureReport& report) {
  std::string caption = absl::StrFormat(
      "%.1f kB", static_cast<double>(report.sent_bytes()) / 1000);
  if (report.jpeg) {
    absl::StrAppendFormat(&caption, " (JPEG %d: %.1f kB)", report.jpeg->quality,
                          static_cast<double>(report.jpeg->bytes) / 1000);
  }
  absl::StrAppendFormat(&caption, ", %.0f ms", report.timings.total());
  return caption;
}

absl::Status WritePicture(const fs::path& path, const vision::Picture& picture,
                          vision::PictureFormat format) {
  SLUICE_ASSIGN_OR_RETURN(const std::vector<uint8_t> bytes,
                          vision::EncodePicture(picture, format, kJpegQuality));
  return base::WriteFileAtomically(path, bytes);
}

absl::StatusOr<vision::Picture> MakeTile(const vision::Picture& picture) {
  SLUICE_ASSIGN_OR_RETURN(
      const vision::Geometry geometry,
      vision::MakeGeometry(picture.size(), kTileRule, /*pad_multiple=*/1));
  return vision::MakeView(picture, geometry);
}

}  // namespace

absl::StatusOr<AnnotatedOutput> AnnotatedOutput::Create(const std::string& save,
                                                        std::string sheet_file,
                                                        VideoTime time) {
  AnnotatedOutput output;
  if (IsVideoFile(save)) {
    output.video_.emplace(save, time);
  } else if (!save.empty()) {
    std::error_code error;
    fs::create_directories(save, error);
    if (error || !fs::is_directory(save, error)) {
      return absl::InvalidArgumentError(absl::StrCat(
          "cannot create the directory '", save, "': ", error.message()));
    }
    output.directory_ = save;
  }
  if (!sheet_file.empty() &&
      absl::AsciiStrToLower(fs::path(sheet_file).extension().string()) !=
          ".png") {
    return absl::InvalidArgumentError(
        absl::StrCat("expected a .png file for the contact sheet, found '",
                     sheet_file, "'"));
  }
  output.sheet_file_ = std::move(sheet_file);
  return output;
}

std::string AnnotatedOutput::NameOf(const PictureReport& report) {
  // A frame of a video, "clip.mp4#7", becomes "clip-7".
  const size_t hash = report.source.rfind('#');
  const std::string file = report.source.substr(0, hash);
  std::string stem = report.is_live ? "camera" : fs::path(file).stem().string();
  std::string number;
  if (report.is_live) {
    number = absl::StrCat("-", report.sequence);
  } else if (hash != std::string::npos) {
    number = absl::StrCat("-", report.source.substr(hash + 1));
  }
  return absl::StrCat(stem, number, "-annotated", EndOf(file, stem), ".jpg");
}

const std::string& AnnotatedOutput::EndOf(const std::string& file,
                                          const std::string& stem) {
  const auto [entry, is_new] = name_ends_.try_emplace(file);
  if (!is_new) return entry->second;
  const int count = ++stem_counts_[stem];
  if (count > 1) entry->second = absl::StrCat("-", count);
  return entry->second;
}

absl::Status AnnotatedOutput::Add(const vision::Picture& picture,
                                  const PictureReport& report) {
  const std::vector<Label> labels = LabelsToDraw(report);
  const std::string caption = Caption(report);
  if (!sheet_file_.empty()) {
    if (tiles_.size() < kMaxContactSheetPictures) {
      SLUICE_ASSIGN_OR_RETURN(const vision::Picture tile, MakeTile(picture));
      tiles_.push_back(AnnotateClassification(tile, labels, caption));
    } else {
      ++num_left_out_;
    }
  }
  if (video_) {
    return video_->Add(AnnotateClassification(picture, labels, caption),
                       report.frame_rate, report.captured);
  }
  if (directory_.empty()) return absl::OkStatus();
  return WritePicture(fs::path(directory_) / NameOf(report),
                      AnnotateClassification(picture, labels, caption),
                      vision::PictureFormat::kJpeg);
}

absl::Status AnnotatedOutput::Finish() {
  const absl::Status video = video_ ? video_->Finish() : absl::OkStatus();
  const absl::Status sheet = WriteSheet();
  return video.ok() ? sheet : video;
}

absl::Status AnnotatedOutput::WriteSheet() {
  if (sheet_file_.empty() || tiles_.empty()) return absl::OkStatus();
  if (num_left_out_ > 0) {
    spdlog::warn("the contact sheet holds the first {} pictures; {} left out",
                 tiles_.size(), num_left_out_);
  }
  const int columns = static_cast<int>(
      std::ceil(std::sqrt(static_cast<double>(tiles_.size()))));
  SLUICE_ASSIGN_OR_RETURN(const vision::Picture sheet,
                          ContactSheet(tiles_, columns));
  return WritePicture(sheet_file_, sheet, vision::PictureFormat::kPng);
}

}  // namespace sluice::device
