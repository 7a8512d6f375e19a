#include "common/flags/cache_folder.h"

#include <cstdlib>
#include <string_view>

namespace sluice::flags {
namespace {

// Empty unless it is an absolute path.
std::string Folder(const char* variable) {
  const char* value = std::getenv(variable);
  if (value == nullptr || !std::string_view(value).starts_with('/')) return "";
  return value;
}

}  // namespace

std::string DefaultCacheFolder() {
  if (const std::string cache = Folder("XDG_CACHE_HOME"); !cache.empty()) {
    return cache + "/sluice";
  }
  if (const std::string home = Folder("HOME"); !home.empty()) {
    return home + "/.cache/sluice";
  }
  return "";
}

}  // namespace sluice::flags
