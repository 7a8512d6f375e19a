// The command line of sluice-server: flags > environment > config > defaults.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "server/limits.h"

namespace sluice::server {

struct Flags {
  std::vector<std::filesystem::path> models;
  std::string listen = "127.0.0.1:50051";
  std::filesystem::path port_file;
  bool insecure = false;
  std::filesystem::path tls_certificate;  // Both or neither.
  std::filesystem::path tls_private_key;
  std::string default_tail;
  bool allow_torchscript = false;
  int threads = 0;
  int decode_threads = 2;
  ServerLimits limits;
  int default_timeout_ms = 2000;
  std::string log_level = "info";
};

// --help and --version ask for a text and nothing else.
struct ParsedCommandLine {
  std::optional<std::string> text;
  Flags flags;
};

// Errors are flags::ReadSettings', and InvalidArgument without --models or with
// one of --tls-cert and --tls-key alone.
absl::StatusOr<ParsedCommandLine> ParseCommandLine(int argc,
                                                   const char* const* argv);

}  // namespace sluice::server
