#include "models/train/eval_command.h"

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <filesystem>
#include <iostream>
#include <memory>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/file_io.h"
#include "common/base/status_macros.h"
#include "models/train/command_options.h"
#include "models/train/eval.h"
#include "models/train/eval_csv.h"
#include "models/train/eval_json.h"
#include "models/train/eval_markdown.h"
#include "models/train/eval_report.h"
#include "models/train/figures.h"
#include "models/train/html_report.h"
#include "models/train/record.h"

namespace sluice::train {
namespace {

constexpr char kAllBaselines[] = "all";

constexpr char kFooter[] =
    "DATA holds images/ and labels.csv, whose first line is file,label and "
    "whose others\nare a picture's name below images/ and the number of its "
    "class, counted from 0 in\nthe tail's labels.txt. A second --codec with "
    "a second --tail is measured on the\nsame pictures, and so are pixel "
    "codecs, each at several qualities.\n\n"
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
    "    --data my_pictures/ --view crop:224/256 --pictures pictures.csv";

struct EvalCommand {
  EvalOptions options;
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

absl::Status RunEvalCommand(const EvalCommand& command) {
  for (const std::filesystem::path& path :
       {command.json, command.csv, command.pictures, command.html,
        command.markdown}) {
    SLUICE_RETURN_IF_ERROR(CheckOutput(path));
  }
  const EvalOptions& options = command.options;
  SLUICE_ASSIGN_OR_RETURN(const Evaluation evaluation, RunEval(options));
  const EvaluationFigures figures = MakeFigures(evaluation);
  for (const std::string& warning : evaluation.warnings) {
    std::cerr << "sluice-model: warning: " << warning << "\n";
  }
  std::cout << EvaluationToText(evaluation, figures) << std::flush;
  SLUICE_RETURN_IF_ERROR(
      WriteOutput(command.json, EvaluationToJson(evaluation, figures)));
  SLUICE_RETURN_IF_ERROR(
      WriteOutput(command.csv, EvaluationToCsv(evaluation, figures)));
  SLUICE_RETURN_IF_ERROR(
      WriteOutput(command.pictures, OutcomesToCsv(evaluation)));
  SLUICE_RETURN_IF_ERROR(
      WriteOutput(command.html, EvaluationToHtml(evaluation, figures)));
  SLUICE_RETURN_IF_ERROR(
      WriteOutput(command.markdown, EvaluationToMarkdown(evaluation, figures)));
  for (size_t i = 0; command.records && i < options.codecs.size(); ++i) {
    SLUICE_RETURN_IF_ERROR(RecordMethod(evaluation, figures, i,
                                        options.codecs[i], options.tails[i]));
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

void AddInputs(CLI::App* sub, EvalOptions* options) {
  sub->add_option("--codec", options->codecs, "Codec folder; repeatable")
      ->type_name("DIR")
      ->allow_extra_args(false)
      ->required();
  sub->add_option("--tail", options->tails,
                  "Tail folder; repeatable, one for every --codec in the same "
                  "order")
      ->type_name("DIR")
      ->allow_extra_args(false)
      ->required();
  sub->add_option("--data", options->data,
                  "Folder or tar holding images/ and labels.csv")
      ->type_name("DATA")
      ->required();
  sub->add_option("--teacher", options->teacher,
                  "Unmodified network, safetensors, to measure drops from")
      ->type_name("FILE");
  sub->add_option("--limit", options->limit,
                  "The first so many pictures by name; 0: all")
      ->check(CLI::NonNegativeNumber);
  AddView(sub, &options->view);
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
      "Measure accuracy, counted bytes and latency on labelled pictures");
  sub->footer(kFooter);
  AddInputs(sub, &eval->options);
  AddOutputs(sub, eval.get());
  sub->callback([=] { *command = [eval] { return RunEvalCommand(*eval); }; });
}

}  // namespace sluice::train
