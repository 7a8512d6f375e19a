#include "models/train/data/file_set.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <memory>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/file_io.h"
#include "common/base/status_macros.h"

namespace sluice::train {
namespace {

namespace fs = std::filesystem;

constexpr size_t kReadBlockBytes = 64u << 10;

// A tar opened at some offset of its file. libarchive parses; it only ever
// sees bytes, so nothing of a hostile archive reaches the file system.
class TarStream {
 public:
  static absl::StatusOr<TarStream> Open(const fs::path& path, int64_t offset) {
    TarStream stream;
    stream.fd_.reset(new int(open(path.c_str(), O_RDONLY | O_CLOEXEC)));
    if (*stream.fd_ < 0 || lseek(*stream.fd_, offset, SEEK_SET) < 0) {
      return absl::NotFoundError(absl::StrCat(
          path.string(), ": cannot be opened: ", std::strerror(errno)));
    }
    stream.archive_.reset(archive_read_new());
    archive_read_support_format_tar(stream.archive_.get());
    if (archive_read_open_fd(stream.archive_.get(), *stream.fd_,
                             kReadBlockBytes) != ARCHIVE_OK) {
      return stream.Error(path, "cannot be read as a tar");
    }
    return stream;
  }

  // The next entry, or null at the end of the tar.
  absl::StatusOr<archive_entry*> Next(const fs::path& path) {
    archive_entry* entry = nullptr;
    const int result = archive_read_next_header(archive_.get(), &entry);
    if (result == ARCHIVE_EOF) return nullptr;
    if (result != ARCHIVE_OK && result != ARCHIVE_WARN) {
      return Error(path, "damaged tar");
    }
    return entry;
  }

  // Where the entry's first header block begins, from where the stream began.
  int64_t header_offset() const {
    return archive_read_header_position(archive_.get());
  }

  // Fills `bytes` with the current entry's data.
  absl::Status ReadData(const fs::path& path, std::vector<uint8_t>* bytes) {
    size_t filled = 0;
    while (filled < bytes->size()) {
      const la_ssize_t count = archive_read_data(
          archive_.get(), bytes->data() + filled, bytes->size() - filled);
      if (count < 0) return Error(path, "damaged tar");
      if (count == 0) {
        return absl::DataLossError(
            absl::StrCat(path.string(), ": expected ", bytes->size(),
                         " bytes, the tar ends after ", filled));
      }
      filled += static_cast<size_t>(count);
    }
    return absl::OkStatus();
  }

 private:
  struct CloseFd {
    void operator()(int* fd) const {
      if (*fd >= 0) close(*fd);
      delete fd;
    }
  };
  struct FreeArchive {
    void operator()(archive* a) const { archive_read_free(a); }
  };

  absl::Status Error(const fs::path& path, const char* what) const {
    const char* reason = archive_error_string(archive_.get());
    return absl::InvalidArgumentError(
        absl::StrCat(path.string(), ": ", what, ": ",
                     reason == nullptr ? "no reason given" : reason));
  }

  std::unique_ptr<int, CloseFd> fd_;
  std::unique_ptr<archive, FreeArchive> archive_;
};

// "./images//a.jpg" -> "images/a.jpg": one spelling in tars and folders.
std::string NormalizedName(const char* name) {
  return fs::path(name).lexically_normal().generic_string();
}

// A tar begins with a header whose magic stands at byte 257.
bool LooksLikeTar(const fs::path& path) {
  char block[512];
  std::ifstream file(path, std::ios::binary);
  return file.read(block, sizeof(block)) &&
         std::memcmp(block + 257, "ustar", 5) == 0;
}

}  // namespace

absl::StatusOr<FileSet> FileSet::Open(const fs::path& path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (status.type() == fs::file_type::not_found) {
    return absl::NotFoundError(
        absl::StrCat(path.string(), ": no such file or folder"));
  }
  Kind kind = Kind::kSingleFile;
  std::vector<File> files;
  if (status.type() == fs::file_type::directory) {
    kind = Kind::kFolder;
    SLUICE_ASSIGN_OR_RETURN(files, ListFolder(path));
  } else if (status.type() != fs::file_type::regular) {
    return absl::InvalidArgumentError(absl::StrCat(
        path.string(), ": expected a folder, a tar or a regular file"));
  } else if (LooksLikeTar(path) || path.extension() == ".tar") {
    kind = Kind::kTar;
    SLUICE_ASSIGN_OR_RETURN(files, ListTar(path));
  } else {
    files.push_back({path.filename().string()});
  }
  std::stable_sort(
      files.begin(), files.end(),
      [](const File& a, const File& b) { return a.name < b.name; });
  // Of equal names the last counts, as when a tar is unpacked.
  const auto first_kept = std::unique(
      files.rbegin(), files.rend(),
      [](const File& a, const File& b) { return a.name == b.name; });
  files.erase(files.begin(), first_kept.base());
  return FileSet(path, kind, std::move(files));
}

absl::StatusOr<std::vector<FileSet::File>> FileSet::ListFolder(
    const fs::path& root) {
  std::vector<File> files;
  std::error_code error;
  fs::recursive_directory_iterator entry(root, error);
  for (; !error && entry != fs::recursive_directory_iterator();
       entry.increment(error)) {
    std::error_code ignored;  // A dangling link is no regular file.
    if (!entry->is_regular_file(ignored)) continue;
    if (files.size() == kMaxFilesInSet) {
      return absl::ResourceExhaustedError(absl::StrCat(
          root.string(), ": more than ", kMaxFilesInSet, " files"));
    }
    files.push_back({entry->path().lexically_relative(root).generic_string()});
  }
  if (error) {
    return absl::InvalidArgumentError(
        absl::StrCat(root.string(), ": cannot be listed: ", error.message()));
  }
  return files;
}

absl::StatusOr<std::vector<FileSet::File>> FileSet::ListTar(
    const fs::path& path) {
  std::vector<File> files;
  SLUICE_ASSIGN_OR_RETURN(TarStream tar, TarStream::Open(path, 0));
  while (true) {
    SLUICE_ASSIGN_OR_RETURN(archive_entry* const entry, tar.Next(path));
    if (entry == nullptr) return files;
    if (archive_entry_filetype(entry) != AE_IFREG ||
        archive_entry_hardlink(entry) != nullptr) {
      continue;
    }
    const char* name = archive_entry_pathname(entry);
    if (name == nullptr) {
      return absl::InvalidArgumentError(
          absl::StrCat(path.string(), ": the name at byte ",
                       tar.header_offset(), " is no text"));
    }
    if (files.size() == kMaxFilesInSet) {
      return absl::ResourceExhaustedError(absl::StrCat(
          path.string(), ": more than ", kMaxFilesInSet, " files"));
    }
    files.push_back({NormalizedName(name), tar.header_offset()});
  }
}

std::optional<size_t> FileSet::Find(std::string_view name) const {
  const auto found = std::lower_bound(
      files_.begin(), files_.end(), name,
      [](const File& file, std::string_view key) { return file.name < key; });
  if (found == files_.end() || found->name != name) return std::nullopt;
  return static_cast<size_t>(found - files_.begin());
}

absl::StatusOr<std::vector<uint8_t>> FileSet::Read(size_t index) const {
  const File& file = files_[index];
  switch (kind_) {
    case Kind::kFolder:
      return base::ReadFile(path_ / file.name, kMaxFileBytes);
    case Kind::kSingleFile:
      return base::ReadFile(path_, kMaxFileBytes);
    case Kind::kTar:
      return ReadFromTar(file);
  }
  return absl::InternalError("unknown kind of file set");
}

absl::StatusOr<std::vector<uint8_t>> FileSet::ReadFromTar(
    const File& file) const {
  const fs::path shown = path_ / file.name;
  SLUICE_ASSIGN_OR_RETURN(TarStream tar,
                          TarStream::Open(path_, file.header_offset));
  SLUICE_ASSIGN_OR_RETURN(archive_entry* const entry, tar.Next(shown));
  const char* name = entry == nullptr ? nullptr : archive_entry_pathname(entry);
  if (name == nullptr || NormalizedName(name) != file.name) {
    return absl::DataLossError(
        absl::StrCat(shown.string(), ": the tar changed while it was read"));
  }
  const int64_t size_bytes = archive_entry_size(entry);
  if (size_bytes < 0 || static_cast<size_t>(size_bytes) > kMaxFileBytes) {
    return absl::ResourceExhaustedError(absl::StrCat(
        shown.string(), ": ", size_bytes, " bytes exceed ", kMaxFileBytes));
  }
  std::vector<uint8_t> bytes(static_cast<size_t>(size_bytes));
  SLUICE_RETURN_IF_ERROR(tar.ReadData(shown, &bytes));
  return bytes;
}

}  // namespace sluice::train
