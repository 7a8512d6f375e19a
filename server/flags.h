// The command line of sluice-server: flags > environment > config > defaults.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "server/limits.h"

namespace CLI {
class App;
}

namespace sluice::server {

struct Flags {
  std::vector<std::filesystem::path> models;
  std::string listen = "127.0.0.1:50051";
  std::filesystem::path port_file;
  bool insecure = false;
  std::string default_tail;
  int threads = 0;
  int decode_threads = 2;
  ServerLimits limits;
  int default_timeout_ms = 2000;
  std::string log_level = "info";
};

// Describes `flags`, which must outlive `app`, to it.
void AddFlags(CLI::App* app, Flags* flags);

}  // namespace sluice::server
