// A real sluice-server over a zoo of tiny models, started once per test suite.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tests/integration/process.h"
#include "tests/model/tiny_models.h"
#include "tests/scratch_folder.h"

namespace sluice::testing {

// The zoo, work_/zoo, holds a codec in "codec" and for it the tails "one", the
// default, and "two".
class ServedZooTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    scratch_ = std::make_unique<ScratchFolder>();
    work_ = scratch_->path();
    std::filesystem::create_directories(work_ / "zoo");
    const auto id = WriteTinyCodec(work_ / "zoo/codec", 1);
    ASSERT_TRUE(id.ok()) << id.status();
    codec_id_ = *id;
    ASSERT_TRUE(WriteTinyTail(work_ / "zoo/one", "one", codec_id_, 2).ok());
    ASSERT_TRUE(WriteTinyTail(work_ / "zoo/two", "two", codec_id_, 3).ok());
    server_ = std::make_unique<ServerProcess>(
        work_ / "zoo", work_,
        std::vector<std::string>{"--default-tail", "one"});
    ASSERT_FALSE(server_->address().empty()) << server_->log();
  }

  static void TearDownTestSuite() {
    server_.reset();
    scratch_.reset();
  }

  void SetUp() override { ASSERT_NE(server_, nullptr); }

  static inline std::unique_ptr<ScratchFolder> scratch_;
  static inline std::filesystem::path work_;  // Its path.
  static inline std::string codec_id_;
  static inline std::unique_ptr<ServerProcess> server_;
};

}  // namespace sluice::testing
