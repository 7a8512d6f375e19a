#include "models/train/commands/commands.h"

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <filesystem>
#include <iostream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_join.h"
#include "common/base/status_macros.h"
#include "models/train/commands/adapt_command.h"
#include "models/train/commands/command_options.h"
#include "models/train/commands/eval_command.h"
#include "models/train/commands/package_command.h"
#include "models/train/data/pack.h"
#include "models/train/tools/codec_files.h"
#include "models/train/tools/inspect.h"
#include "models/train/tools/retable.h"
#include "models/train/tools/verify.h"
#include "models/train/training/train.h"

namespace sluice::train {
namespace {

// Prints what a command that returns text has to say.
absl::Status Print(const absl::StatusOr<std::string>& text) {
  if (!text.ok()) return text.status();
  std::cout << *text << (text->ends_with('\n') ? "" : "\n");
  return absl::OkStatus();
}

void AddTrain(CLI::App* app, Command* command) {
  const auto options = std::make_shared<TrainOptions>();
  CLI::App* sub = app->add_subcommand("train", "Train a codec or a tail");
  sub->footer(
      "Example:\n  sluice-model train --recipe models/recipes/patch-m.toml "
      "--data shards --out work/patch\n  sluice-model train --recipe "
      "models/recipes/patch-m.toml --resume work/patch --out work/patch");
  sub->add_option("--recipe", options->recipe, "TOML, see models/recipes")
      ->type_name("FILE")
      ->required();
  sub->add_option("--data", options->data,
                  "Folder that the recipe's data paths start in")
      ->type_name("PATH");
  sub->add_option("--out", options->out,
                  "Work folder: checkpoints, and the artifact at the end")
      ->type_name("DIR")
      ->required();
  sub->add_option("--init", options->init, "Artifact to start from")
      ->type_name("DIR");
  sub->add_option("--resume", options->resume, "Work folder to go on with")
      ->type_name("DIR");
  sub->add_option(
         "--set", options->overrides,
         "Replace a value of the recipe by a TOML value, such as "
         "phase.0.steps=100 or 'codecs=[\"work/artifact\"]'; repeatable")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false);
  sub->add_option("--max-steps", options->max_steps,
                  "Save a checkpoint and stop after so many; 0: never")
      ->check(CLI::NonNegativeNumber);
  sub->add_option("--device", options->device,
                  "Where networks run: auto is CUDA when LibTorch has it, else "
                  "the CPU")
      ->check(CLI::IsMember({"auto", "cpu", "cuda"}))
      ->capture_default_str();
  AddThreads(sub, &options->num_threads);
  sub->callback(
      [=] { *command = [options] { return RunTraining(*options); }; });
}

absl::Status RunPackCommand(const PackOptions& options) {
  SLUICE_ASSIGN_OR_RETURN(const PackReport report, PackPictures(options));
  if (!report.skipped.empty()) {
    std::cerr << "sluice-model: warning: skipped " << report.skipped.size()
              << " files: " << absl::StrJoin(report.skipped, "; ") << "\n";
  }
  std::cout << options.out.string() << ": " << report.num_packed
            << " pictures\n";
  if (report.num_held_out > 0) {
    std::cout << options.holdout_out.string() << ": " << report.num_held_out
              << " pictures\n";
  }
  return absl::OkStatus();
}

void AddPack(CLI::App* app, Command* command) {
  const auto options = std::make_shared<PackOptions>();
  CLI::App* sub = app->add_subcommand(
      "pack", "Turn pictures into one memory-mapped shard for training");
  sub->footer(
      "Example:\n  sluice-model pack --out train.shard --holdout 600 "
      "--holdout-out holdout.shard photos.tar");
  sub->add_option("INPUT", options->inputs, "Folders, tars, single pictures")
      ->type_name("PATH")
      ->required();
  sub->add_option("--out", options->out, "Shard to write")
      ->type_name("FILE")
      ->required();
  AddView(sub, &options->view);
  CLI::Option* holdout =
      sub->add_option("--holdout", options->num_holdout,
                      "Pictures to keep out of the shard, for tuning")
          ->check(CLI::NonNegativeNumber);
  sub->add_option("--holdout-out", options->holdout_out, "Shard for those")
      ->type_name("FILE")
      ->needs(holdout);
  sub->add_option("--seed", options->seed, "Of the pictures' order")
      ->capture_default_str();
  sub->callback(
      [=] { *command = [options] { return RunPackCommand(*options); }; });
}

void AddEncode(CLI::App* app, Command* command) {
  const auto options = std::make_shared<EncodeFileOptions>();
  CLI::App* sub = app->add_subcommand("encode", "Turn a picture into a frame");
  sub->footer(
      "Example:\n  sluice-model encode --codec models/zoo/patch-m cat.jpg -o "
      "cat.frame");
  sub->add_option("PICTURE", options->picture, "JPEG, PNG or WebP")
      ->type_name("FILE")
      ->required();
  sub->add_option("--codec", options->codec, "Codec folder")
      ->type_name("DIR")
      ->required();
  sub->add_option("-o,--out", options->out, "Frame to write")
      ->type_name("FILE")
      ->required();
  sub->add_option("--rate", options->rate,
                  "0 costs the fewest bytes (default: the codec's); with "
                  "--max-bytes, the highest to try (default: any)");
  sub->add_option("--max-bytes", options->max_bytes,
                  "Take the highest rate whose whole frame fits")
      ->type_name("BYTES")
      ->check(CLI::Range(1, 1 << 30));
  AddView(sub, &options->view);
  sub->callback([=] {
    *command = [options] { return Print(EncodePictureFile(*options)); };
  });
}

void AddDecode(CLI::App* app, Command* command) {
  const auto options = std::make_shared<DecodeFileOptions>();
  CLI::App* sub = app->add_subcommand("decode", "Turn a frame into features");
  sub->footer(
      "Example:\n  sluice-model decode --codec models/zoo/patch-m cat.frame "
      "-o cat.safetensors");
  sub->add_option("FRAME", options->frame, "Frame file")
      ->type_name("FILE")
      ->required();
  sub->add_option("--codec", options->codec, "Codec folder")
      ->type_name("DIR")
      ->required();
  sub->add_option("-o,--out", options->out,
                  "Safetensors to write: \"y_hat\" and \"features\"")
      ->type_name("FILE")
      ->required();
  sub->callback([=] {
    *command = [options] { return Print(DecodeFrameFile(*options)); };
  });
}

void AddRetable(CLI::App* app, Command* command) {
  const auto options = std::make_shared<RetableOptions>();
  CLI::App* sub = app->add_subcommand(
      "retable", "Count a codec's symbols on other pictures, for new tables");
  sub->footer(
      "Nothing is trained: pictures look the same, but frames of a camera "
      "whose "
      "pictures\nare unlike the training set's get smaller. The codec id "
      "changes; name it in tail.json.\n\nExample:\n  sluice-model pack "
      "frames/ --out frames.shard\n  sluice-model retable --codec "
      "models/zoo/patch-m --data frames.shard -o mine");
  sub->add_option("--codec", options->codec, "Codec folder")
      ->type_name("DIR")
      ->required();
  sub->add_option("--data", options->data, "Shard whose symbols are counted")
      ->type_name("FILE")
      ->required();
  sub->add_option("--check", options->check,
                  "Shard on which to compare payloads with the unquantized fit")
      ->type_name("FILE");
  sub->add_option("-o,--out", options->out, "Codec folder to write")
      ->type_name("DIR")
      ->required();
  sub->callback(
      [=] { *command = [options] { return Print(RetableCodec(*options)); }; });
}

void AddInspect(CLI::App* app, Command* command) {
  const auto path = std::make_shared<std::filesystem::path>();
  CLI::App* sub = app->add_subcommand(
      "inspect", "Say what a codec, a tail or a frame holds");
  sub->footer("Example:\n  sluice-model inspect models/zoo/patch-m");
  sub->add_option("ARTIFACT", *path, "Codec or tail folder, or frame file")
      ->type_name("PATH")
      ->required();
  sub->callback(
      [=] { *command = [path] { return Print(InspectArtifact(*path)); }; });
}

void AddVerify(CLI::App* app, Command* command) {
  const auto options = std::make_shared<VerifyOptions>();
  CLI::App* sub = app->add_subcommand(
      "verify", "Load a codec, a tail or a frame fully and run it once");
  sub->footer(
      "Example:\n  sluice-model verify models/zoo/patch-m\n  sluice-model "
      "verify models/zoo/imagenet-mobilenetv2 --codec models/zoo/patch-m");
  sub->add_option("ARTIFACT", options->artifact,
                  "Codec or tail folder, or frame file")
      ->type_name("PATH")
      ->required();
  sub->add_option("--codec", options->codec,
                  "Codec to verify a tail or a frame against")
      ->type_name("DIR");
  sub->add_flag("--allow-torchscript", options->allow_torchscript,
                "Load a tail that is a TorchScript module: code of whoever "
                "made it");
  sub->callback([=] {
    *command = [options] { return Print(VerifyArtifact(*options)); };
  });
}

}  // namespace

void AddCommands(CLI::App* app, const std::string& command_line,
                 Command* command) {
  AddTrain(app, command);
  AddEval(app, command_line, command);
  AddPack(app, command);
  AddEncode(app, command);
  AddDecode(app, command);
  AddRetable(app, command);
  AddAdapt(app, command);
  AddPackage(app, command);
  AddInspect(app, command);
  AddVerify(app, command);
}

}  // namespace sluice::train
