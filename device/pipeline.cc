#include "device/pipeline.h"

#include <algorithm>
#include <future>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/wire/grpc_status.h"

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

TailResult ResultFromProto(const v1::Result& proto) {
  TailResult result;
  result.tail = proto.tail();
  result.status = wire::StatusFromProto(proto);
  if (!result.status.ok()) return result;
  if (!proto.has_classification()) {
    result.status = absl::UnimplementedError(
        "expected a classification: this sluice-device shows no other task");
    return result;
  }
  for (const v1::Classification::Class& entry : proto.classification().top()) {
    result.top.push_back({entry.index(), entry.label(), entry.score()});
  }
  return result;
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
  for (const v1::Result& result : answer.response.results()) {
    report->results.push_back(ResultFromProto(result));
  }
}

}  // namespace

Pipeline::Pipeline(Source* source, const PictureEncoder* encoder,
                   KeepPictures keep_pictures)
    : source_(source), encoder_(encoder), keep_pictures_(keep_pictures) {}

absl::StatusOr<std::unique_ptr<Pipeline>> Pipeline::Start(
    Source* source, const PictureEncoder* encoder, const StartLink& start_link,
    KeepPictures keep_pictures) {
  std::unique_ptr<Pipeline> pipeline(
      new Pipeline(source, encoder, keep_pictures));
  Pipeline* const raw = pipeline.get();
  SLUICE_ASSIGN_OR_RETURN(
      pipeline->link_,
      start_link([raw](uint64_t sequence, absl::StatusOr<Answer> answer) {
        raw->OnAnswer(sequence, std::move(answer));
      }));
  std::promise<absl::Status> warm_up;
  std::future<absl::Status> warm = warm_up.get_future();
  pipeline->stages_.emplace_back([raw, warm_up = std::move(warm_up)]() mutable {
    warm_up.set_value(raw->encoder_->WarmUp());
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
  // Already closed, unless the stages were never started.
  captured_.Close();
  prepared_.Close();
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
    PictureReport* report = &item->finished.report;
    report->source = picture->source;
    report->is_live = source_->is_live();
    report->sequence = picture->sequence;
    report->captured = picture->captured;
    report->frame_rate = picture->frame_rate;
    report->timings.read = picture->read_ms;
    item->started = picture->started;
    item->is_dropped = false;
    if (!picture->picture.ok()) {
      Finish(item, picture->picture.status());
      continue;
    }
    absl::StatusOr<PreparedView> prepared =
        encoder_->Prepare(*picture->picture, report);
    if (!prepared.ok()) {
      Finish(item, prepared.status());
      continue;
    }
    item->prepared = *std::move(prepared);
    if (keep_pictures_ == KeepPictures::kYes) {
      item->finished.picture = *std::move(picture->picture);
    }
    prepared_.Push(item);
  }
  prepared_.Close();
}

void Pipeline::Encode() {
  while (std::optional<Item*> item = prepared_.Pop()) {
    absl::StatusOr<v1::InferRequest> request =
        encoder_->Encode((*item)->prepared, &(*item)->finished.report);
    if (!request.ok()) {
      Finish(*item, request.status());
      continue;
    }
    (*item)->prepared = {};
    (*item)->request = *std::move(request);
    encoded_.Push(*item);
  }
  encoded_.Close();
}

void Pipeline::Send() {
  while (std::optional<Item*> item = encoded_.Pop()) {
    {
      base::MutexLock lock(mutex_);
      (*item)->is_sent = true;  // Its answer may come before Send returns.
    }
    const absl::Status status = link_->Send(std::move((*item)->request));
    if (!status.ok()) HandleRefusal(*item, status);
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
      if (!candidate.is_sent || candidate.is_done) continue;
      if (candidate.finished.report.sequence == sequence) item = &candidate;
    }
  }
  if (item == nullptr) return;
  if (answer.ok()) {
    AddAnswer(*answer, item->started, &item->finished.report);
  }
  Finish(item, answer.status());
}

std::optional<FinishedPicture> Pipeline::Next() {
  base::MutexLock lock(mutex_);
  while (true) {
    while (!items_.empty() && items_.front().is_done) {
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

void Pipeline::Finish(Item* item, absl::Status status) {
  base::MutexLock lock(mutex_);
  if (EndsTheRun(status)) EndRun(status);
  item->finished.report.status = std::move(status);
  item->is_done = true;
  changed_.NotifyAll();
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
