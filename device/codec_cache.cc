#include "device/codec_cache.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <string_view>
#include <system_error>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/artifact/artifact_files.h"
#include "common/artifact/json_fields.h"
#include "common/base/file_io.h"
#include "common/base/hash.h"
#include "common/base/status_macros.h"
#include "device/codec_download.h"

namespace sluice::device {
namespace {

namespace fs = std::filesystem;

constexpr char kLockFile[] = ".lock";
constexpr char kDownloadPrefix[] = "fetch-";
constexpr size_t kIdCharacters = 64;

absl::Status ErrnoStatus(std::string_view action, const fs::path& path) {
  return absl::ErrnoToStatus(
      errno, absl::StrCat("cannot ", std::string(action), " ", path.string()));
}

absl::Status CheckId(const std::string& id) {
  if (artifact::IsDigest(id)) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "expected a codec id of 64 lower-case hexadecimal digits, found '",
      id.substr(0, kIdCharacters), "'"));
}

// A file or folder held open and locked; the lock ends with the process.
class Lock {
 public:
  Lock(const fs::path& path, int flags, int operation)
      : fd_(open(path.c_str(), flags | O_CLOEXEC, 0666)),
        held_(fd_ >= 0 && flock(fd_, operation) == 0) {}
  ~Lock() {
    if (fd_ >= 0) close(fd_);
  }
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;

  bool held() const { return held_; }
  absl::Status Sync(const fs::path& path) const {
    return fsync(fd_) == 0 ? absl::OkStatus() : ErrnoStatus("write", path);
  }

 private:
  int fd_;
  bool held_;
};

// A download's own folder, removed with it unless it was renamed. Its lock
// tells other devices that it is alive.
class DownloadFolder {
 public:
  static absl::StatusOr<std::unique_ptr<DownloadFolder>> Create(
      const fs::path& cache) {
    // Or another device would sweep the folder before it is locked.
    const Lock cache_lock(cache / kLockFile, O_RDWR | O_CREAT, LOCK_EX);
    if (!cache_lock.held()) return ErrnoStatus("lock", cache / kLockFile);
    Sweep(cache);
    std::string path = cache / (std::string(kDownloadPrefix) + "XXXXXX");
    if (mkdtemp(path.data()) == nullptr) return ErrnoStatus("create", path);
    return std::unique_ptr<DownloadFolder>(new DownloadFolder(path));
  }
  ~DownloadFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  DownloadFolder(const DownloadFolder&) = delete;
  DownloadFolder& operator=(const DownloadFolder&) = delete;

  const fs::path& path() const { return path_; }
  absl::Status Sync() const { return lock_.Sync(path_); }

 private:
  explicit DownloadFolder(const fs::path& path)
      : path_(path), lock_(path, O_RDONLY | O_DIRECTORY, LOCK_EX) {}

  // Removes the folders of downloads that died.
  static void Sweep(const fs::path& cache) {
    std::error_code ignored;
    for (const fs::directory_entry& entry :
         fs::directory_iterator(cache, ignored)) {
      const std::string name = entry.path().filename();
      if (!name.starts_with(kDownloadPrefix)) continue;
      const Lock lock(entry.path(), O_RDONLY | O_DIRECTORY, LOCK_EX | LOCK_NB);
      if (lock.held()) fs::remove_all(entry.path(), ignored);
    }
  }

  const fs::path path_;
  const Lock lock_;
};

absl::Status SyncFolder(const fs::path& folder) {
  return Lock(folder, O_RDONLY | O_DIRECTORY, LOCK_SH).Sync(folder);
}

}  // namespace

absl::StatusOr<artifact::CodecArtifact> CodecCache::Load(
    const std::string& id) const {
  SLUICE_RETURN_IF_ERROR(CheckId(id));
  SLUICE_ASSIGN_OR_RETURN(
      artifact::CodecArtifact codec,
      artifact::LoadCodec(folder_ / id, artifact::CodecHalf::kDevice));
  if (codec.id != id) {
    return absl::InvalidArgumentError(absl::StrCat((folder_ / id).string(),
                                                   ": expected codec ", id,
                                                   ", found ", codec.id));
  }
  return codec;
}

absl::StatusOr<artifact::CodecArtifact> CodecCache::Fetch(
    v1::Inference::Stub* stub, const std::string& id) const {
  SLUICE_RETURN_IF_ERROR(CheckId(id));
  SLUICE_ASSIGN_OR_RETURN(const std::vector<artifact::CodecFile> files,
                          DownloadCodec(stub, id));
  absl::StatusOr<artifact::CodecArtifact> codec = Keep(files, id);
  if (codec.ok() || absl::IsDataLoss(codec.status())) return codec;
  // One code for whatever a file system says.
  return absl::ResourceExhaustedError(codec.status().message());
}

absl::StatusOr<artifact::CodecArtifact> CodecCache::Keep(
    const std::vector<artifact::CodecFile>& files,
    const std::string& id) const {
  SLUICE_RETURN_IF_ERROR(artifact::CreateFolder(folder_));
  SLUICE_ASSIGN_OR_RETURN(const std::unique_ptr<DownloadFolder> download,
                          DownloadFolder::Create(folder_));
  for (const artifact::CodecFile& file : files) {
    SLUICE_RETURN_IF_ERROR(
        base::WriteFileAtomically(download->path() / file.name, file.bytes));
  }
  SLUICE_RETURN_IF_ERROR(download->Sync());
  absl::StatusOr<artifact::CodecArtifact> codec =
      artifact::LoadCodec(download->path(), artifact::CodecHalf::kDevice);
  if (!codec.ok()) {
    return absl::DataLossError(absl::StrCat("the server sent a damaged codec: ",
                                            codec.status().message()));
  }
  if (codec->id != id) {
    return absl::DataLossError(
        absl::StrCat("expected codec ", id, ", the server sent ", codec->id));
  }
  const fs::path target = folder_ / id;
  // Where there is an entry already, another device was faster, or what is
  // there is damaged.
  const Lock cache_lock(folder_ / kLockFile, O_RDWR | O_CREAT, LOCK_EX);
  if (!Load(id).ok()) {
    std::error_code ignored;
    fs::remove_all(target, ignored);
    if (rename(download->path().c_str(), target.c_str()) != 0 &&
        errno != EEXIST && errno != ENOTEMPTY) {
      return ErrnoStatus("write", target);
    }
    SLUICE_RETURN_IF_ERROR(SyncFolder(folder_));
  }
  return codec;
}

fs::path CodecCache::PathOf(const std::string& address) const {
  const std::span bytes(reinterpret_cast<const uint8_t*>(address.data()),
                        address.size());
  return folder_ / "servers" / base::Sha256Hex(bytes);
}

absl::Status CodecCache::Remember(const std::string& address,
                                  const std::string& id) const {
  if (const auto known = Recall(address); known.ok() && *known == id) {
    return absl::OkStatus();
  }
  SLUICE_RETURN_IF_ERROR(artifact::CreateFolder(folder_ / "servers"));
  return base::WriteFileAtomically(PathOf(address), std::string_view(id));
}

absl::StatusOr<std::string> CodecCache::Recall(
    const std::string& address) const {
  SLUICE_ASSIGN_OR_RETURN(const std::vector<uint8_t> bytes,
                          base::ReadFile(PathOf(address), kIdCharacters));
  std::string id(bytes.begin(), bytes.end());
  SLUICE_RETURN_IF_ERROR(CheckId(id));
  return id;
}

}  // namespace sluice::device
