#include "models/train/sets/picture_index.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/artifact/json_fields.h"

namespace sluice::train {

std::string CommonFolder(const FileSet& files) {
  if (files.size() == 0) return "";
  // Names are sorted: what the first and the last share, all share.
  const std::string& first = files.name(0);
  const std::string& last = files.name(files.size() - 1);
  const auto [end, ignored] =
      std::mismatch(first.begin(), first.end(), last.begin(), last.end());
  const std::string shared(first.begin(), end);
  const size_t slash = shared.rfind('/');
  return slash == std::string::npos ? "" : shared.substr(0, slash + 1);
}

std::vector<size_t> FilesBelow(const FileSet& files, std::string_view folder,
                               std::string_view suffix) {
  std::vector<size_t> found;
  for (size_t i = 0; i < files.size(); ++i) {
    const std::string_view name = files.name(i);
    if (name.starts_with(folder) && name.ends_with(suffix)) found.push_back(i);
  }
  return found;
}

std::string_view WithoutExtension(std::string_view name) {
  const size_t dot = name.rfind('.');
  const size_t slash = name.rfind('/');
  const bool has_extension = dot != std::string_view::npos &&
                             (slash == std::string_view::npos || dot > slash);
  return has_extension ? name.substr(0, dot) : name;
}

bool IsPictureName(std::string_view name) {
  constexpr std::array<std::string_view, 4> kExtensions = {".jpg", ".jpeg",
                                                           ".png", ".webp"};
  const std::string_view base = name.substr(name.rfind('/') + 1);
  const std::string extension = absl::AsciiStrToLower(
      std::string(base.substr(WithoutExtension(base).size())));
  return !base.starts_with('.') &&
         std::find(kExtensions.begin(), kExtensions.end(), extension) !=
             kExtensions.end();
}

PictureIndex::PictureIndex(const FileSet& files) : files_(files) {
  for (size_t i = 0; i < files.size(); ++i) {
    const std::string_view name = files.name(i);
    if (IsPictureName(name)) by_stem_.emplace(WithoutExtension(name), i);
  }
}

absl::StatusOr<size_t> PictureIndex::Find(std::string_view name) const {
  const std::optional<size_t> exact = files_.Find(name);
  if (exact.has_value() && IsPictureName(name)) return *exact;
  const auto [begin, end] = by_stem_.equal_range(name);
  if (begin == end) {
    return absl::InvalidArgumentError(
        absl::StrCat("expected a picture ", artifact::Quoted(name),
                     " (.jpg, .jpeg, .png or .webp), found none"));
  }
  if (std::next(begin) != end) {
    return absl::InvalidArgumentError(
        absl::StrCat("expected one picture ", artifact::Quoted(name),
                     ", found ", files_.name(begin->second), " and ",
                     files_.name(std::next(begin)->second)));
  }
  return begin->second;
}

}  // namespace sluice::train
