// sluice-model: trains, measures, packs and examines codecs and tails.
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <exception>
#include <iostream>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/model/compute.h"
#include "models/train/commands/commands.h"

namespace sluice::train {
namespace {

enum ExitCode { kOk = 0, kFailure = 1, kBadUsage = 2 };

constexpr char kFooter[] =
    "Each subcommand has its own --help with an example.\n"
    "Exit codes: 0 done, 1 the job failed (one line on standard error says "
    "why), 2 bad usage.";

// As one would type it in a shell.
std::string CommandLine(int argc, char** argv) {
  std::string line = "sluice-model";
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    const bool is_plain =
        !word.empty() &&
        std::all_of(word.begin(), word.end(), [](unsigned char c) {
          return absl::ascii_isalnum(c) || absl::StrContains("_-+=:,./@%", c);
        });
    absl::StrAppend(
        &line, " ",
        is_plain ? word
                 : absl::StrCat(
                       "'", absl::StrReplaceAll(word, {{"'", "'\\''"}}), "'"));
  }
  return line;
}

int Main(int argc, char** argv) {
  CLI::App app("Trains, measures, packs and examines Sluice's models",
               "sluice-model");
  Command command;
  app.set_version_flag("--version", "sluice-model " SLUICE_VERSION);
  app.require_subcommand(1);
  app.footer(kFooter);
  AddCommands(&app, CommandLine(argc, argv), &command);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kOk : kBadUsage;
  }
  model::KeepFreedMemory();
  const absl::Status status = command();
  if (status.ok()) return kOk;
  std::cerr << "sluice-model: " << std::string(status.message()) << "\n";
  return kFailure;
}

}  // namespace
}  // namespace sluice::train

int main(int argc, char** argv) {
  try {
    return sluice::train::Main(argc, argv);
  } catch (const std::exception& error) {
    std::cerr << "sluice-model: unexpected: " << error.what() << "\n";
    return 1;
  }
}
