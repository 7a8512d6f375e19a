#include "device/tail_result.h"

#include <algorithm>
#include <numeric>

#include "absl/strings/str_cat.h"

namespace sluice::device {

std::string ClassName(std::span<const std::string> labels, int class_index) {
  return class_index < static_cast<int>(labels.size())
             ? labels[class_index]
             : absl::StrCat("class ", class_index);
}

std::array<size_t, 256> CountPixels(const task::Mask& mask) {
  std::array<size_t, 256> counts{};
  for (const uint8_t c : mask.classes) ++counts[c];
  counts[task::kNoClass] = 0;
  return counts;
}

std::vector<ClassShare> SharesOf(const task::Mask& mask) {
  const std::array<size_t, 256> counts = CountPixels(mask);
  const size_t total = std::accumulate(counts.begin(), counts.end(), size_t{0});
  std::vector<ClassShare> shares;
  for (int i = 0; i < 256; ++i) {
    if (counts[i] == 0) continue;
    shares.push_back(
        {i, static_cast<double>(counts[i]) / static_cast<double>(total)});
  }
  std::stable_sort(shares.begin(), shares.end(),
                   [](const ClassShare& a, const ClassShare& b) {
                     return a.share > b.share;
                   });
  return shares;
}

}  // namespace sluice::device
