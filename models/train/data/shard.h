// One memory-mapped file of equally sized RGB pictures: all that training
// reads.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <span>

#include "absl/status/statusor.h"

namespace sluice::train {

// Layout, little-endian: "SLUSHRD0", u32 num_pictures, u32 height, u32 width,
// u32 zero, then num_pictures planes-first RGB pictures of 3*height*width
// bytes.
inline constexpr char kShardMagic[] = "SLUSHRD0";
inline constexpr size_t kShardHeaderBytes = 24;

// A mapped shard; move-only. Reading is safe from several threads.
class Shard {
 public:
  // NotFound without the file; InvalidArgument when it is no shard or when its
  // size disagrees with its header.
  static absl::StatusOr<Shard> Open(const std::filesystem::path& path);
  Shard(Shard&& other) noexcept;
  Shard& operator=(Shard&& other) noexcept;
  ~Shard();

  int64_t num_pictures() const { return num_pictures_; }
  int height() const { return height_; }
  int width() const { return width_; }
  // uint8 [3,H,W]. REQUIRES: 0 <= index < num_pictures().
  std::span<const uint8_t> picture(int64_t index) const;

 private:
  Shard() = default;

  const uint8_t* map_ = nullptr;
  size_t map_bytes_ = 0;
  int64_t num_pictures_ = 0;
  int height_ = 0;
  int width_ = 0;
};

// Writes a shard picture by picture; the file is valid after Finish().
class ShardWriter {
 public:
  static absl::StatusOr<ShardWriter> Create(const std::filesystem::path& path,
                                            int height, int width);
  // `picture` is uint8 [3,H,W]; InvalidArgument for another size.
  absl::Status Append(std::span<const uint8_t> picture);
  absl::Status Finish();

 private:
  ShardWriter(std::ofstream file, int height, int width)
      : file_(std::move(file)), height_(height), width_(width) {}

  std::ofstream file_;
  int height_;
  int width_;
  uint32_t num_pictures_ = 0;
};

}  // namespace sluice::train
