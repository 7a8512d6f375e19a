#include "models/train/data/shard.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/byte_io.h"
#include "common/base/status_macros.h"
#include "models/train/data/annotate.h"

namespace sluice::train {
namespace {

constexpr size_t kMagicBytes = sizeof(kShardMagic) - 1;
constexpr uint32_t kMaxSide = 4096;

struct ShardHeader {
  uint32_t num_pictures = 0;
  uint32_t height = 0;
  uint32_t width = 0;
};

std::vector<uint8_t> SerializeHeader(const ShardHeader& header) {
  base::ByteWriter writer;
  writer.WriteBytes(
      {reinterpret_cast<const uint8_t*>(kShardMagic), kMagicBytes});
  writer.WriteU32(header.num_pictures);
  writer.WriteU32(header.height);
  writer.WriteU32(header.width);
  writer.WriteU32(0);
  return std::move(writer).Take();
}

absl::Status CheckSides(uint32_t height, uint32_t width) {
  if (height == 0 || width == 0 || height > kMaxSide || width > kMaxSide) {
    return absl::InvalidArgumentError(
        absl::StrCat("shard pictures have sides of 1 to ", kMaxSide, ", found ",
                     width, "x", height));
  }
  return absl::OkStatus();
}

absl::StatusOr<ShardHeader> ParseHeader(std::span<const uint8_t> bytes) {
  base::ByteReader reader(bytes);
  SLUICE_ASSIGN_OR_RETURN(const std::span<const uint8_t> magic,
                          reader.ReadBytes(kMagicBytes));
  if (std::memcmp(magic.data(), kShardMagic, kMagicBytes) != 0) {
    return absl::InvalidArgumentError(absl::StrCat(
        "a shard begins with \"", kShardMagic, "\", this file does not"));
  }
  ShardHeader header;
  SLUICE_ASSIGN_OR_RETURN(header.num_pictures, reader.ReadU32());
  SLUICE_ASSIGN_OR_RETURN(header.height, reader.ReadU32());
  SLUICE_ASSIGN_OR_RETURN(header.width, reader.ReadU32());
  SLUICE_ASSIGN_OR_RETURN(const uint32_t reserved, reader.ReadU32());
  if (reserved != 0) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the shard header's last field must be 0, found ", reserved));
  }
  SLUICE_RETURN_IF_ERROR(CheckSides(header.height, header.width));
  // No overflow: sides are bounded, so this stays under 2^58.
  const uint64_t expected_bytes =
      kShardHeaderBytes +
      uint64_t{3} * header.height * header.width * header.num_pictures;
  if (bytes.size() != expected_bytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("a shard of ", header.num_pictures, " pictures of ",
                     header.width, "x", header.height, " has ", expected_bytes,
                     " bytes, found ", bytes.size()));
  }
  return header;
}

// The file's size; InvalidArgument unless it is a regular file that can hold a
// header.
absl::StatusOr<size_t> ShardFileBytes(int fd) {
  struct stat info;
  if (fstat(fd, &info) != 0) {
    return absl::InternalError(
        absl::StrCat("cannot be examined: ", std::strerror(errno)));
  }
  if (!S_ISREG(info.st_mode)) {
    return absl::InvalidArgumentError("expected a regular file");
  }
  if (static_cast<uint64_t>(info.st_size) < kShardHeaderBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("a shard has at least ", kShardHeaderBytes,
                     " bytes, found ", info.st_size));
  }
  return static_cast<size_t>(info.st_size);
}

}  // namespace

absl::StatusOr<Shard> Shard::Open(const std::filesystem::path& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    return absl::NotFoundError(absl::StrCat(
        path.string(), ": cannot be opened: ", std::strerror(errno)));
  }
  const absl::StatusOr<size_t> map_bytes = ShardFileBytes(fd);
  void* map = map_bytes.ok()
                  ? mmap(nullptr, *map_bytes, PROT_READ, MAP_PRIVATE, fd, 0)
                  : MAP_FAILED;
  const int map_errno = errno;
  close(fd);  // The mapping outlives the descriptor.
  if (!map_bytes.ok()) return Annotate(map_bytes.status(), path.string());
  if (map == MAP_FAILED) {
    return absl::InternalError(absl::StrCat(
        path.string(), ": cannot be mapped: ", std::strerror(map_errno)));
  }

  Shard shard;
  shard.map_ = static_cast<const uint8_t*>(map);
  shard.map_bytes_ = *map_bytes;
  const absl::StatusOr<ShardHeader> header =
      ParseHeader({shard.map_, shard.map_bytes_});
  if (!header.ok()) return Annotate(header.status(), path.string());
  shard.num_pictures_ = header->num_pictures;
  shard.height_ = static_cast<int>(header->height);
  shard.width_ = static_cast<int>(header->width);
  return shard;
}

Shard::Shard(Shard&& other) noexcept { *this = std::move(other); }

Shard& Shard::operator=(Shard&& other) noexcept {
  std::swap(map_, other.map_);
  std::swap(map_bytes_, other.map_bytes_);
  std::swap(num_pictures_, other.num_pictures_);
  std::swap(height_, other.height_);
  std::swap(width_, other.width_);
  return *this;
}

Shard::~Shard() {
  if (map_ != nullptr) munmap(const_cast<uint8_t*>(map_), map_bytes_);
}

std::span<const uint8_t> Shard::picture(int64_t index) const {
  const size_t picture_bytes = size_t{3} * height_ * width_;
  return {map_ + kShardHeaderBytes + picture_bytes * index, picture_bytes};
}

absl::StatusOr<ShardWriter> ShardWriter::Create(
    const std::filesystem::path& path, int height, int width) {
  const ShardHeader header = {.num_pictures = 0,
                              .height = static_cast<uint32_t>(height),
                              .width = static_cast<uint32_t>(width)};
  SLUICE_RETURN_IF_ERROR(CheckSides(header.height, header.width));
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  const std::vector<uint8_t> bytes = SerializeHeader(header);
  file.write(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (!file) {
    return absl::InvalidArgumentError(absl::StrCat(
        path.string(), ": cannot be written: ", std::strerror(errno)));
  }
  return ShardWriter(std::move(file), height, width);
}

absl::Status ShardWriter::Append(std::span<const uint8_t> picture) {
  const size_t picture_bytes = size_t{3} * height_ * width_;
  if (picture.size() != picture_bytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("this shard's pictures have ", picture_bytes,
                     " bytes, found ", picture.size()));
  }
  file_.write(reinterpret_cast<const char*>(picture.data()), picture.size());
  if (!file_) {
    return absl::DataLossError(
        absl::StrCat("cannot write picture ", num_pictures_,
                     " to the shard: ", std::strerror(errno)));
  }
  ++num_pictures_;
  return absl::OkStatus();
}

absl::Status ShardWriter::Finish() {
  const std::vector<uint8_t> header =
      SerializeHeader({.num_pictures = num_pictures_,
                       .height = static_cast<uint32_t>(height_),
                       .width = static_cast<uint32_t>(width_)});
  file_.seekp(0);
  file_.write(reinterpret_cast<const char*>(header.data()), header.size());
  file_.close();
  if (!file_) {
    return absl::DataLossError(absl::StrCat("cannot write the shard's header: ",
                                            std::strerror(errno)));
  }
  return absl::OkStatus();
}

}  // namespace sluice::train
