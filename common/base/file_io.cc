#include "common/base/file_io.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <random>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"

namespace sluice::base {
namespace {

// An open file, closed with its scope.
class FileDescriptor {
 public:
  explicit FileDescriptor(int fd) : fd_(fd) {}
  ~FileDescriptor() {
    if (fd_ >= 0) close(fd_);
  }
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;

  int get() const { return fd_; }
  // Returns close()'s result: late write errors surface here.
  int Close() { return close(std::exchange(fd_, -1)); }

 private:
  int fd_;
};

// REQUIRES: errno was set by the call that failed.
absl::Status ErrnoStatus(const char* action,
                         const std::filesystem::path& path) {
  return absl::ErrnoToStatus(
      errno, absl::StrCat("cannot ", action, " ", path.string()));
}

// read() and write() may stop early or be interrupted; this carries on.
// Returns the bytes moved, fewer than asked only at the end of the file, or -1.
template <typename Byte, typename Call>
ssize_t MoveAll(Call call, int fd, Byte* bytes, size_t num_bytes) {
  size_t moved = 0;
  while (moved < num_bytes) {
    const ssize_t step = call(fd, bytes + moved, num_bytes - moved);
    if (step < 0 && errno == EINTR) continue;
    if (step < 0) return -1;
    if (step == 0) break;
    moved += static_cast<size_t>(step);
  }
  return static_cast<ssize_t>(moved);
}

absl::Status WriteAndSync(const std::filesystem::path& path,
                          std::span<const uint8_t> bytes) {
  FileDescriptor file(
      open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
  if (file.get() < 0) return ErrnoStatus("create", path);
  errno = EIO;  // Should write() move nothing and report nothing.
  const ssize_t written =
      MoveAll(write, file.get(), bytes.data(), bytes.size());
  if (written < 0 || static_cast<size_t>(written) != bytes.size() ||
      fsync(file.get()) != 0 || file.Close() != 0) {
    return ErrnoStatus("write", path);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<uint8_t>> ReadFile(const std::filesystem::path& path,
                                              size_t max_bytes) {
  // O_NONBLOCK: opening a FIFO must not wait for a writer.
  FileDescriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.get() < 0) return ErrnoStatus("open", path);
  struct stat info;
  if (fstat(file.get(), &info) != 0) return ErrnoStatus("examine", path);
  if (!S_ISREG(info.st_mode)) {
    return absl::InvalidArgumentError(
        absl::StrCat(path.string(), ": expected a file, found ",
                     S_ISDIR(info.st_mode) ? "a directory" : "a device"));
  }
  const auto file_bytes = static_cast<uint64_t>(info.st_size);
  if (file_bytes > max_bytes) {
    return absl::ResourceExhaustedError(
        absl::StrCat(path.string(), ": expected at most ", max_bytes,
                     " bytes, found ", file_bytes));
  }
  std::vector<uint8_t> bytes(static_cast<size_t>(file_bytes));
  const ssize_t num_read =
      MoveAll(read, file.get(), bytes.data(), bytes.size());
  if (num_read < 0 || static_cast<size_t>(num_read) != bytes.size()) {
    return absl::DataLossError(absl::StrCat(path.string(), ": expected ",
                                            bytes.size(), " bytes, could read ",
                                            std::max<ssize_t>(num_read, 0)));
  }
  return bytes;
}

absl::Status WriteFileAtomically(const std::filesystem::path& path,
                                 std::span<const uint8_t> bytes) {
  // Unlike any other writer's, in the same folder so that rename() is atomic.
  std::filesystem::path temporary = path;
  temporary += absl::StrCat(".", absl::Hex(std::random_device{}()), ".tmp");
  absl::Status status = WriteAndSync(temporary, bytes);
  if (status.ok() && rename(temporary.c_str(), path.c_str()) != 0) {
    status = ErrnoStatus("write", path);
  }
  if (!status.ok()) unlink(temporary.c_str());
  return status;
}

absl::Status WriteFileAtomically(const std::filesystem::path& path,
                                 std::string_view text) {
  return WriteFileAtomically(
      path,
      std::span(reinterpret_cast<const uint8_t*>(text.data()), text.size()));
}

}  // namespace sluice::base
