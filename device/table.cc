#include "device/table.h"

#include <algorithm>
#include <span>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "common/base/float_tensor.h"

namespace sluice::device {
namespace {

constexpr size_t kNameWidth = 26;
constexpr size_t kLabelWidth = 24;
constexpr size_t kLongLabelWidth = 44;
constexpr size_t kAnswerWidth = kLabelWidth + 7;  // A label with its percents.
constexpr size_t kMaxNamed = 5;
constexpr char kEllipsis[] = "\u2026";

// The code points of `text`, each as its UTF-8 bytes, made printable. Bytes
// that are no UTF-8 become '?'.
std::vector<std::string> PrintableCodePoints(std::string_view text) {
  std::vector<std::string> points;
  for (size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const size_t length = lead < 0x80             ? 1
                          : (lead & 0xe0) == 0xc0 ? 2
                          : (lead & 0xf0) == 0xe0 ? 3
                          : (lead & 0xf8) == 0xf0 ? 4
                                                  : 0;
    const auto is_continuation = [](char c) {
      return (static_cast<unsigned char>(c) & 0xc0) == 0x80;
    };
    const std::string_view point = text.substr(i, length);
    const bool is_valid =
        length > 0 && point.size() == length &&
        std::all_of(point.begin() + 1, point.end(), is_continuation);
    // C0, DEL, and C1 in its two-byte form.
    const bool is_control = lead < 0x20 || lead == 0x7f ||
                            (is_valid && lead == 0xc2 &&
                             static_cast<unsigned char>(point[1]) < 0xa0);
    points.push_back(is_valid && !is_control ? std::string(point) : "?");
    i += is_valid ? length : 1;
  }
  return points;
}

std::string Join(std::span<const std::string> points) {
  std::string text;
  for (const std::string& point : points) text += point;
  return text;
}

// 12345 as "12,345".
std::string WithThousands(size_t value) {
  const std::string digits = absl::StrCat(value);
  std::string text;
  for (size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) text += ',';
    text += digits[i];
  }
  return text;
}

std::string Percent(float probability) {
  return absl::StrFormat("%5.1f%%", 100.0 * probability);
}

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle]
                                : (values[middle - 1] + values[middle]) / 2;
}

std::string Printable(std::string_view text) {
  return Join(PrintableCodePoints(text));
}

std::string ErrorText(const absl::Status& status) {
  return absl::StrCat(
      absl::StatusCodeToString(status.code()), ": ",
      Printable({status.message().data(), status.message().size()}));
}

// The file, or of a camera "23:59:59.007 #17 (2 lost)".
std::string NameOf(const PictureReport& report) {
  if (!report.is_live) return report.source;
  std::string name = absl::StrCat(ToUtcText(report.captured).substr(11, 12),
                                  " #", report.sequence);
  if (report.num_dropped > 0) {
    absl::StrAppend(&name, " (", report.num_dropped, " lost)");
  }
  return name;
}

// "road 41%"
std::string NameAndPercent(std::string_view name, double share) {
  return absl::StrFormat("%s %.0f%%", Printable(name), 100 * share);
}

// "road 41%, sky 20%, +3 more"
std::string ListText(std::vector<std::string> texts) {
  if (texts.size() > kMaxNamed) {
    const size_t num_more = texts.size() - kMaxNamed;
    texts.resize(kMaxNamed);
    texts.push_back(absl::StrCat("+", num_more, " more"));
  }
  return absl::StrJoin(texts, ", ");
}

// "3 boxes: Bolt 91%, Bolt 87%, Nut 80%"
std::string BoxesText(const std::vector<LabelledBox>& boxes) {
  if (boxes.empty()) return "no boxes";
  std::vector<std::string> texts;
  for (const LabelledBox& box : boxes) {
    texts.push_back(NameAndPercent(box.label, box.score));
  }
  return absl::StrCat(boxes.size(), boxes.size() == 1 ? " box: " : " boxes: ",
                      ListText(std::move(texts)));
}

// "road 41%, sky 20%"
std::string MaskText(const LabelledMask& mask) {
  std::vector<std::string> texts;
  for (const ClassShare& share : SharesOf(mask.mask)) {
    texts.push_back(
        NameAndPercent(ClassName(mask.labels, share.class_index), share.share));
  }
  return texts.empty() ? "nothing seen" : ListText(std::move(texts));
}

// "2 tensors: scores [1,10], maps [1,3,4,4]"
std::string TensorsText(const std::vector<TensorSummary>& tensors) {
  if (tensors.empty()) return "no tensors";
  std::vector<std::string> texts;
  for (const TensorSummary& tensor : tensors) {
    texts.push_back(absl::StrCat(Printable(tensor.name), " ",
                                 base::ShapeToString(tensor.shape)));
  }
  return absl::StrCat(tensors.size(),
                      tensors.size() == 1 ? " tensor: " : " tensors: ",
                      ListText(std::move(texts)));
}

// Of anything but labels.
std::string OutputText(const TailOutput& output) {
  if (const auto* boxes = std::get_if<std::vector<LabelledBox>>(&output)) {
    return BoxesText(*boxes);
  }
  if (const auto* mask = std::get_if<LabelledMask>(&output)) {
    return MaskText(*mask);
  }
  return TensorsText(std::get<std::vector<TensorSummary>>(output));
}

const std::vector<RankedLabel>* LabelsOf(const TailResult& result) {
  return std::get_if<std::vector<RankedLabel>>(&result.output);
}

// "tabby, tabby cat          62.1%" or "3 boxes: Bolt 91%, Bolt 8...".
std::string Answer(const TailResult& result) {
  const std::vector<RankedLabel>* labels = LabelsOf(result);
  if (!result.status.ok() || (labels != nullptr && labels->empty())) {
    return FitToWidth("-", kAnswerWidth, Keep::kStart);
  }
  if (labels == nullptr) {
    return FitToWidth(OutputText(result.output), kAnswerWidth, Keep::kStart);
  }
  const RankedLabel& best = labels->front();
  return absl::StrCat(FitToWidth(best.label, kLabelWidth, Keep::kStart), " ",
                      Percent(best.score));
}

}  // namespace

std::string FitToWidth(std::string_view text, size_t width, Keep keep) {
  std::vector<std::string> points = PrintableCodePoints(text);
  if (points.size() > width && width > 0) {
    if (keep == Keep::kStart) {
      points.resize(width - 1);
      points.push_back(kEllipsis);
    } else {
      points.erase(points.begin(), points.end() - (width - 1));
      points.insert(points.begin(), kEllipsis);
    }
  }
  const size_t padding = width - std::min(width, points.size());
  return Join(points) + std::string(padding, ' ');
}

TableWriter::TableWriter(std::ostream* out, int top_k,
                         std::optional<int> jpeg_quality)
    : out_(out), top_k_(top_k), jpeg_quality_(jpeg_quality) {}

void TableWriter::WriteHeader() {
  std::string header = absl::StrCat(
      FitToWidth("picture", kNameWidth, Keep::kStart), "  ",
      FitToWidth("answer", kAnswerWidth, Keep::kStart), "  rate    bytes");
  if (jpeg_quality_) {
    absl::StrAppendFormat(&header, "  %7s",
                          absl::StrCat("JPEG ", *jpeg_quality_));
  }
  header += "  encode  network  server  total (ms)";
  *out_ << header << '\n' << std::string(header.size(), '-') << '\n';
}

void TableWriter::WriteAnswer(const PictureReport& report) {
  const Timings& ms = report.timings;
  const TailResult first =
      report.results.empty() ? TailResult{} : report.results.front();
  std::string row = absl::StrCat(
      FitToWidth(NameOf(report), kNameWidth, Keep::kEnd), "  ", Answer(first));
  absl::StrAppendFormat(&row, "  %4s  %7s",
                        report.image ? "-" : absl::StrCat(report.rate),
                        WithThousands(report.sent_bytes()));
  if (jpeg_quality_) {
    absl::StrAppendFormat(
        &row, "  %7s", report.jpeg ? WithThousands(report.jpeg->bytes) : "-");
  }
  absl::StrAppendFormat(&row, "  %6.1f  %7.1f  %6.1f  %10.1f",
                        ms.preprocess + ms.encode + ms.entropy_code,
                        ms.network(), ms.server_total, ms.total());
  *out_ << row << '\n';
}

void TableWriter::WriteLabels(const std::vector<RankedLabel>& labels) {
  const size_t count = std::min(labels.size(), static_cast<size_t>(top_k_));
  for (size_t i = 0; i < count; ++i) {
    const RankedLabel& label = labels[i];
    *out_ << absl::StrFormat(
        "    %2d. %s %s\n", i + 1,
        FitToWidth(label.label, kLongLabelWidth, Keep::kStart),
        Percent(label.score));
  }
}

// The row itself has shown a single tail's answer, or its beginning.
void TableWriter::WriteDetails(const TailResult& result,
                               bool has_several_tails) {
  if (!result.status.ok()) {
    *out_ << "  " << Printable(result.tail) << ": " << ErrorText(result.status)
          << '\n';
    return;
  }
  if (has_several_tails) *out_ << "  " << Printable(result.tail) << '\n';
  if (const std::vector<RankedLabel>* labels = LabelsOf(result)) {
    if (has_several_tails || top_k_ > 1) WriteLabels(*labels);
    return;
  }
  const std::string text = OutputText(result.output);
  if (has_several_tails || PrintableCodePoints(text).size() > kAnswerWidth) {
    *out_ << "     " << text << '\n';
  }
}

void TableWriter::Add(const PictureReport& report) {
  if (!has_header_) WriteHeader();
  has_header_ = true;
  ++num_pictures_;
  num_dropped_ += report.num_dropped;
  if (!report.ok()) ++num_failed_;
  if (!report.status.ok()) {
    *out_ << FitToWidth(NameOf(report), kNameWidth, Keep::kEnd) << "  "
          << ErrorText(report.status) << std::endl;
    return;
  }
  const double latency_ms = report.timings.total();
  if (latencies_ms_.size() < kMaxLatencies) {
    latencies_ms_.push_back(latency_ms);
  } else {
    latencies_ms_[num_answered_ % kMaxLatencies] = latency_ms;
  }
  ++num_answered_;
  sum_sent_bytes_ += report.sent_bytes();
  if (report.jpeg) sum_jpeg_bytes_ += report.jpeg->bytes;

  WriteAnswer(report);
  const bool has_several_tails = report.results.size() > 1;
  for (const TailResult& result : report.results) {
    WriteDetails(result, has_several_tails);
  }
  out_->flush();
}

void TableWriter::WriteSummary() {
  if (num_pictures_ == 0) return;
  std::string summary =
      absl::StrCat(num_pictures_, num_pictures_ == 1 ? " picture" : " pictures",
                   ", ", num_failed_, " failed");
  if (num_dropped_ > 0) absl::StrAppend(&summary, ", ", num_dropped_, " lost");
  if (num_answered_ > 0) {
    absl::StrAppend(&summary, "; mean ",
                    WithThousands(sum_sent_bytes_ / num_answered_), " bytes");
    if (sum_jpeg_bytes_ > 0) {
      absl::StrAppendFormat(&summary, " against %s of JPEG %d (%.1fx)",
                            WithThousands(sum_jpeg_bytes_ / num_answered_),
                            *jpeg_quality_,
                            static_cast<double>(sum_jpeg_bytes_) /
                                static_cast<double>(sum_sent_bytes_));
    }
    absl::StrAppendFormat(&summary, "; median latency %.1f ms",
                          Median(latencies_ms_));
  }
  *out_ << '\n' << summary << std::endl;
}

}  // namespace sluice::device
