// A source for tests: pictures from a list.
#pragma once

#include <atomic>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "device/source.h"

namespace sluice::device {

// Their names are "0", "1", ...
class ScriptedSource : public Source {
 public:
  enum class Kind { kFiles, kLive };

  explicit ScriptedSource(std::vector<absl::StatusOr<vision::Picture>> pictures,
                          Kind kind = Kind::kFiles)
      : pictures_(std::move(pictures)), kind_(kind) {}

  std::optional<SourcePicture> Next() override {
    if (is_stopped || next_ == pictures_.size()) {
      has_ended_ = true;
      return std::nullopt;
    }
    SourcePicture item;
    item.source = std::to_string(next_);
    item.sequence = next_;
    item.captured = std::chrono::system_clock::now();
    item.started = std::chrono::steady_clock::now();
    item.picture = pictures_[next_++];
    return item;
  }
  void Stop() override { is_stopped = true; }
  bool is_live() const override { return kind_ == Kind::kLive; }

  // Whether Next() has said that there is no more.
  bool has_ended() const { return has_ended_; }

  std::atomic<bool> is_stopped = false;

 private:
  std::vector<absl::StatusOr<vision::Picture>> pictures_;
  const Kind kind_;
  size_t next_ = 0;
  std::atomic<bool> has_ended_ = false;
};

}  // namespace sluice::device
