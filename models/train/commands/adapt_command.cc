#include "models/train/commands/adapt_command.h"

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <filesystem>
#include <iostream>
#include <memory>

#include "common/base/file_io.h"
#include "common/base/status_macros.h"
#include "models/train/adapt/adapt.h"
#include "models/train/commands/command_options.h"

namespace sluice::train {
namespace {

constexpr char kFooter[] =
    "The encoder goes on learning on the frames; decoder network, pixel "
    "entrance and tails\nstay, so that a server only loads one more codec. The "
    "last frames by name are held\nout, and the report on them says by rate "
    "what frames cost and lose before, with\ntables counted anew, and adapted. "
    "A codec that did not get better is written all the\nsame, and the report "
    "says so (\"better\" in the JSON); the exit code is 0.\n\nExample:\n  "
    "sluice-model adapt --codec models/zoo/patch-m --tail "
    "models/zoo/imagenet-mobilenetv2 \\\n    --tail "
    "models/zoo/camvid-mobilenetv2 --frames camera/ --name patch-gate "
    "-o gate\n  sluice-server --models gate";

struct AdaptCommand {
  AdaptOptions options;
  std::filesystem::path json;
};

absl::Status RunAdaptCommand(const AdaptCommand& command) {
  SLUICE_RETURN_IF_ERROR(CheckOutput(command.json));
  const absl::StatusOr<AdaptReport> report = AdaptCodec(command.options);
  if (absl::IsCancelled(report.status())) {
    std::cout << report.status().message() << "\n";
    return absl::OkStatus();
  }
  if (!report.ok()) return report.status();
  std::cout << AdaptReportToText(*report);
  if (command.json.empty()) return absl::OkStatus();
  return base::WriteFileAtomically(command.json, AdaptReportToJson(*report));
}

void AddPaths(CLI::App* sub, AdaptCommand* adapt) {
  AdaptOptions* options = &adapt->options;
  sub->add_option("--codec", options->codec, "Codec folder to start from")
      ->type_name("DIR")
      ->required();
  sub->add_option("--tail", options->tails,
                  "Tail folder, of any task; repeatable. The first, a "
                  "classification, is the teacher, together with the codec's "
                  "pixel entrance")
      ->type_name("DIR")
      ->required();
  sub->add_option("--frames", options->frames,
                  "The camera's pictures, without labels: a folder or a tar")
      ->type_name("PATH")
      ->required();
  sub->add_option("-o,--out", options->out,
                  "Folder to write the artifacts to, and work/ to resume from")
      ->type_name("DIR")
      ->required();
  sub->add_option("--json", adapt->json, "The report, for programs")
      ->type_name("FILE");
}

}  // namespace

void AddAdapt(CLI::App* app, Command* command) {
  const auto adapt = std::make_shared<AdaptCommand>();
  AdaptOptions* options = &adapt->options;
  CLI::App* sub = app->add_subcommand(
      "adapt", "Fit a codec to a camera, from its frames alone");
  sub->footer(kFooter);
  AddPaths(sub, adapt.get());
  AddView(sub, &options->view);
  sub->add_option("--name", options->name,
                  "Of the new codec (default: the old one's)");
  sub->add_option("--holdout", options->holdout,
                  "Frames to measure on instead of training: a number, or a "
                  "share below 1")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  sub->add_option("--steps", options->steps, "Of 16 crops each")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  sub->add_option("--seed", options->seed, "Of crops and noise")
      ->capture_default_str();
  sub->add_flag("--resume", options->resume,
                "Go on after an interruption, with the same options");
  sub->add_option("--max-steps", options->max_steps,
                  "Save a checkpoint and stop after so many; 0: never")
      ->check(CLI::NonNegativeNumber);
  sub->add_option("--device", options->device,
                  "Where training runs: auto is CUDA when LibTorch has it, "
                  "else the CPU")
      ->check(CLI::IsMember({"auto", "cpu", "cuda"}))
      ->capture_default_str();
  AddThreads(sub, &options->num_threads);
  sub->callback(
      [=] { *command = [adapt] { return RunAdaptCommand(*adapt); }; });
}

}  // namespace sluice::train
