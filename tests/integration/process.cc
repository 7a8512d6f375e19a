#include "tests/integration/process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <sstream>
#include <thread>

namespace sluice::testing {
namespace {

constexpr int kStartSeconds = 60;
constexpr auto kPoll = std::chrono::milliseconds(20);

int OpenForWriting(const std::filesystem::path& path) {
  return open(path.c_str(), O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0644);
}

int CodeOf(int status) {
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

std::vector<std::string> ServerArguments(
    const std::filesystem::path& zoo, const std::filesystem::path& port_file,
    const std::vector<std::string>& more_flags, const std::string& listen) {
  std::vector<std::string> arguments = {
      SLUICE_SERVER, "--models",    zoo.string(),      "--listen",
      listen,        "--port-file", port_file.string()};
  arguments.insert(arguments.end(), more_flags.begin(), more_flags.end());
  return arguments;
}

}  // namespace

Process::Process(const std::vector<std::string>& arguments,
                 const std::filesystem::path& log,
                 const std::filesystem::path& output) {
  std::vector<char*> argv;
  for (const std::string& argument : arguments) {
    argv.push_back(const_cast<char*>(argument.c_str()));
  }
  argv.push_back(nullptr);
  const int err = OpenForWriting(log);
  const int out = output.empty() ? err : OpenForWriting(output);
  pid_ = fork();
  if (pid_ == 0) {
    dup2(out, STDOUT_FILENO);
    dup2(err, STDERR_FILENO);
    execv(argv[0], argv.data());
    _exit(127);
  }
  close(err);
  if (out != err) close(out);
}

Process::~Process() {
  if (!IsRunning()) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
}

void Process::Signal(int signal) const { kill(pid_, signal); }

bool Process::IsRunning() {
  if (pid_ < 0) return false;
  int status = 0;
  if (waitpid(pid_, &status, WNOHANG) != pid_) return true;
  pid_ = -1;
  status_ = CodeOf(status);
  return false;
}

int Process::Wait(int limit_seconds) {
  const auto limit =
      std::chrono::steady_clock::now() + std::chrono::seconds(limit_seconds);
  while (IsRunning()) {
    if (std::chrono::steady_clock::now() > limit) return -1;
    std::this_thread::sleep_for(kPoll);
  }
  return status_;
}

std::string ReadText(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

ServerProcess::ServerProcess(const std::filesystem::path& zoo,
                             const std::filesystem::path& work,
                             const std::vector<std::string>& more_flags,
                             const std::string& listen)
    : log_(work / "server.log"),
      port_file_(work / "port"),
      process_(ServerArguments(zoo, port_file_, more_flags, listen), log_) {
  const auto limit =
      std::chrono::steady_clock::now() + std::chrono::seconds(kStartSeconds);
  while (process_.IsRunning() && std::chrono::steady_clock::now() < limit) {
    int port = 0;
    if (std::ifstream(port_file_) >> port && port > 0) {
      address_ = "127.0.0.1:" + std::to_string(port);
      return;
    }
    std::this_thread::sleep_for(kPoll);
  }
}

}  // namespace sluice::testing
