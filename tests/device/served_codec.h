// A real codec folder whose device half a TestServer offers.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/artifact/codec_artifact.h"
#include "common/codec/known_answer.h"
#include "gtest/gtest.h"
#include "tests/artifact/test_artifacts.h"
#include "tests/device/device_testing.h"
#include "tests/scratch_folder.h"

namespace sluice::device {

class ServedCodec {
 public:
  // `seed` decides the weights, and so the id.
  explicit ServedCodec(float seed = 1) {
    const testing::ScratchFolder folder;
    id = artifact::WriteCodec(
             folder.path(), artifact::MakeCodecSpec(), artifact::MakeTables(),
             artifact::MakeWeights(seed), artifact::MakeWeights(5), {})
             .value();
    files = artifact::ReadDeviceHalf(folder.path(), id).value();
    codec_ = std::make_shared<const artifact::CodecArtifact>(
        artifact::LoadCodec(folder.path(), artifact::CodecHalf::kDevice)
            .value());
  }

  // The chunks of an honest server, each with at most `chunk_bytes`.
  std::vector<v1::CodecChunk> Chunks(size_t chunk_bytes = 100) const {
    std::vector<v1::CodecChunk> chunks;
    for (const artifact::CodecFile& file : files) {
      for (size_t at = 0; at < file.bytes.size(); at += chunk_bytes) {
        v1::CodecChunk& chunk = chunks.emplace_back();
        chunk.set_file(file.name);
        chunk.set_file_bytes(file.bytes.size());
        chunk.set_offset(at);
        chunk.set_data(file.bytes.data() + at,
                       std::min(chunk_bytes, file.bytes.size() - at));
      }
    }
    return chunks;
  }

  // Makes `server` serve this codec alone, for its only tail.
  void OfferAt(TestServer* server) const {
    const codec::KnownAnswer known =
        codec::MakeKnownAnswer(codec_->tables, codec_->short_id).value();
    v1::CodecInfo* info = server->models.mutable_codecs(0);
    info->set_name(codec_->spec.name);
    info->set_id(id);
    info->set_known_frame(known.frame.data(), known.frame.size());
    info->set_known_symbols_crc32c(known.symbols_crc32c);
    server->models.mutable_tails(0)->set_codec_ids(0, id);
    Send(server, Chunks());
  }

  // Makes `server` answer every FetchCodec with these chunks.
  static void Send(TestServer* server, std::vector<v1::CodecChunk> chunks) {
    server->fetch = [chunks = std::move(chunks)](const auto&, auto* writer) {
      for (const v1::CodecChunk& chunk : chunks) writer->Write(chunk);
      return grpc::Status::OK;
    };
  }

  std::string id;
  std::vector<artifact::CodecFile> files;

 private:
  std::shared_ptr<const artifact::CodecArtifact> codec_;
};

}  // namespace sluice::device
