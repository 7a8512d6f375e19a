#include "server/flags.h"

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <istream>
#include <memory>

namespace sluice::server {
namespace {

// CLI11 reads the config file before the environment and keeps what came first;
// this drops from the file what the environment sets.
class ConfigBelowEnvironment final : public CLI::ConfigBase {
 public:
  explicit ConfigBelowEnvironment(const CLI::App* app) : app_(app) {}

  std::vector<CLI::ConfigItem> from_config(std::istream& input) const override {
    std::vector<CLI::ConfigItem> settings = ConfigBase::from_config(input);
    std::erase_if(settings, [this](const CLI::ConfigItem& setting) {
      return IsInEnvironment(setting.name);
    });
    return settings;
  }

 private:
  bool IsInEnvironment(const std::string& name) const {
    const CLI::Option* option = app_->get_option_no_throw("--" + name);
    if (option == nullptr || option->get_envname().empty()) return false;
    const char* value = std::getenv(option->get_envname().c_str());
    return value != nullptr && *value != '\0';
  }

  const CLI::App* const app_;
};

void AddLimits(CLI::App* app, ServerLimits* limits) {
  app->add_option("--max-batch-size", limits->max_batch_size,
                  "Pictures that run at once")
      ->check(CLI::Range(1, 1024))
      ->envname("SLUICE_SERVER_MAX_BATCH_SIZE");
  app->add_option("--max-queued-tasks", limits->max_queued_tasks,
                  "Requests accepted and not yet answered")
      ->check(CLI::Range(1, 1 << 20))
      ->envname("SLUICE_SERVER_MAX_QUEUED_TASKS");
  app->add_option("--max-queued-bytes", limits->max_queued_bytes,
                  "Memory that those requests may hold")
      ->check(CLI::PositiveNumber)
      ->envname("SLUICE_SERVER_MAX_QUEUED_BYTES");
  app->add_option("--max-message-bytes", limits->max_message_bytes,
                  "Size of one request")
      ->check(CLI::Range(1024, 1 << 30))
      ->envname("SLUICE_SERVER_MAX_MESSAGE_BYTES");
}

}  // namespace

void AddFlags(CLI::App* app, Flags* flags) {
  app->set_config("--config", "", "TOML file with these options")
      ->type_name("FILE");
  app->config_formatter(std::make_shared<ConfigBelowEnvironment>(app));
  app->allow_config_extras(CLI::config_extras_mode::error);
  app->add_option("--models", flags->models,
                  "Artifact folder, or a folder of them; repeatable")
      ->required()
      ->type_name("DIR")
      ->envname("SLUICE_SERVER_MODELS");
  app->add_option("--default-tail", flags->default_tail,
                  "Tail of requests that name none; default: the first")
      ->type_name("NAME")
      ->envname("SLUICE_SERVER_DEFAULT_TAIL");
  app->add_option("--port-file", flags->port_file,
                  "Write the port served on to this file")
      ->type_name("FILE")
      ->envname("SLUICE_SERVER_PORT_FILE");
  app->option_defaults()->always_capture_default();
  app->add_option("--listen", flags->listen,
                  "Address to serve on; port 0 chooses a free one")
      ->type_name("HOST:PORT")
      ->envname("SLUICE_SERVER_LISTEN");
  app->add_flag("--insecure", flags->insecure,
                "Allow plaintext on an address other machines can reach")
      ->envname("SLUICE_SERVER_INSECURE");
  app->add_option("--threads", flags->threads,
                  "Threads that run networks; 0: one per core")
      ->check(CLI::Range(0, 1024))
      ->envname("SLUICE_SERVER_THREADS");
  app->add_option("--decode-threads", flags->decode_threads,
                  "Threads that decode frames and pictures")
      ->check(CLI::Range(1, 1024))
      ->envname("SLUICE_SERVER_DECODE_THREADS");
  app->add_option("--default-timeout-ms", flags->default_timeout_ms,
                  "For requests that name no timeout")
      ->check(CLI::Range(1, 3600000))
      ->envname("SLUICE_SERVER_DEFAULT_TIMEOUT_MS");
  AddLimits(app, &flags->limits);
  app->add_option("--log-level", flags->log_level, "Least level logged")
      ->check(CLI::IsMember({"debug", "info", "warn", "error", "off"}))
      ->envname("SLUICE_SERVER_LOG_LEVEL");
}

}  // namespace sluice::server
