#include "common/artifact/safetensors.h"

#include <array>
#include <random>

#include "common/base/byte_io.h"
#include "tests/artifact/test_artifacts.h"

namespace sluice::artifact {
namespace {

using ::testing::ElementsAre;

std::vector<uint8_t> MakeFile(uint64_t header_bytes, std::string_view header,
                              size_t data_bytes) {
  base::ByteWriter writer;
  writer.WriteU64(header_bytes);
  writer.WriteBytes(
      {reinterpret_cast<const uint8_t*>(header.data()), header.size()});
  writer.WriteBytes(std::vector<uint8_t>(data_bytes));
  return std::move(writer).Take();
}

absl::Status ParseStatus(std::string_view header, size_t data_bytes) {
  return ParseSafetensors(MakeFile(header.size(), header, data_bytes)).status();
}

TensorMap MakeTensors() {
  TensorMap tensors = {
      {"floats", MakeFloats(std::vector<float>{1, -2, 0.5f}, {3})},
      {"halves", MakeHalves(std::vector<float>{1, 0.1f}, {2, 1})},
      {"ints", MakeInts(std::vector<int32_t>{-1, 7}, {1, 2})},
      {"empty", MakeFloats({}, {0, 5})},
      {"scalar", MakeFloats(std::vector<float>{4}, {})},
  };
  tensors["bytes"] = {Dtype::kU8, {3}, {1, 2, 3}};
  tensors["longs"] = {Dtype::kI64, {1}, {1, 2, 3, 4, 5, 6, 7, 8}};
  return tensors;
}

TEST(SafetensorsTest, RoundTripKeepsEverything) {
  const TensorMap tensors = MakeTensors();
  const TensorMap parsed =
      ParseSafetensors(SerializeSafetensors(tensors)).value();
  ASSERT_EQ(parsed.size(), tensors.size());
  for (const auto& [name, tensor] : tensors) {
    EXPECT_EQ(parsed.at(name).dtype, tensor.dtype) << name;
    EXPECT_EQ(parsed.at(name).shape, tensor.shape) << name;
    EXPECT_EQ(parsed.at(name).bytes, tensor.bytes) << name;
  }
}

TEST(SafetensorsTest, NoTensorsAtAllRoundTrip) {
  EXPECT_TRUE(ParseSafetensors(SerializeSafetensors({})).value().empty());
}

TEST(SafetensorsTest, WritesTheFormatOfTheSpecification) {
  const std::string header =
      R"({"w":{"data_offsets":[0,4],"dtype":"F32","shape":[1]}})";
  const std::string padded =
      header + std::string((8 - header.size() % 8) % 8, ' ');
  std::vector<uint8_t> expected = MakeFile(padded.size(), padded, 4);
  expected[expected.size() - 2] = 0x80;
  expected[expected.size() - 1] = 0x3f;
  EXPECT_EQ(
      SerializeSafetensors({{"w", MakeFloats(std::vector<float>{1.0f}, {1})}}),
      expected);
}

TEST(SafetensorsTest, MetadataIsIgnored) {
  const std::string header =
      R"({"__metadata__":{"format":"pt"},)"
      R"("w":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}})";
  EXPECT_EQ(ParseSafetensors(MakeFile(header.size(), header, 2))->size(), 1u);
}

TEST(SafetensorsTest, EveryTruncationIsInvalid) {
  const std::vector<uint8_t> file = SerializeSafetensors(MakeTensors());
  for (size_t length = 0; length < file.size(); ++length) {
    EXPECT_THAT(ParseSafetensors(std::span(file).first(length)).status(),
                IsInvalid(""));
  }
}

TEST(SafetensorsTest, TrailingBytesAreInvalid) {
  std::vector<uint8_t> file = SerializeSafetensors(MakeTensors());
  file.push_back(0);
  EXPECT_THAT(ParseSafetensors(file).status(),
              IsInvalid("bytes of tensor data"));
}

TEST(SafetensorsTest, HeaderLengthIsBounded) {
  EXPECT_THAT(ParseSafetensors(MakeFile(3, "{}", 0)).status(),
              IsInvalid("header length: expected at most 2, found 3"));
  EXPECT_THAT(ParseSafetensors(MakeFile(UINT64_MAX, "{}", 0)).status(),
              IsInvalid("header length"));
  const std::vector<uint8_t> large = MakeFile(17u << 20, "", 17u << 20);
  EXPECT_THAT(ParseSafetensors(large).status(), IsInvalid("header length"));
}

TEST(SafetensorsTest, TheHeaderMustBeAnObject) {
  EXPECT_THAT(ParseStatus("", 0), IsInvalid("expected JSON"));
  EXPECT_THAT(ParseStatus("[]", 0),
              IsInvalid("header: expected a JSON object"));
  EXPECT_THAT(ParseStatus("{", 0), IsInvalid("expected JSON"));
  EXPECT_THAT(ParseStatus(std::string(100'000, '['), 0), IsInvalid("nesting"));
}

TEST(SafetensorsTest, FieldsOfATensorAreChecked) {
  const auto parse = [](std::string_view fields) {
    return ParseStatus("{\"w\":" + std::string(fields) + "}", 4);
  };
  EXPECT_TRUE(parse(R"({"dtype":"F32","shape":[],"data_offsets":[0,4]})").ok());
  EXPECT_THAT(parse("3"), IsInvalid("tensor \"w\": expected a JSON object"));
  EXPECT_THAT(parse(R"({"shape":[1],"data_offsets":[0,4]})"),
              IsInvalid("tensor \"w\": dtype: expected a string"));
  EXPECT_THAT(parse(R"({"dtype":"BF16","shape":[2],"data_offsets":[0,4]})"),
              IsInvalid("dtype: expected F32, F16, I32, I64 or U8, found"));
  EXPECT_THAT(parse(R"({"dtype":"F32","data_offsets":[0,4]})"),
              IsInvalid("shape: expected an array, found no such field"));
  EXPECT_THAT(parse(R"({"dtype":"F32","shape":1,"data_offsets":[0,4]})"),
              IsInvalid("shape: expected an array"));
  EXPECT_THAT(parse(R"({"dtype":"F32","shape":["1"],"data_offsets":[0,4]})"),
              IsInvalid("shape: expected integers"));
  EXPECT_THAT(parse(R"({"dtype":"F32","shape":[1.0],"data_offsets":[0,4]})"),
              IsInvalid("shape: expected integers"));
  EXPECT_THAT(parse(R"({"dtype":"F32","shape":[1],"data_offsets":[0]})"),
              IsInvalid("data_offsets: expected two"));
  EXPECT_THAT(
      parse(R"({"dtype":"F32","shape":[1],"data_offsets":[0,4],"x":1})"),
      IsInvalid("\"x\": unknown field"));
  EXPECT_THAT(
      parse(R"({"dtype":"F32","shape":[1],"shape":[1],"data_offsets":[0,4]})"),
      IsInvalid("found \"shape\" twice"));
}

TEST(SafetensorsTest, HostileShapesAreInvalid) {
  const auto parse = [](std::string_view shape) {
    return ParseStatus("{\"w\":{\"dtype\":\"F32\",\"shape\":" +
                           std::string(shape) + ",\"data_offsets\":[0,4]}}",
                       4);
  };
  EXPECT_THAT(parse("[-1]"), IsInvalid("found \"-1\""));
  EXPECT_THAT(parse("[-1,-1]"), IsInvalid("shape"));
  EXPECT_THAT(parse("[9223372036854775807]"), IsInvalid("shape"));
  EXPECT_THAT(parse("[18446744073709551616]"), IsInvalid("shape"));
  // 2^32 * 2^32 elements would wrap to none; 2^31 * 2^31 + 1 would to one.
  EXPECT_THAT(parse("[4294967296,4294967296]"), IsInvalid("shape"));
  EXPECT_THAT(parse("[65536,65536,65536,65536]"), IsInvalid("at most"));
  EXPECT_THAT(parse("[2]"), IsInvalid("expected two, 8 bytes apart"));
  EXPECT_THAT(parse("[0]"), IsInvalid("expected two, 0 bytes apart"));
}

TEST(SafetensorsTest, OffsetsMustTileTheData) {
  const auto parse = [](std::string_view a, std::string_view b) {
    return ParseStatus(
        "{\"a\":{\"dtype\":\"U8\",\"shape\":[2],"
        "\"data_offsets\":" +
            std::string(a) +
            "},\"b\":{\"dtype\":\"U8\",\"shape\":[2],"
            "\"data_offsets\":" +
            std::string(b) + "}}",
        4);
  };
  EXPECT_TRUE(parse("[0,2]", "[2,4]").ok());
  EXPECT_TRUE(parse("[2,4]", "[0,2]").ok());
  EXPECT_THAT(parse("[0,2]", "[0,2]"), IsInvalid("expected to begin at 2"));
  EXPECT_THAT(parse("[0,2]", "[1,3]"), IsInvalid("expected to begin at 2"));
  EXPECT_THAT(parse("[0,2]", "[3,5]"), IsInvalid("\"b\": data_offsets"));
  EXPECT_THAT(parse("[1,3]", "[3,5]"), IsInvalid("expected to begin at 0"));
  EXPECT_THAT(parse("[2,0]", "[2,4]"), IsInvalid("expected two"));
  EXPECT_THAT(parse("[-2,0]", "[0,2]"), IsInvalid("data_offsets"));
  EXPECT_THAT(parse("[18446744073709551614,0]", "[0,2]"),
              IsInvalid("data_offsets"));
}

TEST(SafetensorsTest, RandomDamageNeverCrashes) {
  std::mt19937 random(7);
  const std::vector<uint8_t> file = SerializeSafetensors(MakeTensors());
  for (int i = 0; i < 3000; ++i) {
    std::vector<uint8_t> damaged = file;
    for (int k = 0; k < 3; ++k) {
      damaged[random() % damaged.size()] = static_cast<uint8_t>(random());
    }
    const absl::Status status = ParseSafetensors(damaged).status();
    EXPECT_TRUE(status.ok() || absl::IsInvalidArgument(status));
  }
}

TEST(SafetensorsTest, MessagesShowHostileNamesSafely) {
  const std::string header = "{\"" + std::string(1000, 'n') + "\\n\":3}";
  const absl::Status status = ParseStatus(header, 0);
  EXPECT_THAT(status, IsInvalid("nnn...\""));
  EXPECT_LT(status.message().size(), 200u);
}

TEST(SafetensorsTest, FilesRoundTripAndErrorsNameThem) {
  const testing::ScratchFolder folder;
  const std::filesystem::path path = folder / "a.safetensors";
  ASSERT_TRUE(WriteSafetensors(path, MakeTensors()).ok());
  EXPECT_EQ(ReadSafetensors(path)->size(), 7u);
  ASSERT_TRUE(base::WriteFileAtomically(path, "short").ok());
  EXPECT_THAT(ReadSafetensors(path).status(), IsInvalid(path.string()));
  std::filesystem::remove(path);
  EXPECT_TRUE(absl::IsNotFound(ReadSafetensors(path).status()));
}

TEST(TypedAccessTest, ReturnsValues) {
  const TensorMap tensors = MakeTensors();
  EXPECT_THAT(FloatsOf(tensors, "floats", std::array<int64_t, 1>{3}).value(),
              ElementsAre(1, -2, 0.5f));
  EXPECT_THAT(FloatsOf(tensors, "scalar", {}).value(), ElementsAre(4));
  EXPECT_THAT(IntsOf(tensors, "ints", std::array<int64_t, 2>{-1, 2}).value(),
              ElementsAre(-1, 7));
  EXPECT_TRUE(
      FloatsOf(tensors, "empty", std::array<int64_t, 2>{0, -1})->empty());
}

TEST(TypedAccessTest, HalvesWiden) {
  EXPECT_THAT(
      FloatsOf(MakeTensors(), "halves", std::array<int64_t, 2>{2, 1}).value(),
      ElementsAre(1.0f, 0.0999755859375f));
}

TEST(TypedAccessTest, ErrorsNameTensorExpectedAndFound) {
  const TensorMap tensors = MakeTensors();
  const std::array<int64_t, 1> three = {3};
  EXPECT_THAT(
      FloatsOf(tensors, "absent", three).status(),
      IsInvalid("tensor \"absent\": expected shape [3], found no such"));
  EXPECT_THAT(FloatsOf(tensors, "floats", std::array<int64_t, 1>{4}).status(),
              IsInvalid("\"floats\": expected shape [4], found [3]"));
  EXPECT_THAT(
      FloatsOf(tensors, "floats", std::array<int64_t, 2>{3, 1}).status(),
      IsInvalid("expected shape [3,1], found [3]"));
  EXPECT_THAT(FloatsOf(tensors, "bytes", three).status(),
              IsInvalid("expected dtype F32 or F16, found U8"));
  EXPECT_THAT(IntsOf(tensors, "floats", three).status(),
              IsInvalid("expected dtype I32, found F32"));
}

TEST(TypedAccessTest, BytesThatDoNotFillTheShapeAreInvalid) {
  TensorMap tensors = MakeTensors();
  tensors["floats"].bytes.pop_back();
  EXPECT_THAT(FloatsOf(tensors, "floats", std::array<int64_t, 1>{3}).status(),
              IsInvalid("expected as many bytes as fill [3], found 11"));
  tensors["ints"].shape = {-1, -2};
  EXPECT_THAT(IntsOf(tensors, "ints", std::array<int64_t, 2>{-1, -1}).status(),
              IsInvalid("expected as many bytes"));
}

}  // namespace
}  // namespace sluice::artifact
