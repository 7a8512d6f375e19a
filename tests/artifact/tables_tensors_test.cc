#include <cmath>
#include <functional>
#include <limits>

#include "tests/artifact/test_artifacts.h"

namespace sluice::artifact {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

// The status of parsing MakeTables() with one integer tensor changed.
absl::Status WithInts(
    const std::string& name,
    const std::function<void(std::vector<int32_t>&)>& change) {
  TensorMap tensors = TablesToTensors(MakeTables());
  const std::vector<int64_t> shape = tensors.at(name).shape;
  std::vector<int32_t> values = IntsOf(tensors, name, shape).value();
  change(values);
  tensors[name] = MakeInts(values, shape);
  return TablesFromTensors(tensors).status();
}

absl::Status WithFloat(const std::string& name, size_t index, float value) {
  TensorMap tensors = TablesToTensors(MakeTables());
  const std::vector<int64_t> shape = tensors.at(name).shape;
  std::vector<float> values = FloatsOf(tensors, name, shape).value();
  values.at(index) = value;
  tensors[name] = MakeFloats(values, shape);
  return TablesFromTensors(tensors).status();
}

TEST(TablesTensorsTest, RoundTripKeepsEverything) {
  const codec::CodecTables tables = MakeTables();
  const TensorMap tensors = TablesToTensors(tables);
  EXPECT_THAT(tensors.at("cdf").shape, ::testing::ElementsAre(2, 3, 9));
  const codec::CodecTables parsed = TablesFromTensors(tensors).value();
  ASSERT_EQ(parsed.num_rates(), 2);
  ASSERT_EQ(parsed.num_channels(), 3);
  for (int rate = 0; rate < 2; ++rate) {
    for (int channel = 0; channel < 3; ++channel) {
      const codec::ChannelTable& a = tables.rate(rate)[channel];
      const codec::ChannelTable& b = parsed.rate(rate)[channel];
      EXPECT_EQ(a.gain, b.gain);
      EXPECT_EQ(a.inverse_gain, b.inverse_gain);
      EXPECT_EQ(a.median, b.median);
      EXPECT_EQ(a.cdf.min_symbol(), b.cdf.min_symbol());
      EXPECT_THAT(b.cdf.cdf(), ::testing::ElementsAreArray(a.cdf.cdf()));
    }
  }
}

TEST(TablesTensorsTest, EveryTensorIsNeeded) {
  const TensorMap tensors = TablesToTensors(MakeTables());
  for (const auto& [name, tensor] : tensors) {
    TensorMap fewer = tensors;
    fewer.erase(name);
    EXPECT_THAT(TablesFromTensors(fewer).status(),
                IsInvalid("tensor \"" + name + "\""));
  }
}

TEST(TablesTensorsTest, SurplusTensorsAreInvalid) {
  TensorMap tensors = TablesToTensors(MakeTables());
  tensors["surplus"] = MakeFloats({}, {0});
  EXPECT_THAT(TablesFromTensors(tensors).status(),
              IsInvalid("expected 7 tensors, found 8"));
}

TEST(TablesTensorsTest, WrongDtypesAndShapesAreInvalid) {
  const TensorMap tensors = TablesToTensors(MakeTables());
  for (const auto& [name, tensor] : tensors) {
    TensorMap changed = tensors;
    changed[name].dtype = Dtype::kU8;
    EXPECT_THAT(TablesFromTensors(changed).status(),
                IsInvalid("tensor \"" + name + "\": expected dtype"));
    changed = tensors;
    changed[name].shape.push_back(1);
    EXPECT_THAT(TablesFromTensors(changed).status(),
                IsInvalid("tensor \"" + name + "\": expected"));
  }
}

TEST(TablesTensorsTest, HostileCdfShapesAreInvalid) {
  for (const std::vector<int64_t>& shape : {std::vector<int64_t>{0, 3, 9},
                                            {2, 0, 9},
                                            {2, 3, 0},
                                            {65, 1, 1},
                                            {1, 513, 1},
                                            {6, 9},
                                            {}}) {
    TensorMap tensors = TablesToTensors(MakeTables());
    tensors["cdf"].shape = shape;
    EXPECT_THAT(TablesFromTensors(tensors).status(), IsInvalid("\"cdf\""));
  }
}

TEST(TablesTensorsTest, AnotherPrecisionIsInvalid) {
  EXPECT_THAT(WithInts("precision_bits", [](auto& v) { v[0] = 15; }),
              IsInvalid("\"precision_bits\": expected 12, found 15"));
}

TEST(TablesTensorsTest, ACdfMustIncreaseFromZeroToTheTop) {
  EXPECT_THAT(WithInts("cdf", [](auto& v) { v[0] = 1; }),
              IsInvalid("rate 0 channel 0"));
  EXPECT_THAT(WithInts("cdf", [](auto& v) { v[1] = 60000; }),
              IsInvalid("rate 0 channel 0"));
  EXPECT_THAT(WithInts("cdf", [](auto& v) { v[1] = 0; }),
              IsInvalid("rate 0 channel 0"));
  EXPECT_THAT(WithInts("cdf", [](auto& v) { v[1] = -5; }),
              IsInvalid("rate 0 channel 0"));
  EXPECT_THAT(WithInts("cdf", [](auto& v) { v.back() = 65535; }),
              IsInvalid("rate 1 channel 2"));
  EXPECT_THAT(WithInts("cdf", [](auto& v) { v.back() = 65537; }),
              IsInvalid("rate 1 channel 2"));
}

TEST(TablesTensorsTest, PaddingMustBeZero) {
  EXPECT_THAT(WithInts("cdf", [](auto& v) { v[8] = 1; }),
              IsInvalid("expected zeros from entry 4"));
}

TEST(TablesTensorsTest, CdfLengthStaysInsideItsRow) {
  for (const int32_t length : {10, -1, std::numeric_limits<int32_t>::max(),
                               std::numeric_limits<int32_t>::min()}) {
    EXPECT_THAT(WithInts("cdf_length", [&](auto& v) { v[5] = length; }),
                IsInvalid("rate 1 channel 2: cdf_length: expected 0..9"));
  }
  for (const int32_t length : {0, 1, 2, 3}) {
    EXPECT_THAT(WithInts("cdf_length", [&](auto& v) { v[0] = length; }),
                IsInvalid("rate 0 channel 0"));
  }
}

TEST(TablesTensorsTest, TooManyTablesAreInvalid) {
  TensorMap tensors = TablesToTensors(MakeTables());
  tensors.at("cdf").shape = {64, 512, 9};
  EXPECT_THAT(TablesFromTensors(tensors).status(),
              IsInvalid("at most 4096 tables, found 32768"));
}

TEST(TablesTensorsTest, SymbolsStayInRange) {
  for (const int32_t symbol :
       {-32768, 32767, std::numeric_limits<int32_t>::max(),
        std::numeric_limits<int32_t>::min()}) {
    EXPECT_THAT(WithInts("min_symbol", [&](auto& v) { v[1] = symbol; }),
                IsInvalid("rate 0 channel 1"));
  }
}

TEST(TablesTensorsTest, GainsArePositiveAndAllIsFinite) {
  for (const char* name : {"median", "gain", "inverse_gain"}) {
    EXPECT_THAT(WithFloat(name, 4, kNan), IsInvalid(""));
    EXPECT_THAT(WithFloat(name, 4, INFINITY), IsInvalid(""));
  }
  for (const char* name : {"gain", "inverse_gain"}) {
    EXPECT_THAT(WithFloat(name, 0, 0.0f), IsInvalid(""));
    EXPECT_THAT(WithFloat(name, 0, -1.0f), IsInvalid(""));
  }
}

}  // namespace
}  // namespace sluice::artifact
