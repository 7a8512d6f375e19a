#include "server/codec_sender.h"

#include <memory>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "grpcpp/client_context.h"
#include "grpcpp/server_builder.h"
#include "server/inference_service.h"
#include "tests/server/server_testing.h"

namespace sluice::server {
namespace {

using ::testing::HasSubstr;

std::vector<uint8_t> Bytes(size_t size, uint32_t step) {
  std::vector<uint8_t> bytes(size);
  for (size_t i = 0; i < size; ++i) {
    bytes[i] = static_cast<uint8_t>(i * step >> 8);
  }
  return bytes;
}

// Codec 'a' is here with its device half, 'b' without.
class CodecSenderTest : public ::testing::Test {
 protected:
  CodecSenderTest() : store_(MakeStore()) {
    pipeline_ = InferPipeline::Start(&store_, {}, &clock_).value();
    service_ = std::make_unique<InferenceService>(pipeline_.get(), "1.2.3");
    grpc::ServerBuilder builder;
    builder.RegisterService(service_.get());
    server_ = builder.BuildAndStart();
    stub_ = v1::Inference::NewStub(server_->InProcessChannel({}));
  }
  ~CodecSenderTest() override {
    server_->Shutdown();
    server_->Wait();
  }

  static ModelStore MakeStore() {
    std::vector<LoadedCodec> codecs;
    codecs.push_back(MakeTestCodec("codec-a", 'a'));
    codecs.back().device_half = {
        {"codec.json", Bytes(100, 77)},
        {"encoder.safetensors", Bytes((512 << 10) + 1, 12345)},
        {"tables.safetensors", Bytes(256 << 10, 999)}};
    codecs.push_back(MakeTestCodec("codec-b", 'b'));
    std::vector<LoadedTail> tails;
    tails.push_back(
        MakeTestTail("mean", {TestCodecId('a')}, std::make_unique<MeanTail>()));
    return ModelStore::Create(std::move(codecs), std::move(tails), "").value();
  }

  grpc::Status Fetch(const std::string& id,
                     std::vector<v1::CodecChunk>* chunks) {
    grpc::ClientContext context;
    v1::FetchCodecRequest request;
    request.set_codec_id(id);
    const auto reader = stub_->FetchCodec(&context, request);
    for (v1::CodecChunk chunk; reader->Read(&chunk);) chunks->push_back(chunk);
    return reader->Finish();
  }

  void ExpectNotFound(const std::string& id, const std::string& text) {
    std::vector<v1::CodecChunk> chunks;
    const grpc::Status status = Fetch(id, &chunks);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND);
    EXPECT_THAT(status.error_message(), HasSubstr(text));
    EXPECT_TRUE(chunks.empty());
  }

  base::SteadyClock clock_;
  const ModelStore store_;
  std::unique_ptr<InferPipeline> pipeline_;
  std::unique_ptr<InferenceService> service_;
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<v1::Inference::Stub> stub_;
};

TEST_F(CodecSenderTest, ChunksAreTheFilesInOrder) {
  std::vector<v1::CodecChunk> chunks;
  const grpc::Status status = Fetch(TestCodecId('a'), &chunks);
  ASSERT_TRUE(status.ok()) << status.error_message();
  ASSERT_EQ(chunks.size(), 1u + 3u + 1u);
  size_t next = 0;
  for (const artifact::CodecFile& file : store_.codecs()[0].device_half) {
    std::string bytes;
    while (bytes.size() < file.bytes.size()) {
      const v1::CodecChunk& chunk = chunks[next++];
      EXPECT_EQ(chunk.file(), file.name);
      EXPECT_EQ(chunk.file_bytes(), file.bytes.size());
      EXPECT_EQ(chunk.offset(), bytes.size());
      EXPECT_LE(chunk.data().size(), 256u << 10);
      bytes += chunk.data();
    }
    EXPECT_TRUE(std::equal(
        bytes.begin(), bytes.end(), file.bytes.begin(), file.bytes.end(),
        [](char a, uint8_t b) { return static_cast<uint8_t>(a) == b; }));
  }
}

TEST_F(CodecSenderTest, UnknownIdIsNotFoundAndListsTheLoaded) {
  ExpectNotFound(TestCodecId('c'), TestCodecId('a'));
  ExpectNotFound("", TestCodecId('b'));
  ExpectNotFound("aaaaaaaa", "loaded:");
}

TEST_F(CodecSenderTest, CodecWithoutItsDeviceHalfIsNotFound) {
  ExpectNotFound(TestCodecId('b'), "without its device half");
}

TEST_F(CodecSenderTest, DeviceThatGivesUpHarmsNobody) {
  v1::FetchCodecRequest request;
  request.set_codec_id(TestCodecId('a'));
  {
    grpc::ClientContext context;
    const auto reader = stub_->FetchCodec(&context, request);
    v1::CodecChunk chunk;
    EXPECT_TRUE(reader->Read(&chunk));
    context.TryCancel();
    EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::CANCELLED);
  }
  std::vector<v1::CodecChunk> chunks;
  EXPECT_TRUE(Fetch(TestCodecId('a'), &chunks).ok());
}

TEST_F(CodecSenderTest, ListModelsTellsTheSizeOfTheDeviceHalf) {
  grpc::ClientContext context;
  v1::ListModelsResponse response;
  ASSERT_TRUE(stub_->ListModels(&context, {}, &response).ok());
  EXPECT_EQ(response.codecs(0).device_half_bytes(), 100u + (768u << 10) + 1);
  EXPECT_EQ(response.codecs(1).device_half_bytes(), 0u);
}

}  // namespace
}  // namespace sluice::server
