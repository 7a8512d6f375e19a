#include "models/train/eval_csv.h"

#include <optional>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace sluice::train {
namespace {

// In quotes where the format needs them.
std::string Field(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

std::string Share(const std::optional<double>& share) {
  return share.has_value() ? absl::StrFormat("%.5f", *share) : "";
}

std::string PointLine(const std::string& method, const OperatingPoint& point,
                      const PointFigures& figures) {
  std::string line = absl::StrCat(Field(method), ",", Field(point.setting), ",",
                                  Field(point.scored_by), ",");
  if (figures.mean_bytes > 0) {
    absl::StrAppendFormat(&line, "%.1f,%.1f,%.5f,", figures.mean_bytes,
                          figures.p95_bytes, figures.bpp);
  } else {
    absl::StrAppend(&line, ",,,");
  }
  std::optional<double> low;
  std::optional<double> high;
  if (figures.top1_interval.has_value()) {
    low = figures.top1_interval->low;
    high = figures.top1_interval->high;
  }
  absl::StrAppend(&line, Share(figures.top1), ",",
                  Share(figures.top1_standard_error), ",", Share(low), ",",
                  Share(high), ",", Share(figures.top5), ",",
                  Share(figures.drop), ",", Share(figures.mean_kl), "\n");
  return line;
}

void AppendOutcomes(const std::string& method, const OperatingPoint& point,
                    const Evaluation& evaluation, std::string* csv) {
  for (size_t i = 0; i < point.outcomes.size(); ++i) {
    const EvaluatedPicture& picture = evaluation.pictures[i];
    const Outcome& outcome = point.outcomes[i];
    absl::StrAppend(csv, Field(picture.name), ",", picture.label, ",",
                    Field(method), ",", Field(point.setting), ",",
                    outcome.bytes, ",", outcome.rank, ",");
    if (evaluation.teacher.has_value()) {
      absl::StrAppendFormat(csv, "%.6g", outcome.kl);
    }
    *csv += '\n';
  }
}

constexpr char kTeacher[] = "teacher";

// What the pixel entrance of a method is called here.
std::string EntranceName(const OperatingPoint& point) {
  return absl::StrCat("pixel entrance of ", point.setting);
}

OperatingPoint AsUncompressed(OperatingPoint point) {
  point.setting = "uncompressed";
  return point;
}

}  // namespace

std::string EvaluationToCsv(const Evaluation& evaluation,
                            const EvaluationFigures& figures) {
  std::string csv =
      "method,setting,scored_by,bytes_mean,bytes_p95,bpp,top1,top1_se,"
      "top1_low,top1_high,top5,drop,kl_to_teacher\n";
  if (evaluation.teacher.has_value()) {
    csv += PointLine(kTeacher, AsUncompressed(*evaluation.teacher),
                     *figures.teacher);
  }
  for (size_t i = 0; i < evaluation.uncompressed.size(); ++i) {
    const OperatingPoint& point = evaluation.uncompressed[i];
    csv += PointLine(EntranceName(point), AsUncompressed(point),
                     figures.uncompressed[i]);
  }
  for (size_t m = 0; m < evaluation.methods.size(); ++m) {
    const Method& method = evaluation.methods[m];
    for (size_t p = 0; p < method.points.size(); ++p) {
      csv += PointLine(method.name, method.points[p],
                       figures.methods[m].points[p]);
    }
  }
  return csv;
}

std::string OutcomesToCsv(const Evaluation& evaluation) {
  std::string csv = "picture,label,method,setting,bytes,rank,kl\n";
  if (evaluation.teacher.has_value()) {
    AppendOutcomes(kTeacher, AsUncompressed(*evaluation.teacher), evaluation,
                   &csv);
  }
  for (const OperatingPoint& point : evaluation.uncompressed) {
    AppendOutcomes(EntranceName(point), AsUncompressed(point), evaluation,
                   &csv);
  }
  for (const Method& method : evaluation.methods) {
    for (const OperatingPoint& point : method.points) {
      AppendOutcomes(method.name, point, evaluation, &csv);
    }
  }
  return csv;
}

}  // namespace sluice::train
