#include "tests/integration/mjpeg_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string_view>
#include <utility>

namespace sluice::testing {
namespace {

constexpr int kFramePeriodMs = 20;

bool SendAll(int connection, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent =
        send(connection, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
  return true;
}

}  // namespace

MjpegServer::MjpegServer(std::vector<uint8_t> jpeg) : jpeg_(std::move(jpeg)) {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  bind(listener_, reinterpret_cast<sockaddr*>(&address), size);
  listen(listener_, 4);
  getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { Run(); });
}

MjpegServer::~MjpegServer() {
  is_over_ = true;
  thread_.join();
  close(listener_);
}

std::string MjpegServer::url() const {
  return "http://127.0.0.1:" + std::to_string(port_) + "/stream.mjpg";
}

void MjpegServer::Run() {
  while (!is_over_) {
    pollfd ready = {listener_, POLLIN, 0};
    if (poll(&ready, 1, 20) != 1) continue;
    const int connection = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (connection < 0) continue;
    if (mode_ != Mode::kRefuse) Serve(connection);
    close(connection);
  }
}

void MjpegServer::Serve(int connection) {
  char request[4096];
  if (recv(connection, request, sizeof(request), 0) <= 0) return;
  const std::string part =
      "--frame\r\nContent-Type: image/jpeg\r\nContent-Length: " +
      std::to_string(jpeg_.size()) + "\r\n\r\n" +
      std::string(jpeg_.begin(), jpeg_.end()) + "\r\n";
  bool is_there = SendAll(connection,
                          "HTTP/1.0 200 OK\r\nContent-Type: "
                          "multipart/x-mixed-replace; boundary=frame\r\n\r\n");
  while (is_there && !is_over_ && mode_ != Mode::kRefuse) {
    if (mode_ == Mode::kPlay) is_there = SendAll(connection, part);
    // A viewer that left makes its end readable.
    pollfd left = {connection, POLLIN, 0};
    if (poll(&left, 1, kFramePeriodMs) == 1) return;
  }
}

}  // namespace sluice::testing
