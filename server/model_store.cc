#include "server/model_store.h"

#include <algorithm>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/status_macros.h"
#include "server/segmentation.h"

namespace sluice::server {
namespace {

namespace fs = std::filesystem;

bool IsArtifact(const fs::path& folder) {
  std::error_code ignored;
  return fs::exists(folder / "codec.json", ignored) ||
         fs::exists(folder / "tail.json", ignored);
}

// `path` itself or its subfolders, in order of name.
absl::StatusOr<std::vector<fs::path>> FindArtifacts(const fs::path& path) {
  if (IsArtifact(path)) return std::vector<fs::path>{path};
  std::vector<fs::path> folders;
  std::error_code error;
  for (fs::directory_iterator it(path, error), end; !error && it != end;
       it.increment(error)) {
    if (IsArtifact(it->path())) folders.push_back(it->path());
  }
  if (error) {
    return absl::NotFoundError(
        absl::StrCat(path.string(), ": ", error.message()));
  }
  if (folders.empty()) {
    return absl::NotFoundError(
        absl::StrCat(path.string(), ": expected codec.json or tail.json in it ",
                     "or in a subfolder, found neither"));
  }
  std::sort(folders.begin(), folders.end());
  return folders;
}

absl::Status AtFolder(const fs::path& folder, const absl::Status& status) {
  return absl::Status(status.code(),
                      absl::StrCat(folder.string(), ": ", status.message()));
}

absl::StatusOr<LoadedCodec> LoadCodecFolder(const fs::path& folder,
                                            const NetworkLoader& loader) {
  SLUICE_ASSIGN_OR_RETURN(
      artifact::CodecArtifact codec,
      artifact::LoadCodec(folder, artifact::CodecHalf::kServer));
  auto decoder = loader.load_decoder(codec);
  if (!decoder.ok()) return AtFolder(folder, decoder.status());
  codec.decoder.clear();
  LoadedCodec loaded{.artifact = std::move(codec),
                     .decoder = *std::move(decoder)};
  std::error_code ignored;
  if (fs::exists(folder / "encoder.safetensors", ignored)) {
    SLUICE_ASSIGN_OR_RETURN(
        loaded.device_half,
        artifact::ReadDeviceHalf(folder, loaded.artifact.id));
  }
  return loaded;
}

absl::StatusOr<LoadedTail> LoadTailFolder(const fs::path& folder,
                                          const NetworkLoader& loader) {
  SLUICE_ASSIGN_OR_RETURN(artifact::TailArtifact tail,
                          artifact::LoadTail(folder));
  auto network = loader.load_tail(tail);
  if (!network.ok()) return AtFolder(folder, network.status());
  tail.weights.clear();
  tail.module = {};
  return LoadedTail{.artifact = std::move(tail),
                    .network = *std::move(network)};
}

absl::Status CheckDistinctCodecs(std::span<const LoadedCodec> codecs) {
  for (size_t i = 0; i < codecs.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      const artifact::CodecArtifact& a = codecs[j].artifact;
      const artifact::CodecArtifact& b = codecs[i].artifact;
      if (a.short_id != b.short_id) continue;
      return absl::InvalidArgumentError(absl::StrCat(
          "codecs \"", a.spec.name, "\" (", a.id, ") and \"", b.spec.name,
          "\" (", b.id, ") have the same ",
          a.id == b.id ? "id" : "short id: frames could name either"));
    }
  }
  return absl::OkStatus();
}

// A coder that fails here would fail every device.
absl::Status MakeKnownAnswers(std::span<LoadedCodec> codecs) {
  for (LoadedCodec& codec : codecs) {
    const artifact::CodecArtifact& artifact = codec.artifact;
    SLUICE_ASSIGN_OR_RETURN(
        codec.known_answer,
        codec::MakeKnownAnswer(artifact.tables, artifact.short_id));
    const absl::Status status = codec::CheckKnownAnswer(
        codec.known_answer.frame, codec.known_answer.symbols_crc32c,
        artifact.tables, artifact.short_id);
    if (!status.ok()) {
      return absl::Status(status.code(), absl::StrCat(artifact.spec.name, ": ",
                                                      status.message()));
    }
  }
  return absl::OkStatus();
}

absl::Status SetTasks(std::span<LoadedTail> tails) {
  for (LoadedTail& tail : tails) {
    const auto task = ParseTailTask(tail.artifact.spec.task);
    if (!task.ok()) {
      return absl::Status(task.status().code(),
                          absl::StrCat("tail \"", tail.name(),
                                       "\": ", task.status().message()));
    }
    tail.task = *task;
    const size_t num_labels = tail.artifact.labels.size();
    if (*task == TailTask::kSegmentation && num_labels > kMaxSegmentLabels) {
      return absl::InvalidArgumentError(absl::StrCat(
          "tail \"", tail.name(), "\" has ", num_labels,
          " labels, expected at most ", kMaxSegmentLabels, " of a mask"));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckTails(std::span<const LoadedTail> tails,
                        std::span<const LoadedCodec> codecs,
                        const std::string& loaded_codecs) {
  for (size_t i = 0; i < tails.size(); ++i) {
    const LoadedTail& tail = tails[i];
    for (size_t j = 0; j < i; ++j) {
      if (tails[j].name() == tail.name()) {
        return absl::InvalidArgumentError(
            absl::StrCat("two tails are named \"", tail.name(), "\""));
      }
    }
    if (std::none_of(codecs.begin(), codecs.end(),
                     [&](const auto& codec) { return tail.Accepts(codec); })) {
      return absl::InvalidArgumentError(
          absl::StrCat("tail \"", tail.name(), "\" is for codecs ",
                       absl::StrJoin(tail.artifact.spec.codec_ids, ", "),
                       "; loaded: ", loaded_codecs));
    }
  }
  return absl::OkStatus();
}

}  // namespace

bool LoadedTail::Accepts(const LoadedCodec& codec) const {
  const std::vector<std::string>& ids = artifact.spec.codec_ids;
  return std::find(ids.begin(), ids.end(), codec.artifact.id) != ids.end();
}

absl::StatusOr<ModelStore> ModelStore::Load(std::span<const fs::path> paths,
                                            const NetworkLoader& loader,
                                            const std::string& default_tail) {
  std::vector<LoadedCodec> codecs;
  std::vector<LoadedTail> tails;
  for (const fs::path& path : paths) {
    SLUICE_ASSIGN_OR_RETURN(const std::vector<fs::path> folders,
                            FindArtifacts(path));
    for (const fs::path& folder : folders) {
      SLUICE_ASSIGN_OR_RETURN(const artifact::ArtifactKind kind,
                              artifact::KindOf(folder));
      if (kind == artifact::ArtifactKind::kCodec) {
        SLUICE_ASSIGN_OR_RETURN(LoadedCodec codec,
                                LoadCodecFolder(folder, loader));
        codecs.push_back(std::move(codec));
      } else {
        SLUICE_ASSIGN_OR_RETURN(LoadedTail tail,
                                LoadTailFolder(folder, loader));
        tails.push_back(std::move(tail));
      }
    }
  }
  return Create(std::move(codecs), std::move(tails), default_tail);
}

absl::StatusOr<ModelStore> ModelStore::Create(std::vector<LoadedCodec> codecs,
                                              std::vector<LoadedTail> tails,
                                              const std::string& default_tail) {
  if (codecs.empty() || tails.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("expected at least one codec and one tail, found ",
                     codecs.size(), " and ", tails.size()));
  }
  ModelStore store(std::move(codecs), std::move(tails), 0);
  SLUICE_RETURN_IF_ERROR(CheckDistinctCodecs(store.codecs_));
  SLUICE_RETURN_IF_ERROR(MakeKnownAnswers(store.codecs_));
  SLUICE_RETURN_IF_ERROR(SetTasks(store.tails_));
  SLUICE_RETURN_IF_ERROR(
      CheckTails(store.tails_, store.codecs_, store.DescribeCodecs()));
  if (default_tail.empty()) {
    const auto classifier = std::ranges::find(
        store.tails_, TailTask::kClassification, &LoadedTail::task);
    if (classifier != store.tails_.end()) {
      store.default_tail_ =
          static_cast<size_t>(classifier - store.tails_.begin());
    }
  } else {
    const LoadedTail* tail = store.FindTail(default_tail);
    if (tail == nullptr) {
      return absl::NotFoundError(
          absl::StrCat("default tail \"", default_tail,
                       "\" is not loaded; loaded: ", store.DescribeTails()));
    }
    store.default_tail_ = static_cast<size_t>(tail - store.tails_.data());
  }
  return store;
}

const LoadedCodec* ModelStore::FindCodec(std::string_view id) const {
  for (const LoadedCodec& codec : codecs_) {
    if (codec.artifact.id == id) return &codec;
  }
  return nullptr;
}

const LoadedCodec* ModelStore::FindCodecByShortId(uint32_t short_id) const {
  for (const LoadedCodec& codec : codecs_) {
    if (codec.artifact.short_id == short_id) return &codec;
  }
  return nullptr;
}

const LoadedTail* ModelStore::FindTail(std::string_view name) const {
  for (const LoadedTail& tail : tails_) {
    if (tail.name() == name) return &tail;
  }
  return nullptr;
}

std::string ModelStore::DescribeCodecs() const {
  return absl::StrJoin(codecs_, ", ", [](std::string* out, const auto& codec) {
    absl::StrAppend(out, codec.artifact.spec.name, " (", codec.artifact.id,
                    ")");
  });
}

std::string ModelStore::DescribeTails() const {
  return absl::StrJoin(tails_, ", ", [](std::string* out, const auto& tail) {
    absl::StrAppend(out, tail.name());
  });
}

}  // namespace sluice::server
