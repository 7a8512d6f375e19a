#include "common/wire/credentials.h"

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/file_io.h"
#include "common/base/status_macros.h"

namespace sluice::wire {
namespace {

constexpr size_t kMaxPemBytes = size_t{4} << 20;

using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;
using PrivateKey = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

// Without this, OpenSSL asks a terminal for the passphrase.
int NoPassphrase(char*, int, int, void*) { return 0; }

Bio Reader(const std::string& pem) {
  return {BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free};
}

absl::StatusOr<std::string> ReadPem(const std::filesystem::path& path) {
  SLUICE_ASSIGN_OR_RETURN(const std::vector<uint8_t> bytes,
                          base::ReadFile(path, kMaxPemBytes));
  return std::string(bytes.begin(), bytes.end());
}

// The first certificate of the file. gRPC takes any text and fails later,
// without a word on why, so the text is tried here.
absl::StatusOr<Certificate> ParseCertificate(
    const std::string& pem, const std::filesystem::path& path) {
  const Bio reader = Reader(pem);
  Certificate certificate(
      PEM_read_bio_X509(reader.get(), nullptr, NoPassphrase, nullptr),
      X509_free);
  if (certificate == nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat(path.string(), ": expected a certificate in PEM form"));
  }
  return certificate;
}

absl::StatusOr<PrivateKey> ParsePrivateKey(const std::string& pem,
                                           const std::filesystem::path& path) {
  const Bio reader = Reader(pem);
  PrivateKey key(
      PEM_read_bio_PrivateKey(reader.get(), nullptr, NoPassphrase, nullptr),
      EVP_PKEY_free);
  if (key == nullptr) {
    return absl::InvalidArgumentError(absl::StrCat(
        path.string(), ": expected a private key in PEM form, no passphrase"));
  }
  return key;
}

}  // namespace

absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> MakeServerCredentials(
    const std::filesystem::path& certificate,
    const std::filesystem::path& private_key) {
  grpc::SslServerCredentialsOptions::PemKeyCertPair pair;
  SLUICE_ASSIGN_OR_RETURN(pair.cert_chain, ReadPem(certificate));
  SLUICE_ASSIGN_OR_RETURN(pair.private_key, ReadPem(private_key));
  SLUICE_ASSIGN_OR_RETURN(const Certificate parsed,
                          ParseCertificate(pair.cert_chain, certificate));
  SLUICE_ASSIGN_OR_RETURN(const PrivateKey key,
                          ParsePrivateKey(pair.private_key, private_key));
  if (X509_check_private_key(parsed.get(), key.get()) != 1) {
    return absl::InvalidArgumentError(
        absl::StrCat(private_key.string(), ": expected the private key of ",
                     certificate.string(), ", found another"));
  }
  grpc::SslServerCredentialsOptions options;
  options.pem_key_cert_pairs.push_back(std::move(pair));
  return grpc::SslServerCredentials(options);
}

absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>>
MakeChannelCredentials(const std::filesystem::path& ca) {
  grpc::SslCredentialsOptions options;
  if (!ca.empty()) {
    SLUICE_ASSIGN_OR_RETURN(options.pem_root_certs, ReadPem(ca));
    SLUICE_RETURN_IF_ERROR(
        ParseCertificate(options.pem_root_certs, ca).status());
  }
  return grpc::SslCredentials(options);
}

bool IsLoopback(std::string_view address) {
  if (address.starts_with("unix:")) return true;
  const std::string_view host = address.substr(0, address.rfind(':'));
  if (host == "localhost" || host == "[::1]") return true;
  return host.starts_with("127.") &&
         host.find_first_not_of("0123456789.") == std::string_view::npos;
}

}  // namespace sluice::wire
