// A child process of a test: started, watched, stopped, never left behind.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

namespace sluice::testing {

class Process {
 public:
  // Runs `arguments` with stdout and stderr in `log` (stderr only when
  // `output` names a file of its own for stdout).
  Process(const std::vector<std::string>& arguments,
          const std::filesystem::path& log,
          const std::filesystem::path& output = {});
  ~Process();  // Kills what still runs.
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  void Signal(int signal) const;
  // The exit status, or 128 + signal; -1 when it still runs after the limit.
  int Wait(int limit_seconds);
  bool IsRunning();

 private:
  pid_t pid_ = -1;
  int status_ = -1;
};

std::string ReadText(const std::filesystem::path& path);

// A server over a zoo folder, ready to answer; on a port of its own choosing
// unless told one.
class ServerProcess {
 public:
  ServerProcess(const std::filesystem::path& zoo,
                const std::filesystem::path& work,
                const std::vector<std::string>& more_flags = {},
                const std::string& listen = "127.0.0.1:0");

  // "127.0.0.1:PORT"; empty when it did not start (see log()).
  const std::string& address() const { return address_; }
  std::string log() const { return ReadText(log_); }
  Process& process() { return process_; }

 private:
  std::filesystem::path log_;
  std::filesystem::path port_file_;
  Process process_;
  std::string address_;
};

}  // namespace sluice::testing
