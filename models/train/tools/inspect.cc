#include "models/train/tools/inspect.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <system_error>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "common/artifact/codec_artifact.h"
#include "common/artifact/safetensors.h"
#include "common/artifact/tail_artifact.h"
#include "common/base/float_tensor.h"
#include "common/base/status_macros.h"
#include "common/codec/codec_tables.h"
#include "common/codec/frame.h"
#include "models/train/data/annotate.h"
#include "models/train/report/text_table.h"
#include "models/train/tools/codec_files.h"

namespace sluice::train {
namespace {

// "37 tensors, 81234 values, 324936 bytes"
std::string Summary(const artifact::TensorMap& tensors) {
  size_t num_values = 0;
  size_t num_bytes = 0;
  for (const auto& [name, tensor] : tensors) {
    num_values += base::NumElements(tensor.shape);
    num_bytes += tensor.bytes.size();
  }
  return absl::StrCat(tensors.size(), " tensors, ", num_values, " values, ",
                      num_bytes, " bytes");
}

// What a symbol costs when symbols follow the table, in bits.
double EntropyBits(const codec::QuantizedCdf& table) {
  constexpr double kTotal = 1 << codec::kCdfPrecisionBits;
  double bits = 0.0;
  for (size_t k = 0; k + 1 < table.cdf().size(); ++k) {
    const double p = (table.cdf()[k + 1] - table.cdf()[k]) / kTotal;
    bits -= p * std::log2(p);
  }
  return bits;
}

std::vector<std::string> RateRow(
    int rate, std::span<const codec::ChannelTable> channels) {
  float min_gain = std::numeric_limits<float>::max();
  float max_gain = 0.0f;
  int min_symbols = std::numeric_limits<int>::max();
  int max_symbols = 0;
  double bits = 0.0;
  for (const codec::ChannelTable& channel : channels) {
    min_gain = std::min(min_gain, channel.gain);
    max_gain = std::max(max_gain, channel.gain);
    min_symbols = std::min(min_symbols, channel.cdf.num_symbols());
    max_symbols = std::max(max_symbols, channel.cdf.num_symbols());
    bits += EntropyBits(channel.cdf);
  }
  return {absl::StrCat(rate),
          absl::StrFormat("%.4g", min_gain),
          absl::StrFormat("%.4g", max_gain),
          absl::StrCat(min_symbols),
          absl::StrCat(max_symbols),
          absl::StrFormat("%.3f", bits / static_cast<double>(channels.size()))};
}

std::string RatesToText(const codec::CodecTables& tables) {
  TextTable table({"rate", "gain min", "max", "symbols min", "max",
                   "bits per latent element"});
  for (int rate = 0; rate < tables.num_rates(); ++rate) {
    table.AddRow(RateRow(rate, tables.rate(rate)));
  }
  return table.ToString();
}

absl::StatusOr<std::string> InspectCodec(const std::filesystem::path& folder) {
  SLUICE_ASSIGN_OR_RETURN(
      const artifact::CodecArtifact codec,
      artifact::LoadCodec(folder, artifact::CodecHalf::kBoth));
  const artifact::CodecSpec& spec = codec.spec;
  return absl::StrCat(
      "codec ", spec.name, ", family ", spec.family, ", version ", spec.version,
      "\nid ", codec.id, "\nshort id ", absl::StrFormat("%08x", codec.short_id),
      "\ninput RGB, x * ", spec.input_scale, " + ", spec.input_offset,
      ", padded to a multiple of ", spec.pad_multiple, "\nlatent ",
      spec.latent_channels, " channels at 1/", spec.latent_stride,
      spec.latent_trim == 0 ? "" : absl::StrCat(" less ", spec.latent_trim),
      "\nfeatures ", spec.features_channels, " channels at 1/",
      spec.features_stride, "\nencoder ", spec.encoder.dump(), ": ",
      Summary(codec.encoder), "\ndecoder ", spec.decoder.dump(), ": ",
      Summary(codec.decoder), "\nrates ", spec.num_rates, ", default ",
      spec.default_rate, "\n\n", RatesToText(codec.tables), "\nabout ",
      codec.about.dump(2), "\n");
}

std::string DescribeLabels(const std::vector<std::string>& labels) {
  if (labels.empty()) return "none";
  return absl::StrCat(labels.size(), ", from \"", labels.front(), "\" to \"",
                      labels.back(), "\"");
}

absl::StatusOr<std::string> InspectTail(const std::filesystem::path& folder) {
  SLUICE_ASSIGN_OR_RETURN(const artifact::TailArtifact tail,
                          artifact::LoadTail(folder));
  const artifact::TailSpec& spec = tail.spec;
  return absl::StrCat(
      "tail ", spec.name, ", ", spec.task, ", family ", spec.family,
      ", version ", spec.version,
      artifact::IsTorchScript(spec)
          ? absl::StrCat("\nTorchScript module, ", tail.module.size(), " bytes")
          : absl::StrCat("\nweights ", Summary(tail.weights)),
      "\nSHA-256 ", tail.digest, "\nnetwork ", spec.network.dump(), "\nlabels ",
      DescribeLabels(tail.labels), "\nfor codec ids ",
      absl::StrJoin(spec.codec_ids, ", "), "\nabout ", tail.about.dump(2),
      "\n");
}

absl::StatusOr<std::string> InspectFrame(const std::filesystem::path& path) {
  SLUICE_ASSIGN_OR_RETURN(const std::vector<uint8_t> bytes,
                          ReadFrameFile(path));
  const absl::StatusOr<codec::Frame> frame = codec::ReadFrame(bytes);
  if (!frame.ok()) return Annotate(frame.status(), path.string());
  const codec::FrameHeader& header = frame->header;
  return absl::StrCat(
      "frame, version ", codec::kFrameVersion, ", ", bytes.size(), " bytes",
      "\ncodec short id ", absl::StrFormat("%08x", header.codec_short_id),
      "\nrate ", header.rate, "\nlatent ", header.latent_height, " high, ",
      header.latent_width, " wide\npayload ", frame->payload.size(), " bytes, ",
      header.num_lanes, header.num_lanes == 1 ? " lane\n" : " lanes\n");
}

}  // namespace

absl::StatusOr<std::string> InspectArtifact(const std::filesystem::path& path) {
  std::error_code error;
  if (!std::filesystem::is_directory(path, error)) return InspectFrame(path);
  SLUICE_ASSIGN_OR_RETURN(const artifact::ArtifactKind kind,
                          artifact::KindOf(path));
  return kind == artifact::ArtifactKind::kCodec ? InspectCodec(path)
                                                : InspectTail(path);
}

}  // namespace sluice::train
