#include "common/artifact/codec_artifact.h"

#include <charconv>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/artifact/artifact_files.h"
#include "common/artifact/json_fields.h"
#include "common/base/hash.h"
#include "common/base/status_macros.h"
#include "common/codec/limits.h"

namespace sluice::artifact {
namespace {

namespace fs = std::filesystem;
using ::nlohmann::json;

constexpr int kLayoutVersion = 1;
constexpr int kMaxMultiple = 1024;  // Of padding and strides.
constexpr int kMaxFeaturesChannels = 4096;

// SHA-256 of each weight file.
struct Digests {
  std::string encoder;
  std::string tables;
  std::string decoder;
};

// All of codec.json, checked.
struct CodecDescription {
  CodecSpec spec;
  Digests digests;
  std::string id;
  json about;
};

json GeometryJson(const CodecSpec& spec) {
  json geometry = {{"pad_multiple", spec.pad_multiple},
                   {"latent_stride", spec.latent_stride},
                   {"latent_channels", spec.latent_channels},
                   {"features_stride", spec.features_stride},
                   {"features_channels", spec.features_channels}};
  // One text per meaning: most codecs trim nothing and do not say so.
  if (spec.latent_trim != 0) geometry["latent_trim"] = spec.latent_trim;
  return geometry;
}

json CanonicalJson(const CodecSpec& spec, const Digests& digests) {
  return {
      {"name", spec.name},
      {"family", spec.family},
      {"version", spec.version},
      // A float widens to the double it equals, which JSON carries exactly.
      {"preprocess",
       {{"scale", double{spec.input_scale}},
        {"offset", double{spec.input_offset}}}},
      {"geometry", GeometryJson(spec)},
      {"rates", {{"count", spec.num_rates}, {"default", spec.default_rate}}},
      {"encoder", spec.encoder},
      {"decoder", spec.decoder},
      {"sha256",
       {{"encoder", digests.encoder},
        {"tables", digests.tables},
        {"decoder", digests.decoder}}},
  };
}

std::string CodecId(const json& canonical) {
  const std::string text = DumpJson(canonical, -1);
  return base::Sha256Hex(
      {reinterpret_cast<const uint8_t*>(text.data()), text.size()});
}

// The first eight hexadecimal digits. REQUIRES: IsDigest(id).
uint32_t ShortId(const std::string& id) {
  uint32_t short_id = 0;
  std::from_chars(id.data(), id.data() + 8, short_id, 16);
  return short_id;
}

absl::Status ParsePreprocess(const JsonObject& canonical, CodecSpec& spec) {
  SLUICE_ASSIGN_OR_RETURN(const JsonObject fields,
                          canonical.Object("preprocess"));
  SLUICE_RETURN_IF_ERROR(fields.ExpectOnly({"scale", "offset"}));
  SLUICE_ASSIGN_OR_RETURN(spec.input_scale, fields.Float("scale"));
  SLUICE_ASSIGN_OR_RETURN(spec.input_offset, fields.Float("offset"));
  if (spec.input_scale <= 0) {
    return fields.Error("scale", "a positive number",
                        absl::StrCat(spec.input_scale));
  }
  return absl::OkStatus();
}

absl::Status ParseGeometry(const JsonObject& canonical, CodecSpec& spec) {
  SLUICE_ASSIGN_OR_RETURN(const JsonObject fields,
                          canonical.Object("geometry"));
  SLUICE_RETURN_IF_ERROR(fields.ExpectOnly(
      {"pad_multiple", "latent_stride", "latent_trim", "latent_channels",
       "features_stride", "features_channels"}));
  SLUICE_ASSIGN_OR_RETURN(spec.pad_multiple,
                          fields.Int("pad_multiple", 1, kMaxMultiple));
  SLUICE_ASSIGN_OR_RETURN(spec.latent_stride,
                          fields.Int("latent_stride", 1, kMaxMultiple));
  SLUICE_ASSIGN_OR_RETURN(
      spec.latent_channels,
      fields.Int("latent_channels", 1, codec::kMaxChannels));
  SLUICE_ASSIGN_OR_RETURN(spec.features_stride,
                          fields.Int("features_stride", 1, kMaxMultiple));
  SLUICE_ASSIGN_OR_RETURN(
      spec.features_channels,
      fields.Int("features_channels", 1, kMaxFeaturesChannels));
  // Inputs are multiples of pad_multiple; their strides must come out even.
  const std::string divisor =
      absl::StrCat("a divisor of pad_multiple ", spec.pad_multiple);
  if (spec.pad_multiple % spec.latent_stride != 0) {
    return fields.Error("latent_stride", divisor,
                        absl::StrCat(spec.latent_stride));
  }
  if (spec.pad_multiple % spec.features_stride != 0) {
    return fields.Error("features_stride", divisor,
                        absl::StrCat(spec.features_stride));
  }
  // Absent for none; something has to be left of the smallest latent.
  if (fields.value().contains("latent_trim")) {
    const int most = spec.pad_multiple / spec.latent_stride - 1;
    SLUICE_ASSIGN_OR_RETURN(spec.latent_trim,
                            fields.Int("latent_trim", 1, most));
  }
  return absl::OkStatus();
}

absl::Status ParseRates(const JsonObject& canonical, CodecSpec& spec) {
  SLUICE_ASSIGN_OR_RETURN(const JsonObject fields, canonical.Object("rates"));
  SLUICE_RETURN_IF_ERROR(fields.ExpectOnly({"count", "default"}));
  SLUICE_ASSIGN_OR_RETURN(spec.num_rates,
                          fields.Int("count", 1, codec::kMaxRates));
  SLUICE_ASSIGN_OR_RETURN(spec.default_rate,
                          fields.Int("default", 0, spec.num_rates - 1));
  return absl::OkStatus();
}

absl::StatusOr<CodecSpec> ParseSpec(const JsonObject& canonical) {
  SLUICE_RETURN_IF_ERROR(canonical.ExpectOnly(
      {"name", "family", "version", "preprocess", "geometry", "rates",
       "encoder", "decoder", "sha256"}));
  CodecSpec spec;
  SLUICE_ASSIGN_OR_RETURN(
      spec.version, canonical.Int("version", kLayoutVersion, kLayoutVersion));
  SLUICE_ASSIGN_OR_RETURN(spec.name, canonical.Name("name"));
  SLUICE_ASSIGN_OR_RETURN(spec.family, canonical.Name("family"));
  SLUICE_RETURN_IF_ERROR(ParsePreprocess(canonical, spec));
  SLUICE_RETURN_IF_ERROR(ParseGeometry(canonical, spec));
  SLUICE_RETURN_IF_ERROR(ParseRates(canonical, spec));
  SLUICE_ASSIGN_OR_RETURN(const JsonObject encoder,
                          canonical.Object("encoder"));
  SLUICE_ASSIGN_OR_RETURN(const JsonObject decoder,
                          canonical.Object("decoder"));
  spec.encoder = encoder.value();
  spec.decoder = decoder.value();
  return spec;
}

absl::StatusOr<Digests> ParseDigests(const JsonObject& canonical) {
  SLUICE_ASSIGN_OR_RETURN(const JsonObject fields, canonical.Object("sha256"));
  SLUICE_RETURN_IF_ERROR(fields.ExpectOnly({"encoder", "tables", "decoder"}));
  Digests digests;
  SLUICE_ASSIGN_OR_RETURN(digests.encoder, fields.Digest("encoder"));
  SLUICE_ASSIGN_OR_RETURN(digests.tables, fields.Digest("tables"));
  SLUICE_ASSIGN_OR_RETURN(digests.decoder, fields.Digest("decoder"));
  return digests;
}

absl::StatusOr<CodecDescription> ParseDescription(const json& value,
                                                  const fs::path& path) {
  SLUICE_ASSIGN_OR_RETURN(const JsonObject fields,
                          JsonObject::Create(value, path.string()));
  SLUICE_RETURN_IF_ERROR(fields.ExpectOnly({"canonical", "id", "about"}));
  SLUICE_ASSIGN_OR_RETURN(const JsonObject canonical,
                          fields.Object("canonical"));
  CodecDescription description;
  SLUICE_ASSIGN_OR_RETURN(description.spec, ParseSpec(canonical));
  SLUICE_ASSIGN_OR_RETURN(description.digests, ParseDigests(canonical));
  SLUICE_ASSIGN_OR_RETURN(description.id, fields.Digest("id"));
  const std::string computed_id = CodecId(canonical.value());
  if (description.id != computed_id) {
    return fields.Error(
        "id", absl::StrCat(computed_id, ", the SHA-256 of \"canonical\""),
        description.id);
  }
  description.about = value.value("about", json());
  return description;
}

absl::StatusOr<CodecDescription> ReadDescription(const fs::path& folder) {
  SLUICE_RETURN_IF_ERROR(CheckFolder(folder));
  const fs::path path = folder / "codec.json";
  SLUICE_ASSIGN_OR_RETURN(const json value, ReadJsonFile(path));
  return ParseDescription(value, path);
}

absl::Status CheckTables(const codec::CodecTables& tables,
                         const CodecSpec& spec) {
  if (tables.num_rates() != spec.num_rates ||
      tables.num_channels() != spec.latent_channels) {
    return absl::InvalidArgumentError(absl::StrCat(
        "expected ", spec.num_rates, " rates of ", spec.latent_channels,
        " channels, as codec.json says, found ", tables.num_rates(), " of ",
        tables.num_channels()));
  }
  return absl::OkStatus();
}

absl::StatusOr<codec::CodecTables> ReadTables(const fs::path& path,
                                              const std::string& sha256,
                                              const CodecSpec& spec) {
  SLUICE_ASSIGN_OR_RETURN(const TensorMap tensors, ReadWeights(path, sha256));
  absl::StatusOr<codec::CodecTables> tables = TablesFromTensors(tensors);
  const absl::Status status =
      tables.ok() ? CheckTables(*tables, spec) : tables.status();
  if (!status.ok()) return InContext(status, path.string());
  return tables;
}

}  // namespace

int LatentSide(const CodecSpec& spec, int input_side) {
  return input_side / spec.latent_stride - spec.latent_trim;
}

int InputSide(const CodecSpec& spec, int latent_side) {
  return (latent_side + spec.latent_trim) * spec.latent_stride;
}

absl::Status CheckLatentSides(const CodecSpec& spec, int height, int width) {
  for (const int side : {height, width}) {
    if (side > 0 && InputSide(spec, side) % spec.pad_multiple == 0) continue;
    return absl::InvalidArgumentError(absl::StrCat(
        "latent of ", height, " x ", width, ": expected that of a picture ",
        "whose sides are multiples of ", spec.pad_multiple, ", found ",
        InputSide(spec, height), " x ", InputSide(spec, width)));
  }
  return absl::OkStatus();
}

absl::StatusOr<CodecArtifact> LoadCodec(const fs::path& folder,
                                        CodecHalf half) {
  SLUICE_ASSIGN_OR_RETURN(CodecDescription description,
                          ReadDescription(folder));
  SLUICE_ASSIGN_OR_RETURN(
      codec::CodecTables tables,
      ReadTables(folder / "tables.safetensors", description.digests.tables,
                 description.spec));
  TensorMap encoder;
  if (half != CodecHalf::kServer) {
    SLUICE_ASSIGN_OR_RETURN(encoder, ReadWeights(folder / "encoder.safetensors",
                                                 description.digests.encoder));
  }
  TensorMap decoder;
  if (half != CodecHalf::kDevice) {
    SLUICE_ASSIGN_OR_RETURN(decoder, ReadWeights(folder / "decoder.safetensors",
                                                 description.digests.decoder));
  }
  const uint32_t short_id = ShortId(description.id);
  return CodecArtifact{.spec = std::move(description.spec),
                       .id = std::move(description.id),
                       .short_id = short_id,
                       .tables = std::move(tables),
                       .encoder = std::move(encoder),
                       .decoder = std::move(decoder),
                       .about = std::move(description.about)};
}

absl::StatusOr<std::vector<CodecFile>> ReadDeviceHalf(
    const fs::path& folder, const std::string& codec_id) {
  const fs::path path = folder / "codec.json";
  SLUICE_ASSIGN_OR_RETURN(std::vector<uint8_t> text,
                          ReadPart(path, kMaxJsonBytes));
  absl::StatusOr<json> value = ParseJson(std::string_view(
      reinterpret_cast<const char*>(text.data()), text.size()));
  if (!value.ok()) return InContext(value.status(), path.string());
  SLUICE_ASSIGN_OR_RETURN(const CodecDescription description,
                          ParseDescription(*value, path));
  if (description.id != codec_id) {
    return absl::InvalidArgumentError(absl::StrCat(path.string(), ": expected ",
                                                   "codec ", codec_id,
                                                   ", found ", description.id));
  }
  size_t room_bytes = kMaxDeviceHalfBytes - text.size();
  SLUICE_ASSIGN_OR_RETURN(
      std::vector<uint8_t> encoder,
      ReadVerified(folder / "encoder.safetensors", room_bytes,
                   description.digests.encoder));
  room_bytes -= encoder.size();
  SLUICE_ASSIGN_OR_RETURN(std::vector<uint8_t> tables,
                          ReadVerified(folder / "tables.safetensors",
                                       room_bytes, description.digests.tables));
  std::vector<CodecFile> files;
  files.push_back({"codec.json", std::move(text)});
  files.push_back({"encoder.safetensors", std::move(encoder)});
  files.push_back({"tables.safetensors", std::move(tables)});
  return files;
}

absl::StatusOr<std::string> WriteCodec(const fs::path& folder,
                                       const CodecSpec& spec,
                                       const codec::CodecTables& tables,
                                       const TensorMap& encoder,
                                       const TensorMap& decoder,
                                       const json& about) {
  // What is written must load, so the spec passes the loader's checks first.
  const json draft = CanonicalJson(spec, {});
  SLUICE_ASSIGN_OR_RETURN(const JsonObject fields,
                          JsonObject::Create(draft, "codec spec"));
  SLUICE_RETURN_IF_ERROR(ParseSpec(fields).status());
  SLUICE_RETURN_IF_ERROR(CheckTables(tables, spec));

  SLUICE_RETURN_IF_ERROR(CreateFolder(folder));
  Digests digests;
  SLUICE_ASSIGN_OR_RETURN(
      digests.encoder, WriteWeights(folder / "encoder.safetensors", encoder));
  SLUICE_ASSIGN_OR_RETURN(
      digests.tables,
      WriteWeights(folder / "tables.safetensors", TablesToTensors(tables)));
  SLUICE_ASSIGN_OR_RETURN(
      digests.decoder, WriteWeights(folder / "decoder.safetensors", decoder));
  const json canonical = CanonicalJson(spec, digests);
  const std::string id = CodecId(canonical);
  SLUICE_RETURN_IF_ERROR(
      WriteJsonFile(folder / "codec.json",
                    {{"canonical", canonical}, {"id", id}, {"about", about}}));
  return id;
}

absl::Status RewriteCodecAbout(const fs::path& folder, const json& about) {
  SLUICE_RETURN_IF_ERROR(CheckFolder(folder));
  const fs::path path = folder / "codec.json";
  SLUICE_ASSIGN_OR_RETURN(json value, ReadJsonFile(path));
  SLUICE_RETURN_IF_ERROR(ParseDescription(value, path).status());
  value["about"] = about;
  return WriteJsonFile(path, value);
}

}  // namespace sluice::artifact
