#include "tests/device/device_testing.h"

#include <chrono>
#include <numeric>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/codec/frame.h"
#include "common/codec/known_answer.h"
#include "common/wire/frame_proto.h"
#include "common/wire/grpc_status.h"
#include "grpc/grpc.h"
#include "grpcpp/security/server_credentials.h"
#include "grpcpp/server_builder.h"

namespace sluice::device {
namespace {

constexpr int kChannels = 3;
constexpr int kStride = 8;
constexpr int kNumRates = 2;
constexpr int kMaxTableSymbol = 20;

// Every symbol of +-kMaxTableSymbol equally likely, and an escape.
codec::QuantizedCdf MakeUniformCdf() {
  constexpr int kSlots = 2 * kMaxTableSymbol + 2;
  std::vector<uint32_t> cdf;
  for (int i = 0; i <= kSlots; ++i) {
    cdf.push_back((1u << codec::kCdfPrecisionBits) * i / kSlots);
  }
  return codec::QuantizedCdf::Create(std::move(cdf), -kMaxTableSymbol).value();
}

codec::CodecTables MakeTables() {
  std::vector<codec::ChannelTable> tables;
  for (int rate = 0; rate < kNumRates; ++rate) {
    const float gain = rate == 0 ? 4.0f : 16.0f;
    for (int channel = 0; channel < kChannels; ++channel) {
      tables.push_back({gain, 1.0f / gain, 0.0f, MakeUniformCdf()});
    }
  }
  return codec::CodecTables::Create(kNumRates, kChannels, std::move(tables))
      .value();
}

grpc::Status ClassifyBy(const artifact::CodecArtifact& codec,
                        const v1::InferRequest& request,
                        v1::InferResponse* response) {
  const absl::StatusOr<codec::DecodedFrame> frame = codec::DecodeFrame(
      wire::FrameFromProto(request), codec.tables, codec.short_id);
  if (!frame.ok()) return wire::ToGrpcStatus(frame.status());
  const float mean =
      std::accumulate(frame->y_hat.begin(), frame->y_hat.end(), 0.0f) /
      static_cast<float>(frame->y_hat.size());
  v1::Result* result = response->add_results();
  result->set_tail("brightness");
  for (const bool is_bright : {mean > 0, mean <= 0}) {
    v1::Classification::Class* entry =
        result->mutable_classification()->add_top();
    entry->set_index(is_bright);
    entry->set_label(is_bright ? "bright" : "dark");
    entry->set_score(is_bright ? (1 + mean) / 2 : (1 - mean) / 2);
  }
  response->mutable_timings()->set_tail_us(250);
  response->mutable_timings()->set_total_us(500);
  response->set_sequence(request.sequence());
  return grpc::Status::OK;
}

}  // namespace

artifact::CodecArtifact MakeCodec(uint32_t short_id) {
  artifact::CodecSpec spec;
  spec.name = "block-mean";
  spec.family = "block-mean";
  spec.latent_stride = kStride;
  spec.latent_channels = kChannels;
  spec.num_rates = kNumRates;
  spec.default_rate = 1;
  return {.spec = spec,
          .id = absl::StrCat(absl::Hex(short_id, absl::kZeroPad8),
                             std::string(56, 'a')),
          .short_id = short_id,
          .tables = MakeTables(),
          .encoder = {},
          .decoder = {},
          .about = {}};
}

absl::StatusOr<base::FloatTensor> BlockMeanEncoder::Encode(
    const base::FloatTensor& input) {
  const int64_t height = input.shape[1] / kStride;
  const int64_t width = input.shape[2] / kStride;
  base::FloatTensor latent;
  latent.shape = {kChannels, height, width};
  latent.values.resize(base::NumElements(latent.shape));
  for (int64_t c = 0; c < kChannels; ++c) {
    for (int64_t y = 0; y < input.shape[1]; ++y) {
      for (int64_t x = 0; x < input.shape[2]; ++x) {
        latent.values[(c * height + y / kStride) * width + x / kStride] +=
            input.values[(c * input.shape[1] + y) * input.shape[2] + x] /
            (kStride * kStride);
      }
    }
  }
  return latent;
}

double BlockMeanEncoder::Macs(int height, int width) const {
  return static_cast<double>(kChannels) * height * width;
}

vision::Picture MakePicture(int width, int height) {
  cv::Mat bgr(height, width, CV_8UC3);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const auto grey = static_cast<uint8_t>(255 * x / width);
      bgr.at<cv::Vec3b>(y, x) = {grey, grey, grey};
    }
  }
  return {bgr};
}

std::string ScratchDirectory::WriteJpeg(const std::string& name, int width,
                                        int height) const {
  const std::vector<uint8_t> bytes =
      vision::EncodePicture(MakePicture(width, height),
                            vision::PictureFormat::kJpeg, 90)
          .value();
  return Write(name, bytes);
}

TestServer::TestServer() : TestServer("") {}

TestServer::TestServer(std::string address, artifact::CodecArtifact codec)
    : codec_(std::make_shared<const artifact::CodecArtifact>(std::move(codec))),
      address_(std::move(address)) {
  // Without this, the end of the last server ends all of gRPC, which may wait
  // for a poll of ten seconds.
  static const bool keep_grpc = (grpc_init(), true);
  static_cast<void>(keep_grpc);
  if (address_.empty()) address_ = "unix:" + directory_.File("socket");
  const codec::KnownAnswer known =
      codec::MakeKnownAnswer(codec_->tables, codec_->short_id).value();
  v1::CodecInfo* info = models.add_codecs();
  info->set_name(codec_->spec.name);
  info->set_id(codec_->id);
  info->set_known_frame(known.frame.data(), known.frame.size());
  info->set_known_symbols_crc32c(known.symbols_crc32c);
  v1::TailInfo* tail = models.add_tails();
  tail->set_name("brightness");
  tail->set_task("classification");
  tail->add_codec_ids(codec_->id);
  tail->set_is_default(true);
  models.set_server_version("0.0.1");
  infer = [this](auto*, const auto& request, auto* response) {
    return ClassifyBy(*codec_, request, response);
  };
  grpc::ServerBuilder builder;
  builder.RegisterService(this);
  builder.AddListeningPort(address_, grpc::InsecureServerCredentials());
  server_ = builder.BuildAndStart();
}

TestServer::~TestServer() { Kill(); }

void TestServer::Kill() { server_->Shutdown(std::chrono::system_clock::now()); }

LinkOptions TestServer::link_options() const {
  LinkOptions options;
  options.addresses = {address_};
  options.needs.codec = codec_;
  options.deadline = std::chrono::milliseconds(5000);
  return options;
}

grpc::Status TestServer::Classify(grpc::ServerContext*,
                                  const v1::InferRequest& request,
                                  v1::InferResponse* response) {
  return ClassifyBy(MakeCodec(), request, response);
}

grpc::Status TestServer::Infer(grpc::ServerContext* context,
                               const v1::InferRequest* request,
                               v1::InferResponse* response) {
  ++num_infer_calls;
  return infer(context, *request, response);
}

grpc::Status TestServer::InferStream(grpc::ServerContext* context,
                                     Stream* stream) {
  ++num_stream_calls;
  if (infer_stream) return infer_stream(context, stream);
  v1::InferRequest request;
  while (stream->Read(&request)) {
    ++num_infer_calls;
    v1::InferResponse response;
    response.set_sequence(request.sequence());
    const grpc::Status status = infer(context, request, &response);
    if (!status.ok()) {
      wire::StatusToProto(wire::FromGrpcStatus(status), &response);
    }
    stream->Write(response);
  }
  return grpc::Status::OK;
}

grpc::Status TestServer::ListModels(grpc::ServerContext*,
                                    const v1::ListModelsRequest*,
                                    v1::ListModelsResponse* response) {
  ++num_list_calls;
  *response = models;
  return grpc::Status::OK;
}

grpc::Status TestServer::FetchCodec(
    grpc::ServerContext*, const v1::FetchCodecRequest* request,
    grpc::ServerWriter<v1::CodecChunk>* chunks) {
  ++num_fetch_calls;
  // A call that the client left may still run when the next one is set up.
  const FetchFunction answer = fetch;
  if (!answer) return {grpc::NOT_FOUND, "no such codec"};
  return answer(*request, chunks);
}

}  // namespace sluice::device
