#include "models/train/commands/command_options.h"

#include <string>
#include <system_error>

#include "absl/strings/str_cat.h"

namespace sluice::train {

void AddView(CLI::App* app, vision::ViewRule* view) {
  app->add_option_function<std::string>(
         "--view",
         [view](const std::string& text) {
           *view = vision::ParseViewRule(text).value_or(*view);
         },
         absl::StrCat("What the network sees of a picture: crop:N, crop:N/M or "
                      "fit:WxH (default ",
                      vision::ToString(*view), ")"))
      ->type_name("VIEW")
      ->check([](const std::string& text) {
        return std::string(vision::ParseViewRule(text).status().message());
      });
}

void AddThreads(CLI::App* app, int* num_threads) {
  app->add_option("--threads", *num_threads,
                  "Threads for networks; 0: as many as there are cores")
      ->check(CLI::Range(0, 1024));
}

absl::Status CheckOutput(const std::filesystem::path& path) {
  if (path.empty()) return absl::OkStatus();
  const std::filesystem::path folder = path.parent_path();
  std::error_code error;
  if (!folder.empty() && !std::filesystem::is_directory(folder, error)) {
    return absl::NotFoundError(
        absl::StrCat(path.string(), ": expected a folder ", folder.string(),
                     " to write to, found none"));
  }
  return absl::OkStatus();
}

}  // namespace sluice::train
