#include "device/pipeline.h"

#include <algorithm>
#include <future>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "device/result_proto.h"
#include "spdlog/spdlog.h"

namespace sluice::device {
namespace {

constexpr std::chrono::milliseconds kPauseWithoutServer{200};

double Milliseconds(uint32_t microseconds) { return microseconds / 1000.0; }

void AddServerTimings(const v1::ServerTimings& server, Timings* timings) {
  timings->server_queue = Milliseconds(server.queue_us());
  timings->server_entropy_decode = Milliseconds(server.entropy_decode_us());
  timings->server_batch_wait = Milliseconds(server.batch_wait_us());
  timings->server_decoder_network = Milliseconds(server.decoder_network_us());
  timings->server_tail = Milliseconds(server.tail_us());
  timings->server_postprocess = Milliseconds(server.postprocess_us());
  timings->server_total = Milliseconds(server.total_us());
}

double MillisecondsSince(base::TimePoint start) {
  const std::chrono::duration<double, std::milli> elapsed =
      std::chrono::steady_clock::now() - start;
  return elapsed.count();
}

void AddAnswer(const Answer& answer, base::TimePoint started,
               PictureReport* report) {
  Timings* ms = &report->timings;
  ms->round_trip = answer.round_trip_ms;
  AddServerTimings(answer.response.timings(), ms);
  // Whatever the stages do not account for was spent between them.
  ms->waiting = std::max(0.0, MillisecondsSince(started) - ms->total());
  report->answer_bytes = answer.response.ByteSizeLong();
  const ResultPixels pixels =
      report->image ? ResultPixels::kOfView : ResultPixels::kOfSource;
  for (const v1::Result& result : answer.response.results()) {
    report->results.push_back(
        ResultFromProto(result, report->geometry, pixels));
  }
}

}  // namespace

Pipeline::Pipeline(Source* source, CurrentCodec* codec,
                   KeepPictures keep_pictures)
    : source_(source), codec_(codec), keep_pictures_(keep_pictures) {}

absl::StatusOr<std::unique_ptr<Pipeline>> Pipeline::Start(
    Source* source, CurrentCodec* codec, const StartLink& start_link,
    KeepPictures keep_pictures) {
  std::unique_ptr<Pipeline> pipeline(
      new Pipeline(source, codec, keep_pictures));
  Pipeline* const raw = pipeline.get();
  SLUICE_ASSIGN_OR_RETURN(
      pipeline->link_,
      start_link([raw](uint64_t sequence, absl::StatusOr<Answer> answer) {
        raw->OnAnswer(sequence, std::move(answer));
      }));
  std::promise<absl::Status> warm_up;
  std::future<absl::Status> warm = warm_up.get_future();
  pipeline->stages_.emplace_back([raw, warm_up = std::move(warm_up)]() mutable {
    warm_up.set_value(raw->codec_->Get()->encoder().WarmUp());
    raw->Encode();
  });
  if (const absl::Status status = warm.get(); !status.ok()) {
    return absl::InternalError(
        absl::StrCat("the encoder fails on a blank view: ", status.message()));
  }
  for (void (Pipeline::*stage)() :
       {&Pipeline::Capture, &Pipeline::Prepare, &Pipeline::Send}) {
    pipeline->stages_.emplace_back(stage, raw);
  }
  return pipeline;
}

Pipeline::~Pipeline() {
  {
    base::MutexLock lock(mutex_);
    EndRun(absl::OkStatus());
  }
  for (std::thread& stage : stages_) stage.join();
  link_.reset();  // Its thread calls OnAnswer.
}

void Pipeline::Capture() {
  while (std::optional<SourcePicture> picture = source_->Next()) {
    const bool is_taken =
        source_->is_live() ? captured_.PushDroppingOldest(*std::move(picture))
                           : captured_.Push(*std::move(picture));
    if (!is_taken) break;
  }
  captured_.Close();
}

void Pipeline::Prepare() {
  // Room first: the picture that is taken then is the newest.
  while (Item* item = Admit()) {
    std::optional<SourcePicture> picture = captured_.Pop();
    if (!picture) {
      Finish(item, absl::OkStatus());
      break;
    }
    item->is_dropped = false;
    const absl::Status status = PrepareItem(*std::move(picture), item);
    if (status.ok()) {
      Advance(item, State::kPrepared);
    } else {
      Finish(item, status);
    }
  }
  base::MutexLock lock(mutex_);
  all_are_admitted_ = true;
  changed_.NotifyAll();
}

absl::Status Pipeline::PrepareItem(SourcePicture picture, Item* item) {
  PictureReport* report = &item->finished.report;
  report->source = picture.source;
  report->is_live = source_->is_live();
  report->sequence = picture.sequence;
  report->captured = picture.captured;
  report->frame_rate = picture.frame_rate;
  report->timings.read = picture.read_ms;
  item->started = picture.started;
  SLUICE_RETURN_IF_ERROR(picture.picture.status());
  item->codec = codec_->Get();
  SLUICE_ASSIGN_OR_RETURN(
      item->prepared, item->codec->encoder().Prepare(*picture.picture, report));
  if (keep_pictures_ == KeepPictures::kYes) {
    item->finished.picture = *std::move(picture.picture);
  }
  return absl::OkStatus();
}

void Pipeline::Encode() {
  bool has_said_what_is_dropped = false;
  while (Item* item = Take(State::kPrepared, State::kEncoding)) {
    const absl::Status status = EncodeItem(item);
    if (status.ok()) {
      Advance(item, State::kEncoded);
      continue;
    }
    // Too large for max_bytes; a camera's next picture may fit.
    item->is_dropped = source_->is_live() && absl::IsResourceExhausted(status);
    if (item->is_dropped && !has_said_what_is_dropped) {
      spdlog::warn("{}; such pictures are dropped",
                   std::string(status.message()));
      has_said_what_is_dropped = true;
    }
    Finish(item, status);
  }
}

absl::Status Pipeline::EncodeItem(Item* item) {
  PictureReport* report = &item->finished.report;
  std::shared_ptr<const RunCodec> codec = codec_->Get();
  if (item->codec != codec || item->prepared.input.values.empty()) {
    SLUICE_RETURN_IF_ERROR(codec->PrepareAgain(&item->prepared));
    report->geometry = item->prepared.geometry;
    item->codec = std::move(codec);
  }
  SLUICE_ASSIGN_OR_RETURN(
      item->request, item->codec->encoder().Encode(item->prepared, report));
  item->prepared.input = {};
  return absl::OkStatus();
}

void Pipeline::Send() {
  while (Item* item = Take(State::kEncoded, State::kSent)) {
    if (item->codec != codec_->Get()) {
      EncodeAgain(item);
      continue;
    }
    const absl::Status status = link_->Send(std::move(item->request));
    if (absl::IsAborted(status)) {
      EncodeAgain(item);
    } else if (!status.ok()) {
      HandleRefusal(item, status);
    }
  }
  const absl::Status status = link_->Finish();
  base::MutexLock lock(mutex_);
  if (EndsTheRun(status)) EndRun(status);
  all_are_answered_ = true;
  changed_.NotifyAll();
}

void Pipeline::OnAnswer(uint64_t sequence, absl::StatusOr<Answer> answer) {
  Item* item = nullptr;
  {
    base::MutexLock lock(mutex_);
    for (Item& candidate : items_) {
      if (candidate.state != State::kSent) continue;
      if (candidate.finished.report.sequence == sequence) item = &candidate;
    }
  }
  if (item == nullptr) return;
  if (absl::IsAborted(answer.status())) {
    EncodeAgain(item);
    return;
  }
  if (answer.ok()) {
    AddAnswer(*answer, item->started, &item->finished.report);
  }
  Finish(item, answer.status());
}

std::optional<FinishedPicture> Pipeline::Next() {
  base::MutexLock lock(mutex_);
  while (true) {
    while (!items_.empty() && items_.front().state == State::kDone) {
      const bool is_dropped = items_.front().is_dropped;
      FinishedPicture finished = std::move(items_.front().finished);
      items_.pop_front();
      changed_.NotifyAll();
      if (is_dropped) continue;
      finished.report.num_dropped = finished.report.sequence - next_reported_;
      next_reported_ = finished.report.sequence + 1;
      return finished;
    }
    if (all_are_answered_) return std::nullopt;
    changed_.Wait(mutex_);
  }
}

absl::Status Pipeline::status() {
  base::MutexLock lock(mutex_);
  return end_;
}

Pipeline::Item* Pipeline::Admit() {
  base::MutexLock lock(mutex_);
  while (!is_ending_ && items_.size() >= kMaxPictures) changed_.Wait(mutex_);
  if (is_ending_) return nullptr;
  items_.emplace_back();
  items_.back().is_dropped = true;  // Until it has a picture.
  return &items_.back();
}

Pipeline::Item* Pipeline::Take(State from, State to) {
  base::MutexLock lock(mutex_);
  while (true) {
    for (Item& item : items_) {
      if (item.state != from) continue;
      item.state = to;
      return &item;
    }
    if (IsAllDone()) return nullptr;
    changed_.Wait(mutex_);
  }
}

bool Pipeline::IsAllDone() const {
  return (all_are_admitted_ || is_ending_) &&
         std::all_of(items_.begin(), items_.end(), [](const Item& item) {
           return item.state == State::kDone;
         });
}

void Pipeline::Advance(Item* item, State to) {
  base::MutexLock lock(mutex_);
  item->state = to;
  changed_.NotifyAll();
}

void Pipeline::Finish(Item* item, absl::Status status) {
  base::MutexLock lock(mutex_);
  if (EndsTheRun(status)) EndRun(status);
  item->finished.report.status = std::move(status);
  item->state = State::kDone;
  changed_.NotifyAll();
}

void Pipeline::EncodeAgain(Item* item) {
  if (source_->is_live()) {
    item->is_dropped = true;  // A newer one follows.
    Finish(item, absl::OkStatus());
  } else {
    Advance(item, State::kPrepared);
  }
}

void Pipeline::HandleRefusal(Item* item, const absl::Status& status) {
  const bool may_come_back = source_->is_live() && absl::IsUnavailable(status);
  item->is_dropped = may_come_back;
  Finish(item, status);
  if (may_come_back) {
    Pause();
  } else {
    base::MutexLock lock(mutex_);
    EndRun(status);
  }
}

void Pipeline::Pause() {
  const auto end = std::chrono::steady_clock::now() + kPauseWithoutServer;
  base::MutexLock lock(mutex_);
  while (!is_ending_ && !changed_.WaitUntil(mutex_, end)) {
  }
}

bool Pipeline::EndsTheRun(const absl::Status& status) const {
  if (absl::IsUnavailable(status)) return !source_->is_live();
  return absl::IsFailedPrecondition(status);
}

void Pipeline::EndRun(const absl::Status& status) {
  if (!is_ending_) end_ = status;
  is_ending_ = true;
  changed_.NotifyAll();
  source_->Stop();
  captured_.Close();
}

}  // namespace sluice::device
