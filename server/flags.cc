#include "server/flags.h"

#include "CLI/App.hpp"
#include "CLI/Config.hpp"
#include "CLI/Formatter.hpp"
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/flags/settings.h"

namespace sluice::server {
namespace {

constexpr char kFooter[] = R"(
Examples:
  sluice-server --models models/zoo
  sluice-server --models models/zoo/patch-m --models my-tail --listen [::1]:0
  SLUICE_SERVER_THREADS=4 sluice-server --config server.toml
  sluice-server --models models/zoo --listen 0.0.0.0:50051 \
    --tls-cert server.pem --tls-key server.key

Environment variables win over the config file, options over both.
Devices may fetch the encoder of a codec from the server.
SIGTERM or SIGINT drains: requests already accepted are answered, new ones
refused; a second signal ends the program at once.

Exit codes: 0 drained, 1 runtime failure (address in use), 2 bad usage or
an unusable certificate, 3 bad or missing models.)";

void AddLimits(CLI::App* app, ServerLimits* limits) {
  app->add_option("--max-batch-size", limits->max_batch_size,
                  "Pictures that run at once")
      ->check(CLI::Range(1, 1024));
  app->add_option("--max-queued-tasks", limits->max_queued_tasks,
                  "Requests accepted and not yet answered")
      ->check(CLI::Range(1, 1 << 20));
  app->add_option("--max-queued-bytes", limits->max_queued_bytes,
                  "Memory that those requests may hold")
      ->check(CLI::PositiveNumber);
  app->add_option("--max-in-flight-per-stream",
                  limits->max_in_flight_per_stream,
                  "Messages of one stream read and not yet answered")
      ->check(CLI::Range(1, 1024));
  app->add_option("--max-message-bytes", limits->max_message_bytes,
                  "Size of one request")
      ->check(CLI::Range(1024, 1 << 30));
}

void AddFlags(CLI::App* app, Flags* flags) {
  app->add_option("--models", flags->models,
                  "Artifact folder, or a folder of them; repeatable")
      ->type_name("DIR");
  app->add_option("--default-tail", flags->default_tail,
                  "Tail of requests that name none; default: the first for "
                  "classification, else the first")
      ->type_name("NAME");
  app->add_option("--port-file", flags->port_file,
                  "Write the port served on to this file")
      ->type_name("FILE");
  app->add_option("--tls-cert", flags->tls_certificate,
                  "Serve TLS with this certificate chain, PEM")
      ->type_name("FILE");
  app->add_option("--tls-key", flags->tls_private_key,
                  "Private key of --tls-cert, PEM without a passphrase")
      ->type_name("FILE");
  app->option_defaults()->always_capture_default();
  app->add_option("--listen", flags->listen,
                  "Address to serve on; port 0 chooses a free one")
      ->type_name("HOST:PORT");
  app->add_flag("--insecure", flags->insecure,
                "Allow plaintext on an address other machines can reach");
  app->add_flag("--allow-torchscript", flags->allow_torchscript,
                "Serve tails that are TorchScript modules: code of whoever "
                "made them, which runs with the server's rights");
  app->add_option("--threads", flags->threads,
                  "Threads that run networks; 0: one per core")
      ->check(CLI::Range(0, 1024));
  app->add_option("--decode-threads", flags->decode_threads,
                  "Threads that decode frames and pictures")
      ->check(CLI::Range(1, 1024));
  app->add_option("--default-timeout-ms", flags->default_timeout_ms,
                  "For single requests that name no timeout")
      ->check(CLI::Range(1, 3600000));
  AddLimits(app, &flags->limits);
  app->add_option("--log-level", flags->log_level, "Least level logged")
      ->check(CLI::IsMember({"debug", "info", "warn", "error", "off"}));
}

}  // namespace

absl::StatusOr<ParsedCommandLine> ParseCommandLine(int argc,
                                                   const char* const* argv) {
  ParsedCommandLine parsed;
  CLI::App app("Decodes what sluice-device sends and runs tails on it.",
               "sluice-server");
  app.footer(kFooter);
  app.set_version_flag("--version", "sluice-server " SLUICE_VERSION);
  AddFlags(&app, &parsed.flags);
  SLUICE_ASSIGN_OR_RETURN(
      parsed.text, flags::ReadSettings(argc, argv, "SLUICE_SERVER_", &app));
  if (parsed.text) return parsed;
  if (parsed.flags.models.empty()) {
    return absl::InvalidArgumentError("--models DIR is missing");
  }
  if (parsed.flags.tls_certificate.empty() !=
      parsed.flags.tls_private_key.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "--tls-cert and --tls-key go together: ",
        parsed.flags.tls_private_key.empty() ? "--tls-key" : "--tls-cert",
        " is missing"));
  }
  return parsed;
}

}  // namespace sluice::server
