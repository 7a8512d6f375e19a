// A camera of a test: Motion JPEG over HTTP on loopback.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

namespace sluice::testing {

// Serves one viewer after the other, 50 frames per second.
class MjpegServer {
 public:
  enum class Mode {
    kPlay,
    kFreeze,  // Connections stay open, nothing comes.
    kRefuse,  // Connections are closed at once.
  };

  explicit MjpegServer(std::vector<uint8_t> jpeg);
  ~MjpegServer();
  MjpegServer(const MjpegServer&) = delete;
  MjpegServer& operator=(const MjpegServer&) = delete;

  std::string url() const;
  void Set(Mode mode) { mode_ = mode; }

 private:
  void Run();
  void Serve(int connection);

  const std::vector<uint8_t> jpeg_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<Mode> mode_ = Mode::kPlay;
  std::atomic<bool> is_over_ = false;
  std::thread thread_;
};

}  // namespace sluice::testing
