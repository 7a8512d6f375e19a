#include "device/provisioning.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/wire/credentials.h"
#include "device/codec_cache.h"
#include "device/handshake.h"

namespace sluice::device {
namespace {

using Say = std::function<void(const std::string&)>;

// The first codec of the first tail that all the others take as well.
absl::StatusOr<std::string> ChooseCodec(const v1::ListModelsResponse& models,
                                        const std::vector<std::string>& names) {
  SLUICE_ASSIGN_OR_RETURN(const std::vector<const v1::TailInfo*> tails,
                          FindTails(models, names));
  for (const std::string& id : tails.front()->codec_ids()) {
    const bool suits_all =
        std::all_of(tails.begin(), tails.end(), [&](const v1::TailInfo* tail) {
          return std::find(tail->codec_ids().begin(), tail->codec_ids().end(),
                           id) != tail->codec_ids().end();
        });
    const bool is_served = std::any_of(
        models.codecs().begin(), models.codecs().end(),
        [&](const v1::CodecInfo& codec) { return codec.id() == id; });
    if (suits_all && is_served) return id;
  }
  return absl::FailedPreconditionError(
      "the server has no codec that all of these tails take");
}

absl::StatusOr<artifact::CodecArtifact> FetchFrom(
    const ProvisioningOptions& options, const std::string& address,
    const std::string& id, v1::Inference::Stub* stub, const Say& say) {
  if (options.codec_id.empty() &&
      options.protection == Protection::kPlaintext &&
      !wire::IsLoopback(address)) {
    return absl::InvalidArgumentError(
        absl::StrCat("a codec fetched from ", address,
                     " over plaintext could be anyone's: "
                     "use --tls or --tls-ca, or say --codec-id ",
                     id, " if that is the one you expect"));
  }
  say(absl::StrCat("fetching codec ", id, " from ", address, " into ",
                   options.cache.string()));
  absl::StatusOr<artifact::CodecArtifact> codec =
      CodecCache(options.cache).Fetch(stub, id);
  if (codec.ok()) return codec;
  return absl::Status(codec.status().code(),
                      absl::StrCat("cannot fetch codec ", id, " from ", address,
                                   " into ", options.cache.string(),
                                   " (--cache): ", codec.status().message()));
}

absl::StatusOr<artifact::CodecArtifact> ProvisionFrom(
    const ProvisioningOptions& options, const std::string& address,
    const Say& say) {
  const CodecCache cache(options.cache);
  const std::unique_ptr<v1::Inference::Stub> stub =
      v1::Inference::NewStub(OpenChannel(address, options.security));
  std::string id = options.codec_id;
  if (id.empty()) {
    SLUICE_ASSIGN_OR_RETURN(const v1::ListModelsResponse models,
                            ListModels(stub.get(), address, options.deadline));
    SLUICE_ASSIGN_OR_RETURN(id, ChooseCodec(models, options.tails));
  }
  absl::StatusOr<artifact::CodecArtifact> codec = cache.Load(id);
  // What is not there, or damaged, is fetched.
  if (!codec.ok()) codec = FetchFrom(options, address, id, stub.get(), say);
  if (codec.ok()) {
    if (const absl::Status kept = cache.Remember(address, id); !kept.ok()) {
      say(absl::StrCat("a start without a server will not know codec ", id,
                       ": ", kept.message()));
    }
  }
  return codec;
}

absl::StatusOr<artifact::CodecArtifact> LoadLastCodec(
    const ProvisioningOptions& options, const Say& say) {
  const CodecCache cache(options.cache);
  for (const std::string& address : options.addresses) {
    const absl::StatusOr<std::string> id = cache.Recall(address);
    if (!id.ok()) continue;
    absl::StatusOr<artifact::CodecArtifact> codec = cache.Load(*id);
    if (!codec.ok()) continue;
    say(absl::StrCat("no server answers; starting with codec ",
                     codec->spec.name, " (", *id, "), which ", address,
                     " had last"));
    return codec;
  }
  return absl::NotFoundError("no codec in the cache");
}

}  // namespace

absl::StatusOr<artifact::CodecArtifact> ProvisionCodec(
    const ProvisioningOptions& options, const Say& say) {
  if (!options.codec_id.empty()) {
    absl::StatusOr<artifact::CodecArtifact> codec =
        CodecCache(options.cache).Load(options.codec_id);
    if (codec.ok()) return codec;
  }
  absl::Status error;
  for (const std::string& address : options.addresses) {
    SLUICE_RETURN_IF_ERROR(CheckAddress(address));
    absl::StatusOr<artifact::CodecArtifact> codec =
        ProvisionFrom(options, address, say);
    if (codec.ok()) return codec;
    if (error.ok() || absl::IsUnavailable(error)) error = codec.status();
  }
  if (absl::IsUnavailable(error) && options.codec_id.empty() &&
      options.may_start_offline) {
    absl::StatusOr<artifact::CodecArtifact> last = LoadLastCodec(options, say);
    if (last.ok()) return last;
  }
  return error;
}

}  // namespace sluice::device
