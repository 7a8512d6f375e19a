// One InferStream call, driven by one thread that never blocks in it.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "common/base/mutex.h"
#include "grpcpp/client_context.h"
#include "grpcpp/support/status.h"
#include "sluice/v1/inference.grpc.pb.h"

namespace sluice::device {

class StreamCall final
    : private grpc::ClientBidiReactor<v1::InferRequest, v1::InferResponse> {
 public:
  // Starts the call. `on_change` is called on gRPC's threads whenever one of
  // the methods below may have a new answer; it must not call them.
  StreamCall(v1::Inference::Stub* stub, std::function<void()> on_change);
  // Cancels a call that has not ended, and waits for gRPC to let go of it.
  ~StreamCall() override;

  // Whether Write() may be called: the last one has gone out.
  bool CanWrite();
  // REQUIRES: CanWrite(), and no CloseWrites() before.
  void Write(std::shared_ptr<const v1::InferRequest> request);
  // No more writes. REQUIRES: CanWrite().
  void CloseWrites();

  // The next message of the server, if one is there.
  std::optional<v1::InferResponse> TakeResponse();
  // Why the call is over; none while it goes on or a response is left to take.
  std::optional<grpc::Status> End();

 private:
  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnDone(const grpc::Status& status) override;

  const std::function<void()> on_change_;
  grpc::ClientContext context_;
  v1::InferResponse incoming_;  // gRPC's between StartRead and OnReadDone.

  base::Mutex mutex_;
  base::CondVar done_;
  std::shared_ptr<const v1::InferRequest> outgoing_ ABSL_GUARDED_BY(mutex_);
  bool has_incoming_ ABSL_GUARDED_BY(mutex_) = false;
  bool is_cancelled_ ABSL_GUARDED_BY(mutex_) = false;
  // From the first failed read on nothing may be started: OnDone is to come.
  bool is_open_ ABSL_GUARDED_BY(mutex_) = true;
  std::optional<grpc::Status> end_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace sluice::device
