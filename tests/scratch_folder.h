// An empty folder for one test, removed at its end.
#pragma once

#include <stdlib.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <span>
#include <string>
#include <string_view>
#include <system_error>

#include "gtest/gtest.h"

namespace sluice::testing {

class ScratchFolder {
 public:
  ScratchFolder() {
    std::string pattern = ::testing::TempDir() + "sluice_XXXXXX";
    EXPECT_NE(mkdtemp(pattern.data()), nullptr) << pattern;
    path_ = pattern;
  }
  ~ScratchFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path operator/(const std::filesystem::path& name) const {
    return path_ / name;
  }

  // Writes a file, making the folders above it, and returns its path.
  std::filesystem::path Write(const std::filesystem::path& name,
                              std::string_view bytes) const {
    const std::filesystem::path file = path_ / name;
    std::filesystem::create_directories(file.parent_path());
    // A new file: rewriting one in place waits for the disk on ext4.
    std::filesystem::remove(file);
    std::ofstream(file, std::ios::binary) << bytes;
    return file;
  }
  std::filesystem::path Write(const std::filesystem::path& name,
                              std::span<const uint8_t> bytes) const {
    return Write(name,
                 std::string_view(reinterpret_cast<const char*>(bytes.data()),
                                  bytes.size()));
  }

 private:
  std::filesystem::path path_;
};

}  // namespace sluice::testing
