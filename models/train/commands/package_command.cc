#include "models/train/commands/package_command.h"

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <iostream>
#include <memory>
#include <string>

#include "common/base/status_macros.h"
#include "models/train/tools/package.h"

namespace sluice::train {
namespace {

constexpr char kFooter[] =
    "The module takes the codec's features, float32 [N,F,h,w] (F of 32 at 1/8 "
    "of the\npicture's resolution; see sluice-model inspect CODEC), and "
    "returns a tensor, a tuple or\nlist of tensors, or a dict of names to "
    "tensors, each of N rows. It is run on two sizes\nof pictures before it is "
    "packaged: it is code, so package and serve only what you trust.\n\n"
    "Example, the first line in Python:\n"
    "  torch.jit.script(my_tail.eval()).save(\"my_tail.pt\")\n"
    "  sluice-model package --torchscript my_tail.pt --codec "
    "models/zoo/patch-m \\\n    --name my-tail --out my-tail\n"
    "  sluice-server --models models/zoo --models my-tail --allow-torchscript";

absl::Status RunPackageCommand(const PackageOptions& options) {
  SLUICE_ASSIGN_OR_RETURN(const std::string text, PackageTorchScript(options));
  std::cout << text << "\n";
  return absl::OkStatus();
}

}  // namespace

void AddPackage(CLI::App* app, Command* command) {
  const auto options = std::make_shared<PackageOptions>();
  CLI::App* sub = app->add_subcommand(
      "package", "Make a tail of your own TorchScript module");
  sub->footer(kFooter);
  sub->add_option("--torchscript", options->module,
                  "Module, as torch.jit.script(...).save writes it")
      ->type_name("FILE")
      ->required();
  sub->add_option("--codec", options->codecs,
                  "Codec folders whose features it takes, by commas")
      ->type_name("DIR")
      ->delimiter(',')
      ->required();
  sub->add_option("--name", options->name, "What requests call the tail")
      ->required();
  sub->add_option("--labels", options->labels,
                  "One label per line, for clients to list")
      ->type_name("FILE");
  sub->add_option("-o,--out", options->out, "Folder to make")
      ->type_name("DIR")
      ->required();
  sub->callback(
      [=] { *command = [options] { return RunPackageCommand(*options); }; });
}

}  // namespace sluice::train
