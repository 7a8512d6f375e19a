#include "device/stop_signal.h"

#include <pthread.h>
#include <signal.h>

#include <initializer_list>
#include <utility>

namespace sluice::device {
namespace {

// Wakes the thread for the end; the others are what people send.
constexpr int kWake = SIGUSR1;

sigset_t Signals(std::initializer_list<int> numbers) {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int number : numbers) sigaddset(&signals, number);
  return signals;
}

}  // namespace

StopSignal::StopSignal() {
  const sigset_t signals = Signals({SIGINT, SIGTERM, kWake});
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

StopSignal::~StopSignal() { EndWatch(); }

void StopSignal::EndWatch() {
  if (!thread_.joinable()) return;
  is_over_ = true;
  pthread_kill(thread_.native_handle(), kWake);
  thread_.join();
}

void StopSignal::Watch(std::function<void()> on_signal) {
  thread_ = std::thread([this, on_signal = std::move(on_signal)] {
    const sigset_t signals = Signals({SIGINT, SIGTERM, kWake});
    int signal = 0;
    sigwait(&signals, &signal);
    if (is_over_) return;
    has_come_ = true;
    const sigset_t to_unblock = Signals({SIGINT, SIGTERM});
    pthread_sigmask(SIG_UNBLOCK, &to_unblock, nullptr);
    on_signal();
    // Stays, for a second signal needs a thread that does not block it.
    const sigset_t wake = Signals({kWake});
    while (!is_over_) sigwait(&wake, &signal);
  });
}

}  // namespace sluice::device
