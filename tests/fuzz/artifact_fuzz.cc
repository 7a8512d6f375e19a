// LoadCodec and LoadTail on any codec.json, tail.json and labels.txt beside
// valid weights, as they are and with the digests put right.
//
// Holds 64 bytes per byte of JSON, 128 per byte of labels, and the weights.
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/artifact/codec_artifact.h"
#include "common/artifact/json_fields.h"
#include "common/artifact/safetensors.h"
#include "common/artifact/tail_artifact.h"
#include "common/base/hash.h"
#include "tests/fuzz/allocation_meter.h"
#include "tests/fuzz/fuzz_check.h"
#include "tests/fuzz/fuzz_input.h"
#include "tests/fuzz/fuzz_targets.h"
#include "tests/scratch_folder.h"

namespace sluice::fuzz {
namespace {

using ::nlohmann::json;
using ::sluice::artifact::CodecArtifact;
using ::sluice::artifact::TailArtifact;
using ::sluice::artifact::TensorMap;
using ::sluice::codec::ChannelTable;
using ::sluice::codec::CodecTables;
using ::sluice::codec::QuantizedCdf;

constexpr size_t kWeightsBytes = 1 << 20;  // Weights and tables, loaded.

std::string_view TextOf(std::span<const uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string DigestOf(std::string_view text) {
  return base::Sha256Hex(
      {reinterpret_cast<const uint8_t*>(text.data()), text.size()});
}

// A folder with all that a codec and a tail need besides JSON and labels.
class Folder {
 public:
  Folder() {
    const TensorMap weights = {
        {"weight", artifact::MakeFloats(std::vector<float>{1, 2, 3, 4}, {4})}};
    weights_digest_ = Write("encoder.safetensors", weights);
    Write("decoder.safetensors", weights);
    Write("tail.safetensors", weights);
    Write("module.pt", weights);  // Loading checks its digest alone.
    tables_digest_ =
        Write("tables.safetensors", artifact::TablesToTensors(MakeTables()));
  }

  const std::filesystem::path& path() const { return folder_.path(); }
  void Write(std::string_view name, std::string_view text) const {
    folder_.Write(name, text);
  }
  const std::string& weights_digest() const { return weights_digest_; }
  const std::string& tables_digest() const { return tables_digest_; }

 private:
  // Two rates of three channels.
  static CodecTables MakeTables() {
    auto cdf = QuantizedCdf::Create({0, 1000, 3000, 4000, 4096}, -1);
    const ChannelTable table = {1.0f, 1.0f, 0.0f, *std::move(cdf)};
    return CodecTables::Create(2, 3, std::vector<ChannelTable>(6, table))
        .value();
  }
  std::string Write(std::string_view name, const TensorMap& tensors) const {
    const std::vector<uint8_t> bytes = artifact::SerializeSafetensors(tensors);
    folder_.Write(name, TextOf(bytes));
    return base::Sha256Hex(bytes);
  }

  testing::ScratchFolder folder_;
  std::string weights_digest_;
  std::string tables_digest_;
};

// The text with the fields that chance never gets right, if it has them.
std::string PutRight(std::string_view text, const Folder& folder) {
  auto value = artifact::ParseJson(text);
  if (!value.ok() || !value->is_object()) return std::string(text);
  if (value->contains("sha256")) (*value)["sha256"] = folder.weights_digest();
  if (value->contains("canonical")) {
    json& canonical = (*value)["canonical"];
    if (canonical.is_object() && canonical.contains("sha256")) {
      canonical["sha256"] = {{"encoder", folder.weights_digest()},
                             {"tables", folder.tables_digest()},
                             {"decoder", folder.weights_digest()}};
    }
    (*value)["id"] = DigestOf(artifact::DumpJson(canonical, -1));
  }
  return artifact::DumpJson(*value, -1);
}

// What loads can be written, and loads again.
void CheckCodec(const CodecArtifact& codec, const std::filesystem::path& copy) {
  const auto id =
      artifact::WriteCodec(copy, codec.spec, codec.tables, codec.encoder,
                           codec.decoder, codec.about);
  CheckOk(id.status(), "a codec that was loaded");
  const auto again = artifact::LoadCodec(copy, artifact::CodecHalf::kBoth);
  CheckOk(again.status(), "a codec that was written");
  Check(again->id == *id && again->about == codec.about,
        "LoadCodec mirrors WriteCodec");
}

void CheckTail(const TailArtifact& tail, const std::filesystem::path& copy) {
  CheckOk(artifact::IsTorchScript(tail.spec)
              ? artifact::WriteTorchScriptTail(copy, tail.spec, tail.labels,
                                               tail.module, tail.about)
              : artifact::WriteTail(copy, tail.spec, tail.labels, tail.weights,
                                    tail.about),
          "a tail that was loaded");
  const auto again = artifact::LoadTail(copy);
  CheckOk(again.status(), "a tail that was written");
  Check(again->digest == tail.digest && again->labels == tail.labels &&
            again->spec.network == tail.spec.network &&
            again->module == tail.module && again->about == tail.about,
        "LoadTail mirrors WriteTail");
}

void FuzzCodec(const Folder& folder, std::string_view text) {
  folder.Write("codec.json", text);
  const AllocationMeter meter;
  const auto codec =
      artifact::LoadCodec(folder.path(), artifact::CodecHalf::kBoth);
  meter.CheckAtMost(64 * text.size() + kWeightsBytes, "LoadCodec");
  if (codec.ok()) CheckCodec(*codec, folder.path() / "copy");
}

void FuzzTail(const Folder& folder, std::string_view text,
              std::string_view labels) {
  folder.Write("tail.json", text);
  folder.Write("labels.txt", labels);
  const AllocationMeter meter;
  const auto tail = artifact::LoadTail(folder.path());
  meter.CheckAtMost(64 * text.size() + 128 * labels.size() + kWeightsBytes,
                    "LoadTail");
  if (tail.ok()) CheckTail(*tail, folder.path() / "copy");
}

}  // namespace

void FuzzArtifact(std::span<const uint8_t> bytes) {
  static const Folder folder;
  FuzzInput input(bytes);
  const bool is_codec = input.TakeBool();
  const bool is_as_it_is = input.TakeBool();
  const std::string_view labels =
      is_codec ? "" : TextOf(input.TakeBytes(input.TakeU8()));
  const std::string_view text = TextOf(input.TakeRest());
  const std::string json_text =
      is_as_it_is ? std::string(text) : PutRight(text, folder);
  if (is_codec) {
    FuzzCodec(folder, json_text);
  } else {
    FuzzTail(folder, json_text, labels);
  }
}

}  // namespace sluice::fuzz
