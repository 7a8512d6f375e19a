#include "common/artifact/artifact_files.h"

#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/artifact/json_fields.h"
#include "common/base/file_io.h"
#include "common/base/hash.h"
#include "common/base/status_macros.h"

namespace sluice::artifact {

namespace fs = std::filesystem;

absl::Status InContext(const absl::Status& status, std::string_view context) {
  if (status.ok()) return status;
  return absl::Status(status.code(), absl::StrCat(std::string(context), ": ",
                                                  status.message()));
}

absl::Status CheckFolder(const fs::path& folder) {
  std::error_code error;
  if (fs::is_directory(folder, error)) return absl::OkStatus();
  return absl::NotFoundError(
      absl::StrCat(folder.string(), ": expected a folder, found ",
                   fs::exists(folder, error) ? "a file" : "nothing"));
}

absl::Status CreateFolder(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (!error) return absl::OkStatus();
  return absl::ErrnoToStatus(
      error.value(), absl::StrCat("cannot create folder ", folder.string()));
}

absl::StatusOr<std::vector<uint8_t>> ReadPart(const fs::path& path,
                                              size_t max_bytes) {
  absl::StatusOr<std::vector<uint8_t>> bytes = base::ReadFile(path, max_bytes);
  if (absl::IsNotFound(bytes.status())) {
    return absl::InvalidArgumentError(
        absl::StrCat(path.string(), ": expected a file, found none"));
  }
  return bytes;
}

absl::StatusOr<nlohmann::json> ReadJsonFile(const fs::path& path) {
  SLUICE_ASSIGN_OR_RETURN(const std::vector<uint8_t> bytes,
                          ReadPart(path, kMaxJsonBytes));
  absl::StatusOr<nlohmann::json> value = ParseJson(std::string_view(
      reinterpret_cast<const char*>(bytes.data()), bytes.size()));
  if (!value.ok()) return InContext(value.status(), path.string());
  return value;
}

absl::Status WriteJsonFile(const fs::path& path, const nlohmann::json& value) {
  return base::WriteFileAtomically(path, DumpJson(value, 2) + "\n");
}

absl::StatusOr<std::vector<uint8_t>> ReadVerified(const fs::path& path,
                                                  size_t max_bytes,
                                                  const std::string& sha256) {
  SLUICE_ASSIGN_OR_RETURN(std::vector<uint8_t> bytes,
                          ReadPart(path, max_bytes));
  const std::string found = base::Sha256Hex(bytes);
  if (found != sha256) {
    return absl::InvalidArgumentError(absl::StrCat(
        path.string(), ": expected SHA-256 ", sha256, ", found ", found));
  }
  return bytes;
}

absl::StatusOr<TensorMap> ReadWeights(const fs::path& path,
                                      const std::string& sha256) {
  SLUICE_ASSIGN_OR_RETURN(const std::vector<uint8_t> bytes,
                          ReadVerified(path, kMaxSafetensorsBytes, sha256));
  absl::StatusOr<TensorMap> tensors = ParseSafetensors(bytes);
  if (!tensors.ok()) return InContext(tensors.status(), path.string());
  return tensors;
}

absl::StatusOr<std::string> WriteWeights(const fs::path& path,
                                         const TensorMap& tensors) {
  const std::vector<uint8_t> bytes = SerializeSafetensors(tensors);
  SLUICE_RETURN_IF_ERROR(base::WriteFileAtomically(path, bytes));
  return base::Sha256Hex(bytes);
}

}  // namespace sluice::artifact
