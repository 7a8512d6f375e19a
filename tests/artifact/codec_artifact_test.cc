#include "common/artifact/codec_artifact.h"

#include <cmath>
#include <functional>
#include <limits>
#include <set>

#include "tests/artifact/test_artifacts.h"

namespace sluice::artifact {
namespace {

namespace fs = std::filesystem;
using ::nlohmann::json;

constexpr const char* kWeightFiles[] = {
    "encoder.safetensors", "tables.safetensors", "decoder.safetensors"};

class CodecArtifactTest : public FolderTest {
 protected:
  void SetUp() override {
    FolderTest::SetUp();
    const auto id = WriteSpec(MakeCodecSpec());
    ASSERT_TRUE(id.ok()) << id.status();
    id_ = *id;
  }

  absl::StatusOr<std::string> WriteSpec(const CodecSpec& spec) const {
    return WriteCodec(folder_.path(), spec, MakeTables(), MakeWeights(1),
                      MakeWeights(2), {{"note", "first"}});
  }
  absl::Status Load(CodecHalf half = CodecHalf::kBoth) const {
    return LoadCodec(folder_.path(), half).status();
  }
  // Loads after `change` to codec.json.
  absl::Status LoadChanged(const std::function<void(json&)>& change) const {
    json value = ReadJson("codec.json");
    change(value);
    Write("codec.json", value.dump());
    return Load();
  }

  std::string id_;
};

TEST_F(CodecArtifactTest, RoundTripKeepsEverything) {
  const auto codec = LoadCodec(folder_.path(), CodecHalf::kBoth);
  ASSERT_TRUE(codec.ok()) << codec.status();
  EXPECT_EQ(codec->id, id_);
  EXPECT_EQ(codec->short_id, std::stoul(id_.substr(0, 8), nullptr, 16));
  EXPECT_EQ(codec->spec.name, "tiny-v1");
  EXPECT_EQ(codec->spec.input_scale, 1.0f / 127.5f);
  EXPECT_EQ(codec->spec.input_offset, -1.0f);
  EXPECT_EQ(codec->spec.pad_multiple, 32);
  EXPECT_EQ(codec->spec.latent_channels, 3);
  EXPECT_EQ(codec->spec.num_rates, 2);
  EXPECT_EQ(codec->spec.default_rate, 1);
  EXPECT_EQ(codec->spec.encoder, json({{"width", 16}}));
  EXPECT_EQ(codec->spec.decoder, json({{"width", 24}}));
  EXPECT_EQ(codec->tables.num_channels(), 3);
  EXPECT_EQ(codec->encoder.at("conv.bias").bytes,
            MakeWeights(1).at("conv.bias").bytes);
  EXPECT_EQ(codec->decoder.at("conv.bias").bytes,
            MakeWeights(2).at("conv.bias").bytes);
  EXPECT_EQ(codec->about, json({{"note", "first"}}));
}

TEST_F(CodecArtifactTest, ADeviceNeedsNoDecoder) {
  fs::remove(folder_ / "decoder.safetensors");
  const auto codec = LoadCodec(folder_.path(), CodecHalf::kDevice);
  ASSERT_TRUE(codec.ok()) << codec.status();
  EXPECT_EQ(codec->id, id_);
  EXPECT_FALSE(codec->encoder.empty());
  EXPECT_TRUE(codec->decoder.empty());
  EXPECT_THAT(Load(CodecHalf::kServer),
              IsInvalid("decoder.safetensors: expected a file, found none"));
}

TEST_F(CodecArtifactTest, AServerNeedsNoEncoder) {
  fs::remove(folder_ / "encoder.safetensors");
  const auto codec = LoadCodec(folder_.path(), CodecHalf::kServer);
  ASSERT_TRUE(codec.ok()) << codec.status();
  EXPECT_TRUE(codec->encoder.empty());
  EXPECT_FALSE(codec->decoder.empty());
  EXPECT_THAT(Load(CodecHalf::kDevice), IsInvalid("encoder.safetensors"));
}

TEST_F(CodecArtifactTest, DeviceHalfIsTheFilesAsTheyAre) {
  fs::remove(folder_ / "decoder.safetensors");
  const auto files = ReadDeviceHalf(folder_.path(), id_);
  ASSERT_TRUE(files.ok()) << files.status();
  ASSERT_EQ(files->size(), 3u);
  const char* const names[] = {"codec.json", "encoder.safetensors",
                               "tables.safetensors"};
  for (size_t i = 0; i < files->size(); ++i) {
    const CodecFile& file = (*files)[i];
    EXPECT_EQ(file.name, names[i]);
    EXPECT_EQ(std::string(file.bytes.begin(), file.bytes.end()),
              Read(names[i]));
  }
}

TEST_F(CodecArtifactTest, DamagedDeviceHalfIsNotHandedOut) {
  for (const char* file : {"encoder.safetensors", "tables.safetensors"}) {
    FlipByte(file, 9);
    EXPECT_THAT(ReadDeviceHalf(folder_.path(), id_).status(),
                IsInvalid(std::string(file) + ": expected SHA-256"));
    FlipByte(file, 9);
  }
  FlipByte("codec.json", 0);
  EXPECT_THAT(ReadDeviceHalf(folder_.path(), id_).status(),
              IsInvalid("codec.json: expected JSON"));
}

TEST_F(CodecArtifactTest, DeviceHalfOfAnotherCodecIsRefusedWithBothIds) {
  const std::string other(64, '0');
  const absl::Status status = ReadDeviceHalf(folder_.path(), other).status();
  EXPECT_THAT(status, IsInvalid("expected codec " + other));
  EXPECT_THAT(status, IsInvalid("found " + id_));
}

TEST_F(CodecArtifactTest, TheSameContentHasTheSameId) {
  EXPECT_EQ(WriteSpec(MakeCodecSpec()).value(), id_);
}

TEST_F(CodecArtifactTest, TheIdChangesWithEveryCanonicalField) {
  const std::function<void(CodecSpec&)> changes[] = {
      [](CodecSpec& s) { s.name = "tiny-v2"; },
      [](CodecSpec& s) { s.family = "other"; },
      [](CodecSpec& s) { s.input_scale = std::nextafter(s.input_scale, 1.0f); },
      [](CodecSpec& s) { s.input_offset = 0; },
      [](CodecSpec& s) { s.pad_multiple = 64; },
      [](CodecSpec& s) { s.latent_stride = 16; },
      [](CodecSpec& s) { s.latent_trim = 1; },
      [](CodecSpec& s) { s.features_stride = 4; },
      [](CodecSpec& s) { s.features_channels = 31; },
      [](CodecSpec& s) { s.default_rate = 0; },
      [](CodecSpec& s) { s.encoder["width"] = 17; },
      [](CodecSpec& s) { s.decoder["depth"] = 1; },
  };
  std::set<std::string> ids = {id_};
  for (const auto& change : changes) {
    CodecSpec spec = MakeCodecSpec();
    change(spec);
    ids.insert(WriteSpec(spec).value());
    EXPECT_TRUE(Load().ok());
  }
  EXPECT_EQ(ids.size(), std::size(changes) + 1);
}

TEST_F(CodecArtifactTest, TheIdChangesWithEveryWeight) {
  const CodecSpec spec = MakeCodecSpec();
  std::set<std::string> ids = {id_};
  const auto write = [&](float encoder, float gain, float decoder) {
    ids.insert(WriteCodec(folder_.path(), spec, MakeTables(gain),
                          MakeWeights(encoder), MakeWeights(decoder), {})
                   .value());
  };
  write(1.5f, 1, 2);
  write(1, 1.5f, 2);
  write(1, 1, 2.5f);
  EXPECT_EQ(ids.size(), 4u);
}

TEST_F(CodecArtifactTest, AboutMayChangeAndTheIdStays) {
  ASSERT_TRUE(RewriteCodecAbout(folder_.path(), {{"top1", 70.5}}).ok());
  const auto codec = LoadCodec(folder_.path(), CodecHalf::kBoth);
  ASSERT_TRUE(codec.ok()) << codec.status();
  EXPECT_EQ(codec->id, id_);
  EXPECT_EQ(codec->about, json({{"top1", 70.5}}));
}

TEST_F(CodecArtifactTest, AboutOfADamagedCodecIsNotRewritten) {
  json value = ReadJson("codec.json");
  value["canonical"]["name"] = "other";
  Write("codec.json", value.dump());
  EXPECT_THAT(RewriteCodecAbout(folder_.path(), {}), IsInvalid("id: expected"));
  EXPECT_EQ(ReadJson("codec.json"), value);
}

TEST_F(CodecArtifactTest, NoSuchFolderIsNotFound) {
  EXPECT_TRUE(absl::IsNotFound(
      LoadCodec(folder_ / "absent", CodecHalf::kBoth).status()));
  EXPECT_TRUE(absl::IsNotFound(
      LoadCodec(folder_ / "codec.json", CodecHalf::kBoth).status()));
  EXPECT_TRUE(absl::IsNotFound(RewriteCodecAbout(folder_ / "absent", {})));
}

TEST_F(CodecArtifactTest, MissingFilesAreNamed) {
  for (const char* file : kWeightFiles) {
    ASSERT_TRUE(WriteSpec(MakeCodecSpec()).ok());
    fs::remove(folder_ / file);
    EXPECT_THAT(Load(), IsInvalid(std::string(file) + ": expected a file"));
  }
  fs::remove(folder_ / "codec.json");
  EXPECT_THAT(Load(), IsInvalid("codec.json: expected a file, found none"));
}

TEST_F(CodecArtifactTest, AnyFlippedBitOfAnyWeightFileIsFound) {
  for (const char* file : kWeightFiles) {
    const size_t size = Read(file).size();
    for (size_t i = 0; i < size; i += 5) {
      FlipByte(file, i);
      EXPECT_THAT(Load(), IsInvalid(std::string(file) + ": expected SHA-256"));
      FlipByte(file, i);
    }
  }
  EXPECT_TRUE(Load().ok());
}

TEST_F(CodecArtifactTest, TruncatedFilesAreInvalid) {
  for (const char* file : kWeightFiles) {
    const std::string whole = Read(file);
    for (const size_t length : {size_t{0}, size_t{7}, whole.size() - 1}) {
      Write(file, whole.substr(0, length));
      EXPECT_THAT(Load(), IsInvalid(file));
    }
    Write(file, whole);
  }
  const std::string whole = Read("codec.json");
  for (size_t length = 0; length + 2 < whole.size(); ++length) {
    Write("codec.json", whole.substr(0, length));
    EXPECT_THAT(Load(), IsInvalid("codec.json: expected JSON"));
  }
}

TEST_F(CodecArtifactTest, AnotherIdIsRefusedWithBoth) {
  const std::string other(64, '0');
  const absl::Status status = LoadChanged([&](json& v) { v["id"] = other; });
  EXPECT_THAT(status, IsInvalid("codec.json: id: expected " + id_));
  EXPECT_THAT(status, IsInvalid("found " + other));
}

TEST_F(CodecArtifactTest, AnEditedCanonicalPartIsRefused) {
  EXPECT_THAT(LoadChanged([](json& v) {
                v["canonical"]["geometry"]["pad_multiple"] = 64;
              }),
              IsInvalid("codec.json: id: expected"));
}

TEST_F(CodecArtifactTest, TablesOfAnotherShapeAreRefused) {
  CodecSpec spec = MakeCodecSpec();
  spec.latent_channels = 4;
  EXPECT_THAT(WriteSpec(spec).status(),
              IsInvalid("expected 2 rates of 4 channels"));
}

TEST_F(CodecArtifactTest, UnknownFieldsAreNamed) {
  const auto add = [this](const char* pointer) {
    return LoadChanged(
        [&](json& v) { v[json::json_pointer(pointer)]["surplus"] = 1; });
  };
  for (const char* pointer :
       {"", "/canonical", "/canonical/geometry", "/canonical/rates",
        "/canonical/preprocess", "/canonical/sha256"}) {
    ASSERT_TRUE(WriteSpec(MakeCodecSpec()).ok());
    EXPECT_THAT(add(pointer), IsInvalid("\"surplus\": unknown field"));
  }
}

TEST_F(CodecArtifactTest, EveryFieldIsNeededAndTyped) {
  const json whole = ReadJson("codec.json").flatten();
  for (const auto& [pointer, leaf] : whole.items()) {
    if (pointer.starts_with("/about") ||
        pointer.starts_with("/canonical/encoder") ||
        pointer.starts_with("/canonical/decoder")) {
      continue;
    }
    const std::string name = pointer.substr(pointer.rfind('/') + 1);
    json missing = whole;
    missing.erase(pointer);
    Write("codec.json", missing.unflatten().dump());
    EXPECT_THAT(Load(), IsInvalid(name + ": expected")) << pointer;
    json mistyped = whole;
    mistyped[pointer] = true;
    Write("codec.json", mistyped.unflatten().dump());
    EXPECT_THAT(Load(), IsInvalid(name + ": expected")) << pointer;
  }
}

TEST(CodecGeometryTest, LatentSidesFollowStrideAndTrim) {
  CodecSpec spec;
  EXPECT_EQ(LatentSide(spec, 224), 28);
  EXPECT_EQ(InputSide(spec, 28), 224);
  spec.latent_stride = 4;
  spec.latent_trim = 1;
  EXPECT_EQ(LatentSide(spec, 224), 55);
  EXPECT_EQ(InputSide(spec, 55), 224);
}

TEST(CodecGeometryTest, OnlySidesOfPaddedPicturesAreLatentSides) {
  CodecSpec spec;
  spec.latent_stride = 4;
  spec.latent_trim = 1;
  EXPECT_TRUE(CheckLatentSides(spec, 7, 55).ok());
  EXPECT_THAT(CheckLatentSides(spec, 8, 55),
              IsInvalid("latent of 8 x 55: expected that of a picture whose "
                        "sides are multiples of 32, found 36 x 224"));
  EXPECT_THAT(CheckLatentSides(spec, 7, 0), IsInvalid("latent of 7 x 0"));
  EXPECT_THAT(CheckLatentSides(spec, -1, 7), IsInvalid("latent of -1 x 7"));
}

TEST_F(CodecArtifactTest, TrimOfZeroIsNotWritten) {
  EXPECT_EQ(
      ReadJson("codec.json")["canonical"]["geometry"].contains("latent_trim"),
      false);
}

TEST_F(CodecArtifactTest, ValuesOutOfRangeAreNamed) {
  const auto set = [this](const char* pointer, const json& value) {
    EXPECT_TRUE(WriteSpec(MakeCodecSpec()).ok());
    return LoadChanged(
        [&](json& v) { v[json::json_pointer(pointer)] = value; });
  };
  EXPECT_THAT(set("/canonical/geometry/latent_stride", "8"),
              IsInvalid("codec.json: canonical.geometry.latent_stride: "
                        "expected an integer in 1..1024, found \"8\""));
  EXPECT_THAT(set("/canonical/geometry/latent_stride", 0),
              IsInvalid("latent_stride"));
  EXPECT_THAT(set("/canonical/geometry/latent_stride", 5),
              IsInvalid("expected a divisor of pad_multiple 32, found 5"));
  for (const int trim : {-1, 0, 4}) {
    EXPECT_THAT(set("/canonical/geometry/latent_trim", trim),
                IsInvalid("latent_trim: expected an integer in 1..3"));
  }
  EXPECT_THAT(set("/canonical/geometry/features_stride", 64),
              IsInvalid("expected a divisor"));
  EXPECT_THAT(set("/canonical/geometry/pad_multiple", 1e9),
              IsInvalid("pad_multiple"));
  EXPECT_THAT(set("/canonical/geometry/latent_channels", 513),
              IsInvalid("expected an integer in 1..512, found 513"));
  EXPECT_THAT(set("/canonical/rates/count", 65), IsInvalid("rates.count"));
  EXPECT_THAT(set("/canonical/rates/default", 2),
              IsInvalid("in 0..1, found 2"));
  EXPECT_THAT(set("/canonical/preprocess/scale", 0),
              IsInvalid("expected a positive number"));
  EXPECT_THAT(set("/canonical/preprocess/offset", 1e300),
              IsInvalid("expected a float32 number"));
  EXPECT_THAT(set("/canonical/version", 2), IsInvalid("in 1..1, found 2"));
  EXPECT_THAT(set("/canonical/name", "../up"), IsInvalid("canonical.name"));
  EXPECT_THAT(set("/canonical/sha256/encoder", "abc"),
              IsInvalid("64 lower-case hexadecimal digits"));
  EXPECT_THAT(set("/canonical/encoder", json::array()),
              IsInvalid("canonical.encoder: expected an object"));
}

TEST_F(CodecArtifactTest, HostileJsonIsInvalid) {
  for (const std::string& text :
       {std::string(), std::string("null"), std::string("[]"),
        std::string(100'000, '['), std::string("\xff\xfe"),
        std::string(R"({"id":"a","id":"b"})")}) {
    Write("codec.json", text);
    EXPECT_THAT(Load(), IsInvalid("codec.json: expected"));
  }
}

TEST_F(CodecArtifactTest, AWrongSpecIsNotWritten) {
  CodecSpec spec = MakeCodecSpec();
  spec.name = "No Spaces";
  EXPECT_THAT(WriteSpec(spec).status(), IsInvalid("codec spec: name"));
  spec = MakeCodecSpec();
  spec.encoder = nullptr;
  EXPECT_THAT(WriteSpec(spec).status(), IsInvalid("codec spec: encoder"));
  spec = MakeCodecSpec();
  spec.input_scale = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THAT(WriteSpec(spec).status(), IsInvalid("preprocess.scale"));
  EXPECT_EQ(LoadCodec(folder_.path(), CodecHalf::kBoth)->id, id_);
}

TEST_F(CodecArtifactTest, WritingBelowAFileFails) {
  EXPECT_FALSE(WriteCodec(folder_ / "codec.json" / "x", MakeCodecSpec(),
                          MakeTables(), {}, {}, {})
                   .ok());
}

}  // namespace
}  // namespace sluice::artifact
