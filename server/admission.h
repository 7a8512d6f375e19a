// Decides, before any work is done, whether a request finds room.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "absl/status/statusor.h"
#include "common/base/mutex.h"
#include "server/limits.h"

namespace sluice::server {

class Admission;

// A slot and bytes held until destroyed or released. Movable.
class Reservation {
 public:
  Reservation() = default;
  Reservation(Reservation&& other) noexcept { *this = std::move(other); }
  Reservation& operator=(Reservation&& other) noexcept;
  ~Reservation() { Release(); }

  void Release();  // Does nothing the second time.

 private:
  friend class Admission;
  Reservation(Admission* admission, size_t bytes)
      : admission_(admission), bytes_(bytes) {}

  Admission* admission_ = nullptr;
  size_t bytes_ = 0;
};

// Counts accepted, unanswered requests and the bytes they hold. All methods
// are safe to call from several threads. Must outlive its reservations.
class Admission {
 public:
  explicit Admission(const ServerLimits& limits) : limits_(limits) {}

  // One slot and `bytes`, both or neither. ResourceExhausted with a retry hint
  // when they are not free now, without one when `bytes` alone exceed the
  // limit; Unavailable after Close.
  absl::StatusOr<Reservation> Reserve(size_t bytes);

  // Refuses from now on; reservations already made stay.
  void Close();
  // Returns once no reservation is held.
  void WaitUntilIdle();

  size_t num_tasks() const;

 private:
  friend class Reservation;
  void Release(size_t bytes);

  const ServerLimits limits_;
  mutable base::Mutex mutex_;
  base::CondVar idle_;
  size_t num_tasks_ ABSL_GUARDED_BY(mutex_) = 0;
  size_t num_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace sluice::server
