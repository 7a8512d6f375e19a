#include "models/train/commands/eval_command.h"

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <filesystem>
#include <iostream>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/file_io.h"
#include "common/base/status_macros.h"
#include "models/train/commands/command_options.h"
#include "models/train/eval/eval.h"
#include "models/train/eval/eval_sections.h"
#include "models/train/eval/record.h"
#include "models/train/report/eval_csv.h"
#include "models/train/report/eval_json.h"
#include "models/train/report/eval_markdown.h"
#include "models/train/report/eval_report.h"
#include "models/train/report/html_report.h"
#include "models/train/report/report.h"

namespace sluice::train {
namespace {

constexpr char kAllBaselines[] = "all";

constexpr char kFooter[] =
    "DATA of a classification holds images/ and labels.csv, whose first line "
    "is\nfile,label and whose others are a picture's name below images/ and "
    "the "
    "number of\nits class, counted from 0 in the tail's labels.txt. Pictures "
    "with boxes come as\nboxes.csv, Pascal VOC or COCO, masks as CamVid or "
    "Pascal VOC lay them out; boxes\ngo by the names in labels.txt, masks by "
    "their numbers.\n\n"
    "Every --codec with its --tail is measured, and so are pixel codecs, each "
    "at several\nqualities. --data, --view, --split and --only are given once "
    "for all pairs, or once\nfor each in the same order (--split and --only: "
    "for each detection and segmentation).\nPairs in a row with the same "
    "pictures share a section of the report.\n\n"
    "Examples:\n"
    "  sluice-model eval --codec models/zoo/patch-m --tail "
    "models/zoo/imagenet-mobilenetv2 \\\n"
    "    --teacher mobilenet_v2_imagenet.safetensors --data "
    "imagenet_val_dev.tar \\\n"
    "    --baselines all --html report.html --json report.json\n"
    "  sluice-model eval --codec models/zoo/patch-m --tail "
    "models/zoo/imagenet-mobilenetv2 \\\n"
    "    --codec work/codec/artifact --tail work/tail/artifact --rates 0,1 "
    "\\\n"
    "    --data my_pictures/ --view crop:224/256 --pictures pictures.csv\n"
    "  sluice-model eval \\\n"
    "    --codec models/zoo/patch-m --tail models/zoo/fod-mobilenetv2 \\\n"
    "    --data fod_a.tar --view fit:320x320 \\\n"
    "    --codec models/zoo/patch-m --tail models/zoo/camvid-mobilenetv2 \\\n"
    "    --data camvid_trainval.tar --view fit:480x384 \\\n"
    "    --baselines jpeg,webp,heic --html report.html";

struct EvalCommand {
  EvalLists lists;
  EvalOptions options;  // Of every section, but for the lists.
  std::filesystem::path json;
  std::filesystem::path csv;
  std::filesystem::path pictures;
  std::filesystem::path html;
  std::filesystem::path markdown;
  bool records = false;
};

absl::Status WriteOutput(const std::filesystem::path& path,
                         const std::string& text) {
  if (path.empty()) return absl::OkStatus();
  return base::WriteFileAtomically(path, text);
}

absl::Status WriteOutputs(const EvalCommand& command, const Report& report) {
  SLUICE_RETURN_IF_ERROR(WriteOutput(command.json, ReportToJson(report)));
  SLUICE_RETURN_IF_ERROR(WriteOutput(command.csv, ReportToCsv(report)));
  SLUICE_RETURN_IF_ERROR(WriteOutput(command.pictures, OutcomesToCsv(report)));
  SLUICE_RETURN_IF_ERROR(WriteOutput(command.html, ReportToHtml(report)));
  return WriteOutput(command.markdown, ReportToMarkdown(report));
}

absl::Status RecordSection(const ReportSection& section,
                           const EvalOptions& options) {
  for (size_t i = 0; i < options.codecs.size(); ++i) {
    SLUICE_RETURN_IF_ERROR(RecordMethod(section.evaluation, section.figures, i,
                                        options.codecs[i], options.tails[i]));
  }
  return absl::OkStatus();
}

absl::Status RunEvalCommand(const EvalCommand& command) {
  for (const std::filesystem::path& path :
       {command.json, command.csv, command.pictures, command.html,
        command.markdown}) {
    SLUICE_RETURN_IF_ERROR(CheckOutput(path));
  }
  SLUICE_ASSIGN_OR_RETURN(const std::vector<EvalOptions> sections,
                          PlanSections(command.lists, command.options));
  SLUICE_ASSIGN_OR_RETURN(std::vector<Evaluation> evaluations,
                          RunEval(sections));
  const Report report = MakeReport(std::move(evaluations));
  for (const ReportSection& section : report) {
    for (const std::string& warning : section.evaluation.warnings) {
      std::cerr << "sluice-model: warning: " << warning << "\n";
    }
  }
  std::cout << ReportToText(report) << std::flush;
  SLUICE_RETURN_IF_ERROR(WriteOutputs(command, report));
  for (size_t i = 0; command.records && i < sections.size(); ++i) {
    SLUICE_RETURN_IF_ERROR(RecordSection(report[i], sections[i]));
  }
  return absl::OkStatus();
}

std::string BaselineError(const std::string& name) {
  if (name == kAllBaselines) return "";
  const absl::Status status = ParsePixelCodec(name).status();
  if (status.ok()) return "";
  return absl::StrCat(status.message(), "; \"all\" stands for all of them");
}

// Each codec once, in the order of the names, which were checked.
std::vector<PixelCodec> BaselinesOf(const std::vector<std::string>& names) {
  std::vector<PixelCodec> codecs;
  const auto add = [&](const std::string& name) {
    const PixelCodec codec = *ParsePixelCodec(name);
    if (std::find(codecs.begin(), codecs.end(), codec) == codecs.end()) {
      codecs.push_back(codec);
    }
  };
  for (const std::string& name : names) {
    if (name != kAllBaselines) {
      add(name);
    } else {
      for (const std::string& each : PixelCodecNames()) add(each);
    }
  }
  return codecs;
}

std::string ViewError(const std::string& text) {
  return std::string(vision::ParseViewRule(text).status().message());
}

// What is given once, or once for each pair.
void AddLists(CLI::App* sub, EvalLists* lists) {
  sub->add_option("--codec", lists->codecs, "Codec folder; repeatable")
      ->type_name("DIR")
      ->allow_extra_args(false)
      ->required();
  sub->add_option("--tail", lists->tails,
                  "Tail folder; repeatable, one for every --codec in the same "
                  "order")
      ->type_name("DIR")
      ->allow_extra_args(false)
      ->required();
  sub->add_option("--data", lists->data,
                  "Folder or tar of labelled pictures; repeatable")
      ->type_name("DATA")
      ->allow_extra_args(false)
      ->required();
  sub->add_option_function<std::vector<std::string>>(
         "--view",
         [lists](const std::vector<std::string>& texts) {
           // Their check has passed.
           for (const std::string& text : texts) {
             lists->views.push_back(*vision::ParseViewRule(text));
           }
         },
         absl::StrCat("What the network sees of a picture: crop:N, crop:N/M or "
                      "fit:WxH; repeatable (default of a classification ",
                      vision::ToString(EvalOptions().view), ")"))
      ->type_name("VIEW")
      ->allow_extra_args(false)
      ->check(ViewError);
  sub->add_option("--split", lists->splits,
                  absl::StrCat("Which pictures of a set with boxes or masks; "
                               "repeatable (default ",
                               EvalOptions().split, ")"))
      ->type_name("NAME")
      ->allow_extra_args(false);
  sub->add_option("--only", lists->only,
                  "Only pictures whose own file name begins so; repeatable, "
                  "\"\": all")
      ->type_name("PREFIX")
      ->allow_extra_args(false);
}

void AddInputs(CLI::App* sub, EvalOptions* options) {
  sub->add_option("--teacher", options->teacher,
                  "Unmodified network, safetensors, to measure drops of a "
                  "classification from")
      ->type_name("FILE");
  sub->add_option("--limit", options->limit,
                  "The first so many pictures of every set by name; 0: all")
      ->check(CLI::NonNegativeNumber);
  sub->add_option("--rates", options->rates, "Rates, as 0,1,2 (default all)")
      ->type_name("LIST")
      ->delimiter(',');
  sub->add_option_function<std::vector<std::string>>(
         "--baselines",
         [options](const std::vector<std::string>& names) {
           options->baselines = BaselinesOf(names);
         },
         absl::StrCat("Pixel codecs to measure beside: all, or some of ",
                      absl::StrJoin(PixelCodecNames(), ","), " (default none)"))
      ->type_name("LIST")
      ->delimiter(',')
      ->check(BaselineError);
  sub->add_option("--latency-pictures", options->num_latency_pictures,
                  "Pictures whose encoding and answers are timed, one by one, "
                  "on one thread and on all; 0: none")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  AddThreads(sub, &options->num_threads);
}

void AddOutputs(CLI::App* sub, EvalCommand* eval) {
  sub->add_option("--json", eval->json, "All figures, for programs")
      ->type_name("FILE");
  sub->add_option("--csv", eval->csv, "The table of operating points")
      ->type_name("FILE");
  sub->add_option("--pictures", eval->pictures,
                  "CSV of every picture at every operating point")
      ->type_name("FILE");
  sub->add_option("--html", eval->html, "A report with plots, one file")
      ->type_name("FILE");
  sub->add_option("--markdown", eval->markdown, "The main figures")
      ->type_name("FILE");
  sub->add_flag("--record", eval->records,
                "Keep the main figures in the artifacts too, as about.measured "
                "in codec.json and tail.json; the codec id stays");
}

}  // namespace

void AddEval(CLI::App* app, const std::string& command_line, Command* command) {
  const auto eval = std::make_shared<EvalCommand>();
  eval->options.command_line = command_line;
  eval->options.version = SLUICE_VERSION;
  CLI::App* sub = app->add_subcommand(
      "eval",
      "Measure quality, counted bytes and latency on labelled pictures");
  sub->footer(kFooter);
  AddLists(sub, &eval->lists);
  AddInputs(sub, &eval->options);
  AddOutputs(sub, eval.get());
  sub->callback([=] { *command = [eval] { return RunEvalCommand(*eval); }; });
}

}  // namespace sluice::train
