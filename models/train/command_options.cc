#include "models/train/command_options.h"

#include <string>

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

}  // namespace sluice::train
