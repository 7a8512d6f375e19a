// A channel to one server.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "grpcpp/channel.h"
#include "grpcpp/security/credentials.h"

namespace sluice::device {

// How the link is protected.
struct ChannelSecurity {
  std::shared_ptr<grpc::ChannelCredentials> credentials =
      grpc::InsecureChannelCredentials();
  // Name to expect in the server's certificate; empty: the address's host.
  std::string tls_name;
};

// InvalidArgument unless `address` is unix:/PATH, or HOST:PORT with a host of
// letters, digits and "-._:[]%" and a port of 1 to 65535.
absl::Status CheckAddress(const std::string& address);

// A connection of its own to the address, made by the first call; no other
// channel shares it. Calls on it fail at once while there is no server.
std::shared_ptr<grpc::Channel> OpenChannel(const std::string& address,
                                           const ChannelSecurity& security);

}  // namespace sluice::device
