// The codecs and tails one server serves. Holds no Torch type.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/artifact/codec_artifact.h"
#include "common/artifact/tail_artifact.h"
#include "common/codec/known_answer.h"
#include "common/model/decoder_network.h"
#include "common/model/tail.h"
#include "server/tail_task.h"

namespace sluice::server {

// The artifacts' weights are dropped once the networks hold them.
struct LoadedCodec {
  artifact::CodecArtifact artifact;
  std::unique_ptr<model::FeatureDecoder> decoder;
  // What FetchCodec sends; empty when the folder holds the server half alone.
  std::vector<artifact::CodecFile> device_half = {};
  // For the handshake; ModelStore::Create makes it.
  codec::KnownAnswer known_answer = {};
};

struct LoadedTail {
  artifact::TailArtifact artifact;
  std::unique_ptr<model::Tail> network;
  // Of artifact.spec.task; ModelStore::Create sets it.
  TailTask task = TailTask::kClassification;

  const std::string& name() const { return artifact.spec.name; }
  bool Accepts(const LoadedCodec& codec) const;
};

// How artifacts become networks; keeps Torch out of this room.
struct NetworkLoader {
  std::function<absl::StatusOr<std::unique_ptr<model::FeatureDecoder>>(
      const artifact::CodecArtifact&)>
      load_decoder;
  std::function<absl::StatusOr<std::unique_ptr<model::Tail>>(
      const artifact::TailArtifact&)>
      load_tail;
};

// Immutable, so safe to share between threads.
class ModelStore {
 public:
  // Each of `paths` is an artifact folder or a folder of them. Errors name the
  // folder.
  static absl::StatusOr<ModelStore> Load(
      std::span<const std::filesystem::path> paths, const NetworkLoader& loader,
      const std::string& default_tail);

  // InvalidArgument when there is no codec or no tail, a codec or a tail name
  // comes twice, two ids share their short form, a tail accepts none of the
  // codecs, or its task is unknown or cannot have as many labels;
  // FailedPrecondition when a codec fails its own known answer; NotFound when
  // `default_tail` is not among the tails. An empty `default_tail` makes the
  // first tail for classification the default, without one the first.
  static absl::StatusOr<ModelStore> Create(std::vector<LoadedCodec> codecs,
                                           std::vector<LoadedTail> tails,
                                           const std::string& default_tail);

  std::span<const LoadedCodec> codecs() const { return codecs_; }
  std::span<const LoadedTail> tails() const { return tails_; }
  const LoadedTail& default_tail() const { return tails_[default_tail_]; }

  // nullptr when not loaded.
  const LoadedCodec* FindCodec(std::string_view id) const;
  const LoadedCodec* FindCodecByShortId(uint32_t short_id) const;
  const LoadedTail* FindTail(std::string_view name) const;

  // For messages: "patch-m (8f3c...), other (12ab...)" and "imagenet, cats".
  std::string DescribeCodecs() const;
  std::string DescribeTails() const;

 private:
  ModelStore(std::vector<LoadedCodec> codecs, std::vector<LoadedTail> tails,
             size_t default_tail)
      : codecs_(std::move(codecs)),
        tails_(std::move(tails)),
        default_tail_(default_tail) {}

  std::vector<LoadedCodec> codecs_;
  std::vector<LoadedTail> tails_;
  size_t default_tail_;
};

}  // namespace sluice::server
