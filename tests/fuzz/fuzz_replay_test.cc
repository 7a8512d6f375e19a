// Runs every input of corpus/ through every fuzz target, in any build.
#include <algorithm>
#include <filesystem>
#include <iostream>
#include <ostream>
#include <string>
#include <vector>

#include "common/base/file_io.h"
#include "gtest/gtest.h"
#include "tests/fuzz/fuzz_targets.h"

namespace sluice::fuzz {

void PrintTo(const FuzzTarget& target, std::ostream* out) {
  *out << target.name;
}

namespace {

namespace fs = std::filesystem;

std::vector<fs::path> InputsIn(const fs::path& folder) {
  std::vector<fs::path> inputs;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) inputs.push_back(entry.path());
  }
  std::sort(inputs.begin(), inputs.end());
  return inputs;
}

class FuzzReplayTest : public ::testing::TestWithParam<FuzzTarget> {};

TEST_P(FuzzReplayTest, HasACorpusOfItsOwn) {
  EXPECT_FALSE(
      InputsIn(fs::path(SLUICE_FUZZ_CORPUS) / GetParam().name).empty());
}

// A broken promise aborts: the last line names the input.
TEST_P(FuzzReplayTest, KeepsItsPromises) {
  for (const fs::path& input : InputsIn(SLUICE_FUZZ_CORPUS)) {
    std::cout << fs::relative(input, SLUICE_FUZZ_CORPUS).string() << std::endl;
    const auto bytes = base::ReadFile(input, 1 << 20);
    ASSERT_TRUE(bytes.ok()) << bytes.status();
    GetParam().run(*bytes);
  }
}

TEST_P(FuzzReplayTest, TakesNoBytes) { GetParam().run({}); }

std::string NameOf(const ::testing::TestParamInfo<FuzzTarget>& target) {
  return std::string(target.param.name);
}

INSTANTIATE_TEST_SUITE_P(Targets, FuzzReplayTest,
                         ::testing::ValuesIn(kFuzzTargets), NameOf);

}  // namespace
}  // namespace sluice::fuzz
