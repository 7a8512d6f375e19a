// sluice-device: pictures in, answers of a Sluice server out.
#include <stdlib.h>

#include <exception>
#include <iostream>
#include <memory>
#include <opencv2/core/utility.hpp>
#include <opencv2/core/utils/logger.hpp>
#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/artifact/codec_artifact.h"
#include "common/base/status_macros.h"
#include "common/model/compute.h"
#include "common/model/encoder.h"
#include "common/wire/credentials.h"
#include "device/options.h"
#include "device/provisioning.h"
#include "device/run.h"
#include "device/run_codec.h"
#include "device/server_channel.h"
#include "device/server_link.h"
#include "device/source.h"
#include "device/stop_signal.h"
#include "spdlog/sinks/stdout_color_sinks.h"
#include "spdlog/spdlog.h"

namespace sluice::device {
namespace {

ExitCode Fail(ExitCode exit_code, std::string_view what,
              const absl::Status& status) {
  spdlog::error("{}{}", what, std::string(status.message()));
  return exit_code;
}

void LogLine(const std::string& line) { spdlog::info("{}", line); }

// Refuses addresses that are none, and plaintext to other machines that nobody
// asked for.
absl::Status CheckServers(const Options& options) {
  for (const std::string& server : options.servers) {
    if (absl::Status status = CheckAddress(server); !status.ok()) {
      return absl::InvalidArgumentError("--server: " +
                                        std::string(status.message()));
    }
    if (options.tls || options.insecure || wire::IsLoopback(server)) continue;
    return absl::InvalidArgumentError(
        server +
        " is another machine and the link would be plaintext: say --tls or "
        "--tls-ca FILE, or --insecure if that is meant");
  }
  return absl::OkStatus();
}

absl::StatusOr<ChannelSecurity> MakeSecurity(const Options& options) {
  SLUICE_RETURN_IF_ERROR(CheckServers(options));
  ChannelSecurity security;
  if (!options.tls) return security;
  SLUICE_ASSIGN_OR_RETURN(security.credentials,
                          wire::MakeChannelCredentials(options.tls_ca));
  security.tls_name = options.tls_name;
  return security;
}

ProvisioningOptions MakeProvisioningOptions(const Options& options,
                                            const ChannelSecurity& security) {
  ProvisioningOptions provisioning;
  provisioning.cache = options.cache;
  provisioning.codec_id = options.codec_id;
  provisioning.addresses = options.servers;
  provisioning.security = security;
  provisioning.protection =
      options.tls ? Protection::kTls : Protection::kPlaintext;
  provisioning.tails = options.tails;
  provisioning.deadline = options.deadline;
  return provisioning;
}

absl::StatusOr<artifact::CodecArtifact> ObtainCodec(
    const Options& options, const ChannelSecurity& security) {
  if (!options.codec.empty()) {
    return artifact::LoadCodec(options.codec, artifact::CodecHalf::kDevice);
  }
  return ProvisionCodec(MakeProvisioningOptions(options, security), LogLine);
}

// With --codec every error is the folder's.
ExitCode FailWithoutCodec(const Options& options, const absl::Status& status) {
  if (!options.codec.empty()) {
    return Fail(ExitCode::kBadCodec,
                "cannot load the codec (--codec DIR): ", status);
  }
  const bool is_of_the_server =
      absl::IsUnavailable(status) || absl::IsNotFound(status) ||
      absl::IsInvalidArgument(status) || absl::IsFailedPrecondition(status);
  return Fail(is_of_the_server ? ExitCodeOf(status) : ExitCode::kBadCodec, "",
              status);
}

// OutOfRange when the codec does not suit the options; LoadEncoder's errors.
absl::StatusOr<std::shared_ptr<const RunCodec>> PrepareToEncode(
    const Options& options, artifact::CodecArtifact artifact) {
  absl::StatusOr<EncodingOptions> encoding =
      MakeEncodingOptions(options, artifact.spec);
  if (!encoding.ok()) {
    return absl::OutOfRangeError(encoding.status().message());
  }
  std::shared_ptr<model::Encoder> encoder;
  if (options.send == Send::kFrame) {
    absl::StatusOr<std::unique_ptr<model::Encoder>> loaded =
        model::LoadEncoder(artifact, options.threads);
    if (!loaded.ok()) {
      return absl::Status(loaded.status().code(),
                          "cannot build the encoder: " +
                              std::string(loaded.status().message()));
    }
    encoder = *std::move(loaded);
  }
  return std::make_shared<const RunCodec>(
      *std::move(encoding), std::move(artifact), std::move(encoder));
}

std::shared_ptr<const artifact::CodecArtifact> ArtifactOf(
    const std::shared_ptr<const RunCodec>& codec) {
  return {codec, &codec->artifact()};
}

// None for a device that was told its codec.
RenewCodec MakeRenewCodec(const Options& options,
                          const ChannelSecurity& security,
                          CurrentCodec* codec) {
  if (!options.codec.empty() || !options.codec_id.empty()) return nullptr;
  ProvisioningOptions provisioning = MakeProvisioningOptions(options, security);
  provisioning.may_start_offline = false;
  return [&options, provisioning, codec]()
             -> absl::StatusOr<std::shared_ptr<const artifact::CodecArtifact>> {
    SLUICE_ASSIGN_OR_RETURN(artifact::CodecArtifact artifact,
                            ProvisionCodec(provisioning, LogLine));
    SLUICE_ASSIGN_OR_RETURN(std::shared_ptr<const RunCodec> renewed,
                            PrepareToEncode(options, std::move(artifact)));
    codec->Set(renewed);
    return ArtifactOf(renewed);
  };
}

LinkOptions MakeLinkOptions(const Options& options,
                            const ChannelSecurity& security,
                            CurrentCodec* codec, const Source& source) {
  LinkOptions link;
  link.addresses = options.servers;
  link.security = security;
  link.needs = {ArtifactOf(codec->Get()), options.tails};
  link.deadline = options.deadline;
  link.give_up_after = options.give_up_after;
  link.lossless = !source.is_live();
  link.renew_codec = MakeRenewCodec(options, security, codec);
  return link;
}

// "rate 1", or "rates 0 to 3 within 1500 bytes".
std::string RateText(const Options& options, const artifact::CodecSpec& spec) {
  if (!options.max_bytes) {
    return absl::StrCat("rate ", options.rate.value_or(spec.default_rate));
  }
  return absl::StrCat("rates 0 to ", options.rate.value_or(spec.num_rates - 1),
                      " within ", *options.max_bytes, " bytes");
}

// Runs over the source until it ends or a signal comes.
ExitCode RunUntilStopped(const Options& options,
                         const ChannelSecurity& security, CurrentCodec* codec,
                         StopSignal* stop_signal) {
  absl::StatusOr<std::unique_ptr<Source>> source =
      OpenSource(options.inputs, options.source, LogLine);
  if (!source.ok()) {
    return Fail(absl::IsUnavailable(source.status()) ? ExitCode::kNoCamera
                                                     : ExitCode::kUsage,
                "", source.status());
  }
  stop_signal->Watch([&source] {
    spdlog::info("stopping");
    (*source)->Stop();
  });
  const LinkOptions link = MakeLinkOptions(options, security, codec, **source);
  const ExitCode exit_code = RunDevice(
      options, codec, source->get(),
      [&link](OnAnswer on_answer) {
        return ServerLink::Start(link, std::move(on_answer), LogLine);
      },
      &std::cout);
  stop_signal->EndWatch();  // It uses the source.
  const bool is_endless = (*source)->is_live() || options.source.loop;
  if (!stop_signal->has_come() || is_endless || exit_code != ExitCode::kOk) {
    return exit_code;
  }
  spdlog::warn("stopped before the last picture");
  return ExitCode::kSomeFailed;
}

// FFmpeg and OpenCV comment on bad files in their own words; the report of the
// file says it once, unless debugging. The pipeline's stages run beside each
// other and beside the encoder's threads, so OpenCV starts none of its own.
void SetUpMediaLibraries(const Options& options) {
  cv::setNumThreads(1);
  if (options.log_level == "debug") return;
  cv::utils::logging::setLogLevel(cv::utils::logging::LOG_LEVEL_SILENT);
  setenv("OPENCV_FFMPEG_LOGLEVEL", "-8", /*overwrite=*/0);
}

ExitCode Main(int argc, char** argv) {
  StopSignal stop_signal;  // Before there are threads.
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
  SetUpMediaLibraries(options);

  const absl::StatusOr<ChannelSecurity> security = MakeSecurity(options);
  if (!security.ok()) return Fail(ExitCode::kUsage, "", security.status());
  absl::StatusOr<artifact::CodecArtifact> artifact =
      ObtainCodec(options, *security);
  if (!artifact.ok()) return FailWithoutCodec(options, artifact.status());
  absl::StatusOr<std::shared_ptr<const RunCodec>> prepared =
      PrepareToEncode(options, *std::move(artifact));
  if (!prepared.ok()) {
    return Fail(absl::IsOutOfRange(prepared.status()) ? ExitCode::kUsage
                                                      : ExitCode::kBadCodec,
                "", prepared.status());
  }
  const artifact::CodecArtifact& prepared_artifact = (*prepared)->artifact();
  spdlog::info("codec {} ({}), {}", prepared_artifact.spec.name,
               prepared_artifact.id.substr(0, 8),
               RateText(options, prepared_artifact.spec));
  CurrentCodec codec(*std::move(prepared));
  return RunUntilStopped(options, *security, &codec, &stop_signal);
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
