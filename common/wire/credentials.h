// Credentials of both ends of a link: TLS from PEM files, or plaintext.
#pragma once

#include <filesystem>
#include <memory>
#include <string_view>

#include "absl/status/statusor.h"
#include "grpcpp/security/credentials.h"
#include "grpcpp/security/server_credentials.h"

namespace sluice::wire {

// TLS (1.2 at least) for a server. `certificate` holds its chain, the server's
// own first, `private_key` the key of that one, without a passphrase; both PEM.
// InvalidArgument naming the file when it holds something else, or when the key
// is another certificate's; ReadFile's errors.
absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> MakeServerCredentials(
    const std::filesystem::path& certificate,
    const std::filesystem::path& private_key);

// TLS for a client that trusts the certificates in the PEM file `ca`; empty:
// those that the system trusts. Errors as above.
absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>>
MakeChannelCredentials(const std::filesystem::path& ca);

// Whether an address is this machine by its spelling: HOST:PORT with localhost,
// 127.x.x.x or [::1], or unix:PATH. No name is looked up.
bool IsLoopback(std::string_view address);

}  // namespace sluice::wire
