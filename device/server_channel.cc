#include "device/server_channel.h"

#include <string_view>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/support/channel_arguments.h"

namespace sluice::device {
namespace {

constexpr std::string_view kHostCharacters =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._:[]%";
constexpr size_t kMaxHostCharacters = 253;
// Large masks and raw tensors exceed gRPC's own 4 MiB.
constexpr int kMaxAnswerBytes = 64 << 20;

}  // namespace

absl::Status CheckAddress(const std::string& address) {
  if (address.starts_with("unix:/")) return absl::OkStatus();
  const size_t colon = address.rfind(':');
  int port = 0;
  if (colon == std::string::npos || colon == 0 || colon > kMaxHostCharacters ||
      address.find_first_not_of(kHostCharacters) != std::string::npos ||
      !absl::SimpleAtoi(address.substr(colon + 1), &port) || port < 1 ||
      port > 65535) {
    return absl::InvalidArgumentError(absl::StrCat(
        "expected HOST:PORT with a port of 1 to 65535, or unix:/PATH, found '",
        address, "'"));
  }
  return absl::OkStatus();
}

std::shared_ptr<grpc::Channel> OpenChannel(const std::string& address,
                                           const ChannelSecurity& security) {
  grpc::ChannelArguments arguments;
  // A proxy set for web traffic would swallow calls to a server on the LAN.
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  // Or a new channel would take over the dead connection of the last.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetMaxReceiveMessageSize(kMaxAnswerBytes);
  if (!security.tls_name.empty()) {
    arguments.SetSslTargetNameOverride(security.tls_name);
  }
  return grpc::CreateCustomChannel(address, security.credentials, arguments);
}

}  // namespace sluice::device
