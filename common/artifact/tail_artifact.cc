#include "common/artifact/tail_artifact.h"

#include <algorithm>
#include <string_view>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/artifact/artifact_files.h"
#include "common/artifact/json_fields.h"
#include "common/base/file_io.h"
#include "common/base/hash.h"
#include "common/base/status_macros.h"

namespace sluice::artifact {
namespace {

namespace fs = std::filesystem;
using ::nlohmann::json;

constexpr int kLayoutVersion = 1;
constexpr int kMaxLabels = 1 << 20;
constexpr size_t kMaxLabelsBytes = 16u << 20;
constexpr char kTorchScriptTask[] = "tensors";
constexpr char kWeightsFile[] = "tail.safetensors";
constexpr char kModuleFile[] = "module.pt";
constexpr char kLabelsFile[] = "labels.txt";

absl::StatusOr<std::vector<std::string>> ParseCodecIds(
    const JsonObject& fields) {
  constexpr std::string_view kExpected =
      "codec ids of 64 lower-case hexadecimal digits, at least one";
  SLUICE_ASSIGN_OR_RETURN(const json* array, fields.Array("codec_ids"));
  std::vector<std::string> ids;
  for (const json& element : *array) {
    if (!element.is_string() || !IsDigest(element.get<std::string>())) {
      return fields.Error("codec_ids", kExpected,
                          Quoted(DumpJson(element, -1)));
    }
    ids.push_back(element.get<std::string>());
  }
  if (ids.empty()) return fields.Error("codec_ids", kExpected, "none");
  return ids;
}

absl::StatusOr<TailSpec> ParseSpec(const JsonObject& fields) {
  SLUICE_RETURN_IF_ERROR(
      fields.ExpectOnly({"name", "task", "family", "version", "codec_ids",
                         "network", "sha256", "num_labels", "about"}));
  TailSpec spec;
  SLUICE_ASSIGN_OR_RETURN(
      spec.version, fields.Int("version", kLayoutVersion, kLayoutVersion));
  SLUICE_ASSIGN_OR_RETURN(spec.name, fields.Name("name"));
  SLUICE_ASSIGN_OR_RETURN(spec.task, fields.Name("task"));
  SLUICE_ASSIGN_OR_RETURN(spec.family, fields.Name("family"));
  if (IsTorchScript(spec) && spec.task != kTorchScriptTask) {
    return fields.Error("task", "\"tensors\", as family is \"torchscript\"",
                        Quoted(spec.task));
  }
  SLUICE_ASSIGN_OR_RETURN(spec.codec_ids, ParseCodecIds(fields));
  SLUICE_ASSIGN_OR_RETURN(const JsonObject network, fields.Object("network"));
  spec.network = network.value();
  return spec;
}

absl::StatusOr<int> ParseNumLabels(const JsonObject& fields,
                                   const TailSpec& spec) {
  return fields.Int("num_labels", IsTorchScript(spec) ? 0 : 1, kMaxLabels);
}

json TailJson(const TailSpec& spec, const std::string& sha256,
              size_t num_labels, const json& about) {
  return {{"name", spec.name},
          {"task", spec.task},
          {"family", spec.family},
          {"version", spec.version},
          {"codec_ids", spec.codec_ids},
          {"network", spec.network},
          {"sha256", sha256},
          {"num_labels", num_labels},
          {"about", about}};
}

// UTF-8 without control characters: what may stand in a JSON string, once
// quotes and backslashes are out of the way.
bool IsPlainText(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c == '"' || c == '\\'; },
      ' ');
  return json::accept(absl::StrCat("\"", text, "\""));
}

absl::Status CheckLabels(const std::vector<std::string>& labels) {
  for (size_t i = 0; i < labels.size(); ++i) {
    if (labels[i].empty() || !IsPlainText(labels[i])) {
      return absl::InvalidArgumentError(
          absl::StrCat("line ", i + 1,
                       ": expected a label of UTF-8 without control "
                       "characters, found ",
                       Quoted(labels[i])));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::string>> ReadLabels(const fs::path& path,
                                                    int num_labels) {
  std::error_code error;
  if (num_labels == 0 && !fs::exists(path, error)) {
    return std::vector<std::string>();
  }
  SLUICE_ASSIGN_OR_RETURN(const std::vector<uint8_t> bytes,
                          ReadPart(path, kMaxLabelsBytes));
  // Counted first, as every line, empty ones too, becomes a string.
  const bool is_unfinished = !bytes.empty() && bytes.back() != '\n';
  const auto num_lines =
      std::count(bytes.begin(), bytes.end(), '\n') + is_unfinished;
  if (num_lines != num_labels) {
    return absl::InvalidArgumentError(
        absl::StrCat(path.string(), ": expected ", num_labels,
                     " lines, as tail.json says, found ", num_lines));
  }
  std::vector<std::string> labels =
      absl::StrSplit(std::string(bytes.begin(), bytes.end()), '\n');
  if (!is_unfinished) labels.pop_back();  // After the last newline.
  SLUICE_RETURN_IF_ERROR(InContext(CheckLabels(labels), path.string()));
  return labels;
}

absl::Status WriteLabels(const fs::path& path,
                         const std::vector<std::string>& labels) {
  if (!labels.empty()) {
    return base::WriteFileAtomically(path, absl::StrJoin(labels, "\n") + "\n");
  }
  std::error_code error;
  fs::remove(path, error);
  if (!error) return absl::OkStatus();
  return absl::ErrnoToStatus(error.value(),
                             absl::StrCat("cannot remove ", path.string()));
}

// What is written must load, so it passes the loader's checks first.
absl::Status CheckWritable(const TailSpec& spec,
                           const std::vector<std::string>& labels,
                           const json& about) {
  const json draft = TailJson(spec, "", labels.size(), about);
  SLUICE_ASSIGN_OR_RETURN(const JsonObject fields,
                          JsonObject::Create(draft, "tail spec"));
  SLUICE_RETURN_IF_ERROR(ParseSpec(fields).status());
  SLUICE_RETURN_IF_ERROR(ParseNumLabels(fields, spec).status());
  return InContext(CheckLabels(labels), "labels");
}

}  // namespace

bool IsTorchScript(const TailSpec& spec) {
  return spec.family == kTorchScriptFamily;
}

absl::StatusOr<TailArtifact> LoadTail(const fs::path& folder) {
  SLUICE_RETURN_IF_ERROR(CheckFolder(folder));
  const fs::path path = folder / "tail.json";
  SLUICE_ASSIGN_OR_RETURN(const json value, ReadJsonFile(path));
  SLUICE_ASSIGN_OR_RETURN(const JsonObject fields,
                          JsonObject::Create(value, path.string()));
  TailArtifact tail;
  SLUICE_ASSIGN_OR_RETURN(tail.spec, ParseSpec(fields));
  SLUICE_ASSIGN_OR_RETURN(tail.digest, fields.Digest("sha256"));
  SLUICE_ASSIGN_OR_RETURN(const int num_labels,
                          ParseNumLabels(fields, tail.spec));
  SLUICE_ASSIGN_OR_RETURN(tail.labels,
                          ReadLabels(folder / kLabelsFile, num_labels));
  if (IsTorchScript(tail.spec)) {
    SLUICE_ASSIGN_OR_RETURN(
        tail.module,
        ReadVerified(folder / kModuleFile, kMaxModuleBytes, tail.digest));
  } else {
    SLUICE_ASSIGN_OR_RETURN(tail.weights,
                            ReadWeights(folder / kWeightsFile, tail.digest));
  }
  tail.about = value.value("about", json());
  return tail;
}

absl::Status WriteTail(const fs::path& folder, const TailSpec& spec,
                       const std::vector<std::string>& labels,
                       const TensorMap& weights, const json& about) {
  if (IsTorchScript(spec)) {
    return absl::InvalidArgumentError(
        "tail spec: family: expected one with weights, found \"torchscript\"");
  }
  SLUICE_RETURN_IF_ERROR(CheckWritable(spec, labels, about));
  SLUICE_RETURN_IF_ERROR(CreateFolder(folder));
  SLUICE_ASSIGN_OR_RETURN(const std::string sha256,
                          WriteWeights(folder / kWeightsFile, weights));
  SLUICE_RETURN_IF_ERROR(WriteLabels(folder / kLabelsFile, labels));
  return WriteJsonFile(folder / "tail.json",
                       TailJson(spec, sha256, labels.size(), about));
}

absl::Status WriteTorchScriptTail(const fs::path& folder, const TailSpec& spec,
                                  const std::vector<std::string>& labels,
                                  std::span<const uint8_t> module,
                                  const json& about) {
  if (!IsTorchScript(spec)) {
    return absl::InvalidArgumentError(
        absl::StrCat("tail spec: family: expected \"torchscript\", found ",
                     Quoted(spec.family)));
  }
  if (module.size() > kMaxModuleBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("module: expected at most ", kMaxModuleBytes,
                     " bytes, found ", module.size()));
  }
  SLUICE_RETURN_IF_ERROR(CheckWritable(spec, labels, about));
  SLUICE_RETURN_IF_ERROR(CreateFolder(folder));
  SLUICE_RETURN_IF_ERROR(
      base::WriteFileAtomically(folder / kModuleFile, module));
  SLUICE_RETURN_IF_ERROR(WriteLabels(folder / kLabelsFile, labels));
  return WriteJsonFile(
      folder / "tail.json",
      TailJson(spec, base::Sha256Hex(module), labels.size(), about));
}

absl::Status RewriteTailAbout(const fs::path& folder, const json& about) {
  SLUICE_RETURN_IF_ERROR(CheckFolder(folder));
  const fs::path path = folder / "tail.json";
  SLUICE_ASSIGN_OR_RETURN(json value, ReadJsonFile(path));
  SLUICE_ASSIGN_OR_RETURN(const JsonObject fields,
                          JsonObject::Create(value, path.string()));
  SLUICE_RETURN_IF_ERROR(ParseSpec(fields).status());
  value["about"] = about;
  return WriteJsonFile(path, value);
}

absl::StatusOr<ArtifactKind> KindOf(const fs::path& folder) {
  SLUICE_RETURN_IF_ERROR(CheckFolder(folder));
  std::error_code error;
  const bool has_codec = fs::exists(folder / "codec.json", error);
  const bool has_tail = fs::exists(folder / "tail.json", error);
  if (has_codec != has_tail) {
    return has_codec ? ArtifactKind::kCodec : ArtifactKind::kTail;
  }
  return absl::InvalidArgumentError(absl::StrCat(
      folder.string(), ": expected codec.json or tail.json, found ",
      has_codec ? "both" : "neither"));
}

}  // namespace sluice::artifact
