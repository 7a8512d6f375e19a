// Memory stays flat however many pictures pass through the pipeline.
// SLUICE_SOAK_PICTURES says how many; the default is 100,000.
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <string>

#include "absl/strings/numbers.h"
#include "device/pipeline.h"
#include "gtest/gtest.h"
#include "tests/device/device_testing.h"

namespace sluice::device {
namespace {

constexpr uint64_t kDefaultPictures = 100000;
constexpr uint64_t kWarmUpPictures = 5000;
constexpr int64_t kAllowedGrowthBytes = 8 << 20;

uint64_t NumPictures() {
  uint64_t count = kDefaultPictures;
  if (const char* text = std::getenv("SLUICE_SOAK_PICTURES")) {
    EXPECT_TRUE(absl::SimpleAtoi(text, &count)) << text;
  }
  return std::max(count, 2 * kWarmUpPictures);
}

int64_t ResidentBytes() {
  std::ifstream statm("/proc/self/statm");
  int64_t size_pages = 0;
  int64_t resident_pages = 0;
  statm >> size_pages >> resident_pages;
  return resident_pages * sysconf(_SC_PAGESIZE);
}

// A picture of its own each time, in two sizes.
class EndlessSource : public Source {
 public:
  explicit EndlessSource(uint64_t num_pictures) : num_pictures_(num_pictures) {}

  std::optional<SourcePicture> Next() override {
    if (sequence_ == num_pictures_) return std::nullopt;
    SourcePicture item;
    item.source = "camera";
    item.sequence = sequence_++;
    item.started = std::chrono::steady_clock::now();
    item.picture =
        sequence_ % 2 == 0 ? MakePicture(48, 32) : MakePicture(32, 48);
    return item;
  }
  void Stop() override {}
  bool is_live() const override { return false; }

 private:
  const uint64_t num_pictures_;
  uint64_t sequence_ = 0;
};

TEST(SoakTest, MemoryStaysFlat) {
  EncodingOptions options;
  options.view = vision::ParseViewRule("fit:32x32").value();
  CurrentCodec codec(std::make_shared<const RunCodec>(
      options, MakeCodec(), std::make_shared<BlockMeanEncoder>()));
  TestServer server;
  server.infer = [](auto*, const auto& request, auto* response) {
    response->set_sequence(request.sequence());
    response->add_results()->mutable_classification()->add_top()->set_label(
        "bright");
    return grpc::Status::OK;
  };
  EndlessSource source(NumPictures());
  auto pipeline = Pipeline::Start(
      &source, &codec,
      [&](OnAnswer on_answer) {
        return ServerLink::Start(server.link_options(), std::move(on_answer),
                                 [](const std::string&) {});
      },
      KeepPictures::kYes);
  ASSERT_TRUE(pipeline.ok()) << pipeline.status();

  uint64_t num_answered = 0;
  int64_t warm_bytes = 0;
  while (auto finished = (*pipeline)->Next()) {
    ASSERT_TRUE(finished->report.ok()) << finished->report.status;
    ASSERT_EQ(finished->report.sequence, num_answered);
    if (++num_answered == kWarmUpPictures) warm_bytes = ResidentBytes();
  }
  EXPECT_EQ(num_answered, NumPictures());
  const int64_t growth_bytes = ResidentBytes() - warm_bytes;
  std::cout << num_answered << " pictures: " << warm_bytes / 1024
            << " KiB resident, grown by " << growth_bytes / 1024 << " KiB\n";
  EXPECT_LT(growth_bytes, kAllowedGrowthBytes);
}

}  // namespace
}  // namespace sluice::device
