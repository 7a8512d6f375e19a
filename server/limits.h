// What one server accepts; published by ListModels.
#pragma once

#include <chrono>
#include <cstddef>

namespace sluice::server {

struct ServerLimits {
  // Of a request; a result that would take a response beyond it is refused.
  size_t max_message_bytes = 4u << 20;
  // Requests accepted and not yet answered, and the memory they may hold:
  // message, decoded input, for pictures their pixels, results.
  size_t max_queued_tasks = 64;
  size_t max_queued_bytes = 512u << 20;
  size_t max_batch_size = 8;
  // Messages of one InferStream read and not yet answered; then it is not read.
  size_t max_in_flight_per_stream = 8;
  // For Infer without a timeout of its own; a stream's messages have none.
  std::chrono::milliseconds default_timeout{2000};
  // Told to those who meet a full queue.
  std::chrono::milliseconds retry_after{100};
};

}  // namespace sluice::server
