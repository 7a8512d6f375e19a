// sluice-device: pictures in, answers of a Sluice server out.
#include <stdlib.h>

#include <exception>
#include <iostream>
#include <memory>
#include <opencv2/core/utils/logger.hpp>
#include <string>
#include <string_view>
#include <utility>

#include "common/artifact/codec_artifact.h"
#include "common/model/compute.h"
#include "common/model/encoder.h"
#include "device/options.h"
#include "device/run.h"
#include "device/server_client.h"
#include "spdlog/sinks/stdout_color_sinks.h"
#include "spdlog/spdlog.h"

namespace sluice::device {
namespace {

ExitCode Fail(ExitCode exit_code, std::string_view what,
              const absl::Status& status) {
  spdlog::error("{}{}", what, std::string(status.message()));
  return exit_code;
}

absl::StatusOr<std::unique_ptr<ServerClient>> ConnectTo(
    const Options& options, const artifact::CodecArtifact& codec) {
  absl::StatusOr<std::shared_ptr<grpc::Channel>> channel =
      OpenChannel(options.server);
  if (!channel.ok()) {
    return absl::InvalidArgumentError("--server: " +
                                      std::string(channel.status().message()));
  }
  return ServerClient::Connect(*std::move(channel), options.server,
                               {codec.spec.name, codec.id, options.tails},
                               options.deadline);
}

// FFmpeg and OpenCV comment on bad files in their own words; the report of the
// file says it once.
void SilenceMediaLibraries() {
  cv::utils::logging::setLogLevel(cv::utils::logging::LOG_LEVEL_ERROR);
  setenv("OPENCV_FFMPEG_LOGLEVEL", "-8", /*overwrite=*/0);
}

ExitCode Main(int argc, char** argv) {
  SilenceMediaLibraries();
  spdlog::set_default_logger(spdlog::stderr_color_mt("sluice-device"));
  spdlog::set_pattern("%^%l%$: %v");
  const absl::StatusOr<ParsedCommandLine> parsed = ParseCommandLine(argc, argv);
  if (!parsed.ok()) {
    ExitCode code = Fail(ExitCode::kUsage, "", parsed.status());
    std::cerr << "See sluice-device --help.\n";
    return code;
  }
  if (parsed->text) {
    std::cout << *parsed->text;
    return ExitCode::kOk;
  }
  const Options& options = parsed->options;
  spdlog::set_level(spdlog::level::from_str(options.log_level));

  const absl::StatusOr<artifact::CodecArtifact> codec =
      artifact::LoadCodec(options.codec, artifact::CodecHalf::kDevice);
  if (!codec.ok()) {
    return Fail(ExitCode::kBadCodec,
                "cannot load the codec (--codec DIR): ", codec.status());
  }
  const int rate = options.rate.value_or(codec->spec.default_rate);
  if (rate < 0 || rate >= codec->spec.num_rates) {
    spdlog::error("--rate: expected 0 to {} for {}, found {}",
                  codec->spec.num_rates - 1, codec->spec.name, rate);
    return ExitCode::kUsage;
  }
  const absl::StatusOr<std::unique_ptr<ServerClient>> client =
      ConnectTo(options, *codec);
  if (!client.ok())
    return Fail(ExitCodeOf(client.status()), "", client.status());
  spdlog::info("{}: sluice-server {}, codec {} ({}), rate {}", options.server,
               (*client)->server_version(), codec->spec.name,
               codec->id.substr(0, 8), rate);

  std::unique_ptr<model::Encoder> encoder;
  if (options.send == Send::kFrame) {
    absl::StatusOr<std::unique_ptr<model::Encoder>> loaded =
        model::LoadEncoder(*codec, options.threads);
    if (!loaded.ok()) {
      return Fail(ExitCode::kBadCodec,
                  "cannot build the encoder: ", loaded.status());
    }
    encoder = *std::move(loaded);
  }
  return RunDevice(options, *codec, encoder.get(), client->get(), &std::cout);
}

}  // namespace
}  // namespace sluice::device

int main(int argc, char** argv) {
  try {
    sluice::model::KeepFreedMemory();
    return static_cast<int>(sluice::device::Main(argc, argv));
  } catch (const std::exception& e) {
    std::cerr << "sluice-device: internal error: " << e.what() << '\n';
    return static_cast<int>(sluice::device::ExitCode::kSomeFailed);
  }
}
