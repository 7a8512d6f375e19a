// sluice-server: decodes frames and runs tails behind gRPC.
#include <pthread.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <chrono>
#include <csignal>
#include <exception>
#include <iostream>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common/base/file_io.h"
#include "common/model/compute.h"
#include "common/model/decoder_network.h"
#include "common/model/torchscript_tail.h"
#include "common/wire/credentials.h"
#include "server/flags.h"
#include "server/model_store.h"
#include "server/server.h"

namespace sluice::server {
namespace {

enum ExitCode { kOk = 0, kRuntimeFailure = 1, kBadUsage = 2, kBadModels = 3 };

// Blocks the signals that drain, in this thread and those it starts.
sigset_t BlockSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return signals;
}

void StartLogging(const std::string& level) {
  spdlog::set_default_logger(spdlog::stderr_logger_mt("sluice-server"));
  spdlog::set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %l %v");
  spdlog::set_level(spdlog::level::from_str(level));
}

int Fail(ExitCode code, const absl::Status& status) {
  spdlog::error("{}", std::string(status.message()));
  return code;
}

absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> Credentials(
    const Flags& flags) {
  if (!flags.tls_certificate.empty()) {
    return wire::MakeServerCredentials(flags.tls_certificate,
                                       flags.tls_private_key);
  }
  if (!flags.insecure && !wire::IsLoopback(flags.listen)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "other machines can reach ", flags.listen,
        " and the link would be plaintext: give --tls-cert and --tls-key, or "
        "say --insecure if that is meant"));
  }
  return grpc::InsecureServerCredentials();
}

Server::Options ServerOptions(
    const Flags& flags, ListenAddress listen,
    std::shared_ptr<grpc::ServerCredentials> credentials) {
  Server::Options options;
  options.listen = std::move(listen);
  options.credentials = std::move(credentials);
  options.version = SLUICE_VERSION;
  options.pipeline.limits = flags.limits;
  options.pipeline.limits.default_timeout =
      std::chrono::milliseconds(flags.default_timeout_ms);
  options.pipeline.num_decode_threads = flags.decode_threads;
  options.pipeline.on_runner_start = [threads = flags.threads] {
    model::SetComputeThreads(threads);
  };
  return options;
}

NetworkLoader LoaderFor(const Flags& flags) {
  const model::TorchScriptRule rule = flags.allow_torchscript
                                          ? model::TorchScriptRule::kAllowed
                                          : model::TorchScriptRule::kRefused;
  return {.load_decoder = model::LoadFeatureDecoder,
          .load_tail = [rule](const artifact::TailArtifact& tail) {
            return model::LoadAnyTail(tail, rule);
          }};
}

void LogStart(const Server& server, const Flags& flags) {
  spdlog::info(
      "sluice-server {} serves {} by {} with codecs {}; tails {} (default {}); "
      "{}; "
      "{} decode threads",
      SLUICE_VERSION, server.address(),
      flags.tls_certificate.empty() ? "plaintext" : "TLS",
      server.store().DescribeCodecs(), server.store().DescribeTails(),
      server.store().default_tail().name(), model::ComputeDescription(),
      flags.decode_threads);
}

// Serves until a signal comes, then drains.
int Serve(const Flags& flags, ModelStore store, Server::Options options,
          const sigset_t& signals) {
  // OpenMP counts per thread: this one warms up and logs, the runner sets its
  // own.
  model::SetComputeThreads(flags.threads);
  auto server = Server::Start(std::move(store), std::move(options));
  if (!server.ok()) {
    return Fail(
        absl::IsUnavailable(server.status()) ? kRuntimeFailure : kBadModels,
        server.status());
  }
  if (!flags.port_file.empty()) {
    const absl::Status written = base::WriteFileAtomically(
        flags.port_file, std::string_view(std::to_string((*server)->port())));
    if (!written.ok()) return Fail(kRuntimeFailure, written);
  }
  LogStart(**server, flags);

  int signal = 0;
  sigwait(&signals, &signal);
  // From here on the default action of a second signal ends the program.
  pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
  spdlog::info("draining");
  (*server)->Drain();
  spdlog::info("drained");
  return kOk;
}

int Run(const Flags& flags) {
  const sigset_t signals = BlockSignals();
  StartLogging(flags.log_level);
  auto listen = ParseListenAddress(flags.listen);
  if (!listen.ok()) return Fail(kBadUsage, listen.status());
  auto credentials = Credentials(flags);
  if (!credentials.ok()) return Fail(kBadUsage, credentials.status());
  auto store =
      ModelStore::Load(flags.models, LoaderFor(flags), flags.default_tail);
  if (!store.ok()) return Fail(kBadModels, store.status());
  return Serve(
      flags, *std::move(store),
      ServerOptions(flags, *std::move(listen), *std::move(credentials)),
      signals);
}

int Main(int argc, char** argv) {
  const absl::StatusOr<ParsedCommandLine> parsed = ParseCommandLine(argc, argv);
  if (!parsed.ok()) {
    std::cerr << "sluice-server: " << std::string(parsed.status().message())
              << "\nSee sluice-server --help.\n";
    return kBadUsage;
  }
  if (parsed->text) {
    std::cout << *parsed->text;
    return kOk;
  }
  return Run(parsed->flags);
}

}  // namespace
}  // namespace sluice::server

int main(int argc, char** argv) {
  try {
    sluice::model::KeepFreedMemory();
    return sluice::server::Main(argc, argv);
  } catch (const std::exception& error) {
    std::cerr << "sluice-server: " << error.what() << '\n';
    return sluice::server::kRuntimeFailure;
  }
}
