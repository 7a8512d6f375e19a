// Gets a device its codec: from the cache, or from a server into the cache.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/artifact/codec_artifact.h"
#include "device/server_channel.h"

namespace sluice::device {

enum class Protection { kPlaintext, kTls };

struct ProvisioningOptions {
  std::filesystem::path cache;
  std::string codec_id;                // Empty: whichever the servers use.
  std::vector<std::string> addresses;  // As LinkOptions.
  ChannelSecurity security;
  Protection protection = Protection::kPlaintext;
  std::vector<std::string> tails;  // Empty: the server's default tail.
  std::chrono::milliseconds deadline{2000};
  // Whether a codec that a server had last will do when none answers.
  bool may_start_offline = true;
};

// Asks the servers in order which codec their tails take, unless codec_id says
// it, and takes that from the cache or fetches it. When no server answers, the
// codec that one of them had last is taken from the cache, if that may be.
// `say` gets one line about a download, or about a start without a server.
// Errors:
//   InvalidArgument     an address or id that is none; a codec would have to be
//                       fetched over plaintext from another machine, and no
//                       codec_id says what is to come
//   Unavailable         no server answers, and nothing is known of them
//   NotFound            a tail that the server does not serve
//   FailedPrecondition  no codec suits all tails; the server has no such codec
// and those of CodecCache::Fetch.
absl::StatusOr<artifact::CodecArtifact> ProvisionCodec(
    const ProvisioningOptions& options,
    const std::function<void(const std::string&)>& say);

}  // namespace sluice::device
