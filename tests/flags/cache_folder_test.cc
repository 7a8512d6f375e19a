#include "common/flags/cache_folder.h"

#include "gtest/gtest.h"
#include "tests/scoped_variable.h"

namespace sluice::flags {
namespace {

using testing::ScopedVariable;

TEST(CacheFolderTest, XdgCacheHomeComesFirst) {
  const ScopedVariable xdg("XDG_CACHE_HOME", "/var/cache/me");
  const ScopedVariable home("HOME", "/h");
  EXPECT_EQ(DefaultCacheFolder(), "/var/cache/me/sluice");
}

TEST(CacheFolderTest, HomeIsNext) {
  const ScopedVariable home("HOME", "/h");
  for (const char* unusable : {"", "relative"}) {
    const ScopedVariable xdg("XDG_CACHE_HOME", unusable);
    EXPECT_EQ(DefaultCacheFolder(), "/h/.cache/sluice");
  }
}

TEST(CacheFolderTest, WithoutBothThereIsNone) {
  const ScopedVariable xdg("XDG_CACHE_HOME", "");
  const ScopedVariable home("HOME", "");
  EXPECT_EQ(DefaultCacheFolder(), "");
}

}  // namespace
}  // namespace sluice::flags
