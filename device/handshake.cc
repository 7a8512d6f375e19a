#include "device/handshake.h"

#include <algorithm>
#include <cstdint>
#include <span>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/status_macros.h"
#include "common/codec/known_answer.h"
#include "grpcpp/client_context.h"

namespace sluice::device {
namespace {

// "patch-m (0123...), other (4567...)"
std::string NamesAndIds(const v1::ListModelsResponse& models) {
  return absl::StrJoin(
      models.codecs(), ", ", [](std::string* out, const v1::CodecInfo& codec) {
        absl::StrAppend(out, codec.name(), " (", codec.id(), ")");
      });
}

std::string TailNames(const v1::ListModelsResponse& models) {
  return absl::StrJoin(models.tails(), ", ",
                       [](std::string* out, const v1::TailInfo& tail) {
                         absl::StrAppend(out, tail.name());
                       });
}

std::string OurCodec(const ServerNeeds& needs) {
  return absl::StrCat("codec mismatch: this device has ",
                      needs.codec->spec.name, " (", needs.codec->id, ")");
}

absl::Status CheckKnownAnswer(const v1::CodecInfo& info,
                              const artifact::CodecArtifact& codec) {
  const std::string& frame = info.known_frame();
  const absl::Status status = codec::CheckKnownAnswer(
      {reinterpret_cast<const uint8_t*>(frame.data()), frame.size()},
      info.known_symbols_crc32c(), codec.tables, codec.short_id);
  if (status.ok()) return status;
  return absl::FailedPreconditionError(
      absl::StrCat("device and server code differently with ", codec.spec.name,
                   " (", codec.id, "): ", status.message()));
}

absl::Status CheckCodec(const v1::ListModelsResponse& models,
                        const ServerNeeds& needs) {
  for (const v1::CodecInfo& info : models.codecs()) {
    if (info.id() == needs.codec->id) {
      return CheckKnownAnswer(info, *needs.codec);
    }
  }
  return absl::FailedPreconditionError(
      absl::StrCat(OurCodec(needs), ", the server has ",
                   models.codecs().empty() ? "none" : NamesAndIds(models)));
}

absl::Status CheckTail(const v1::TailInfo& tail, const ServerNeeds& needs) {
  if (std::find(tail.codec_ids().begin(), tail.codec_ids().end(),
                needs.codec->id) != tail.codec_ids().end()) {
    return absl::OkStatus();
  }
  return absl::FailedPreconditionError(
      absl::StrCat(OurCodec(needs), ", tail '", tail.name(), "' was made for ",
                   absl::StrJoin(tail.codec_ids(), ", ")));
}

}  // namespace

absl::StatusOr<v1::ListModelsResponse> ListModels(
    v1::Inference::Stub* stub, const std::string& address,
    std::chrono::milliseconds deadline) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() +
                       std::max(deadline, kMinListDeadline));
  v1::ListModelsResponse models;
  const grpc::Status status = stub->ListModels(&context, {}, &models);
  if (!status.ok()) {
    return absl::UnavailableError(absl::StrCat(
        "no Sluice server answers at ", address, " (", status.error_message(),
        "); start one with 'sluice-server --models models/zoo --listen ",
        address, "' or name another with --server"));
  }
  return models;
}

absl::StatusOr<std::vector<const v1::TailInfo*>> FindTails(
    const v1::ListModelsResponse& models,
    const std::vector<std::string>& tails) {
  std::vector<const v1::TailInfo*> found;
  for (const std::string& name : tails) {
    const auto tail =
        std::find_if(models.tails().begin(), models.tails().end(),
                     [&](const v1::TailInfo& t) { return t.name() == name; });
    if (tail == models.tails().end()) {
      return absl::NotFoundError(
          absl::StrCat("the server has no tail '", name, "' (--tails); it has ",
                       models.tails().empty() ? "none" : TailNames(models)));
    }
    found.push_back(&*tail);
  }
  if (!tails.empty()) return found;
  for (const v1::TailInfo& tail : models.tails()) {
    if (tail.is_default()) return std::vector<const v1::TailInfo*>{&tail};
  }
  return absl::NotFoundError(
      absl::StrCat("the server has no default tail; name one with --tails: ",
                   TailNames(models)));
}

absl::Status CheckModels(const v1::ListModelsResponse& models,
                         const ServerNeeds& needs) {
  SLUICE_RETURN_IF_ERROR(CheckCodec(models, needs));
  SLUICE_ASSIGN_OR_RETURN(const std::vector<const v1::TailInfo*> tails,
                          FindTails(models, needs.tails));
  for (const v1::TailInfo* tail : tails) {
    SLUICE_RETURN_IF_ERROR(CheckTail(*tail, needs));
  }
  return absl::OkStatus();
}

}  // namespace sluice::device
