#include "device/annotated_output.h"

#include <algorithm>
#include <cmath>
#include <system_error>
#include <utility>
#include <variant>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/base/file_io.h"
#include "common/base/status_macros.h"
#include "common/vision/preprocess.h"
#include "spdlog/spdlog.h"

namespace sluice::device {
namespace {

namespace fs = std::filesystem;

constexpr int kJpegQuality = 92;
constexpr vision::ViewRule kTileRule = {vision::ViewRule::Kind::kFit,
                                        {480, 400}};

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

void AddLabels(const std::vector<RankedLabel>& labels,
               Annotations* annotations) {
  if (!annotations->top.empty()) return;
  for (const RankedLabel& label : labels) {
    annotations->top.push_back({label.label, label.score});
  }
}

// `source` is the size of the picture.
Annotations AnnotationsOf(const PictureReport& report, vision::Size source) {
  Annotations annotations;
  annotations.source = source;
  annotations.caption = Caption(report);
  for (const TailResult& result : report.results) {
    if (!result.status.ok()) continue;
    const TailOutput& output = result.output;
    if (const auto* labels = std::get_if<std::vector<RankedLabel>>(&output)) {
      AddLabels(*labels, &annotations);
    } else if (const auto* boxes =
                   std::get_if<std::vector<LabelledBox>>(&output)) {
      annotations.boxes.insert(annotations.boxes.end(), boxes->begin(),
                               boxes->end());
    } else if (const auto* mask = std::get_if<LabelledMask>(&output)) {
      if (!annotations.mask) annotations.mask = *mask;
    }
  }
  return annotations;
}

template <typename T>
bool Has(const PictureReport& report) {
  return std::any_of(report.results.begin(), report.results.end(),
                     [](const TailResult& result) {
                       return result.status.ok() &&
                              std::holds_alternative<T>(result.output);
                     });
}

// The band of labels may hide nothing that a tail has found.
BandPlace BandPlaceFor(const PictureReport& report) {
  return Has<std::vector<LabelledBox>>(report) || Has<LabelledMask>(report)
             ? BandPlace::kBelowPicture
             : BandPlace::kOverPicture;
}

// A tail's name comes from the server and must not lead out of the directory.
std::string FileNamePart(std::string tail) {
  std::replace_if(
      tail.begin(), tail.end(),
      [](char c) { return !absl::ascii_isalnum(c) && c != '-' && c != '.'; },
      '_');
  return tail;
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

std::string AnnotatedOutput::NameOf(const PictureReport& report,
                                    const std::string& what,
                                    const std::string& extension) {
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
  return absl::StrCat(stem, number, "-", what, EndOf(file, stem), extension);
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
  if (!sheet_file_.empty()) SLUICE_RETURN_IF_ERROR(AddTile(picture, report));
  if (video_) return AddFrame(picture, report);
  if (directory_.empty()) return absl::OkStatus();
  SLUICE_ASSIGN_OR_RETURN(
      const vision::Picture annotated,
      Annotate(picture, AnnotationsOf(report, picture.size()),
               {.band = BandPlaceFor(report)}));
  SLUICE_RETURN_IF_ERROR(
      WritePicture(fs::path(directory_) / NameOf(report, "annotated", ".jpg"),
                   annotated, vision::PictureFormat::kJpeg));
  return WriteMasks(report);
}

absl::Status AnnotatedOutput::AddTile(const vision::Picture& picture,
                                      const PictureReport& report) {
  if (tiles_.size() >= kMaxContactSheetPictures) {
    ++num_left_out_;
    return absl::OkStatus();
  }
  SLUICE_ASSIGN_OR_RETURN(const vision::Picture tile, MakeTile(picture));
  SLUICE_ASSIGN_OR_RETURN(vision::Picture annotated,
                          Annotate(tile, AnnotationsOf(report, picture.size()),
                                   {.band = BandPlaceFor(report)}));
  tiles_.push_back(std::move(annotated));
  return absl::OkStatus();
}

absl::Status AnnotatedOutput::AddFrame(const vision::Picture& picture,
                                       const PictureReport& report) {
  Annotations annotations = AnnotationsOf(report, picture.size());
  // A tail that fails for once, or finds nothing, keeps its room.
  if (Has<std::vector<RankedLabel>>(report)) {
    video_labels_ = kMaxAnnotatedLabels;
  }
  annotations.top.resize(std::max(annotations.top.size(), video_labels_));
  if (BandPlaceFor(report) == BandPlace::kBelowPicture) {
    video_layout_.band = BandPlace::kBelowPicture;
  }
  if (annotations.mask && video_layout_.legend_rows == 0) {
    video_layout_.legend_rows =
        LegendRows(annotations.mask->labels, picture.size());
  }
  SLUICE_ASSIGN_OR_RETURN(const vision::Picture frame,
                          Annotate(picture, annotations, video_layout_));
  return video_->Add(frame, report.frame_rate, report.captured);
}

absl::Status AnnotatedOutput::WriteMasks(const PictureReport& report) {
  for (const TailResult& result : report.results) {
    const auto* mask = std::get_if<LabelledMask>(&result.output);
    if (!result.status.ok() || mask == nullptr) continue;
    SLUICE_ASSIGN_OR_RETURN(const std::vector<uint8_t> png,
                            task::EncodePng(mask->mask));
    SLUICE_RETURN_IF_ERROR(base::WriteFileAtomically(
        fs::path(directory_) /
            NameOf(report, FileNamePart(result.tail), ".png"),
        png));
  }
  return absl::OkStatus();
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
