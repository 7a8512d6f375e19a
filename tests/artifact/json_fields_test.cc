#include "common/artifact/json_fields.h"

#include <limits>

#include "tests/artifact/test_artifacts.h"

namespace sluice::artifact {
namespace {

using ::nlohmann::json;

JsonObject Object(const json& value) {
  return JsonObject::Create(value, "file").value();
}

TEST(ParseJsonTest, AcceptsAnyValue) {
  EXPECT_EQ(ParseJson(R"({"a":[1,null]})").value(),
            json({{"a", {1, nullptr}}}));
  EXPECT_EQ(ParseJson(" 7 ").value(), json(7));
}

TEST(ParseJsonTest, AMistakeIsNamedByPosition) {
  EXPECT_THAT(ParseJson(R"({"a":})").status(), IsInvalid("byte 6"));
  EXPECT_THAT(ParseJson("").status(), IsInvalid("expected JSON"));
  EXPECT_THAT(ParseJson("{} x").status(), IsInvalid("expected JSON"));
  EXPECT_THAT(ParseJson("[1e999]").status(), IsInvalid("expected JSON"));
}

TEST(ParseJsonTest, EveryTruncationIsInvalid) {
  const std::string text = R"({"a":[1.5,"x\u00e9",{"b":null}],"c":true})";
  for (size_t length = 0; length < text.size(); ++length) {
    EXPECT_THAT(ParseJson(text.substr(0, length)).status(), IsInvalid(""));
  }
}

TEST(ParseJsonTest, InvalidUtf8IsInvalid) {
  EXPECT_THAT(ParseJson("\"\xff\"").status(), IsInvalid("expected JSON"));
}

TEST(ParseJsonTest, DeepNestingIsInvalid) {
  const auto nested = [](size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  EXPECT_TRUE(ParseJson(nested(kMaxJsonDepth)).ok());
  EXPECT_THAT(ParseJson(nested(kMaxJsonDepth + 1)).status(),
              IsInvalid("levels of nesting"));
  EXPECT_THAT(ParseJson(std::string(1'000'000, '[')).status(),
              IsInvalid("levels of nesting"));
  std::string objects;
  for (int i = 0; i < 100'000; ++i) objects += "{\"a\":";
  EXPECT_THAT(ParseJson(objects).status(), IsInvalid("levels of nesting"));
}

TEST(ParseJsonTest, ARepeatedKeyIsInvalid) {
  EXPECT_THAT(ParseJson(R"({"a":1,"b":{"a":2},"a":3})").status(),
              IsInvalid("found \"a\" twice"));
  EXPECT_TRUE(ParseJson(R"([{"a":1},{"a":2}])").ok());
}

TEST(ParseJsonTest, TooManyBytesAreInvalid) {
  EXPECT_THAT(ParseJson(std::string(kMaxJsonBytes + 1, ' ')).status(),
              IsInvalid("expected at most"));
}

TEST(DumpJsonTest, NeverThrowsOnBadUtf8) {
  EXPECT_EQ(DumpJson("a\xff", -1), "\"a\xef\xbf\xbd\"");
}

TEST(QuotedTest, EscapesAndShortens) {
  EXPECT_EQ(Quoted("a\n\""), "\"a\\n\\\"\"");
  EXPECT_EQ(Quoted(std::string(65, 'x')),
            "\"" + std::string(64, 'x') + "...\"");
}

TEST(IntegerOfTest, OnlyIntegersThatFit) {
  EXPECT_EQ(IntegerOf(json(-3)), -3);
  EXPECT_EQ(IntegerOf(json(uint64_t{1} << 63)), std::nullopt);
  EXPECT_EQ(IntegerOf(json(1.0)), std::nullopt);
  EXPECT_EQ(IntegerOf(json("1")), std::nullopt);
  EXPECT_EQ(IntegerOf(json(true)), std::nullopt);
}

TEST(IsNameTest, OnlyWhatIsSafeAsAFolder) {
  EXPECT_TRUE(IsName("patch-v1.0_b"));
  EXPECT_TRUE(IsName(std::string(64, 'a')));
  for (const char* bad :
       {"", ".", "..", "-x", "_x", "A", "a/b", "a b", "\xc3"}) {
    EXPECT_FALSE(IsName(bad)) << bad;
  }
  EXPECT_FALSE(IsName(std::string(65, 'a')));
}

TEST(JsonObjectTest, WhatIsNoObjectIsInvalid) {
  EXPECT_THAT(JsonObject::Create(json::array({1}), "file").status(),
              IsInvalid("file: expected a JSON object, found [1]"));
}

TEST(JsonObjectTest, UnknownFieldsAreNamed) {
  const json value = {{"a", {{"b", 1}}}};
  EXPECT_TRUE(Object(value).ExpectOnly({"a"}).ok());
  EXPECT_THAT(Object(value).Object("a")->ExpectOnly({"c"}),
              IsInvalid("file: a.\"b\": unknown field"));
}

TEST(JsonObjectTest, IntChecksTypeAndRange) {
  const json value = {{"a", {{"n", 5}, {"s", "8"}, {"x", 2.5}, {"big", 1e30}}}};
  const JsonObject a = Object(value).Object("a").value();
  EXPECT_EQ(a.Int("n", 1, 5).value(), 5);
  EXPECT_THAT(a.Int("n", 1, 4).status(),
              IsInvalid("file: a.n: expected an integer in 1..4, found 5"));
  EXPECT_THAT(a.Int("s", 1, 9).status(),
              IsInvalid("file: a.s: expected an integer in 1..9, found \"8\""));
  EXPECT_THAT(a.Int("x", 1, 9).status(), IsInvalid("found 2.5"));
  EXPECT_THAT(a.Int("big", 1, 9).status(), IsInvalid("a.big"));
  EXPECT_THAT(a.Int("none", 1, 9).status(), IsInvalid("found no such field"));
}

TEST(JsonObjectTest, FloatIsFiniteFloat32) {
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  const json value = {
      {"x", 0.5}, {"n", 3}, {"s", "1"}, {"h", 1e39}, {"nan", kNan}};
  EXPECT_EQ(Object(value).Float("x").value(), 0.5f);
  EXPECT_EQ(Object(value).Float("n").value(), 3.0f);
  for (const char* bad : {"s", "h", "nan", "none"}) {
    EXPECT_THAT(Object(value).Float(bad).status(),
                IsInvalid("expected a float32 number"));
  }
}

TEST(JsonObjectTest, StringsNamesAndDigests) {
  const json value = {{"s", "A"}, {"d", std::string(64, 'f')}, {"n", 1}};
  EXPECT_EQ(Object(value).String("s").value(), "A");
  EXPECT_EQ(Object(value).Digest("d").value(), std::string(64, 'f'));
  EXPECT_THAT(Object(value).String("n").status(), IsInvalid("a string"));
  EXPECT_THAT(Object(value).Name("s").status(), IsInvalid("found \"A\""));
  EXPECT_THAT(Object(value).Digest("s").status(), IsInvalid("hexadecimal"));
  EXPECT_THAT(Object(value).Object("s").status(), IsInvalid("an object"));
  EXPECT_THAT(Object(value).Array("s").status(), IsInvalid("an array"));
}

}  // namespace
}  // namespace sluice::artifact
