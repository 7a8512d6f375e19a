// picture_frame: the frame that sluice-device sends of a picture, as a file,
// and how two such files differ. scripts/test-arm64 compares architectures by
// it.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common/artifact/codec_artifact.h"
#include "common/base/file_io.h"
#include "common/base/status_macros.h"
#include "common/codec/frame.h"
#include "common/codec/latent_shape.h"
#include "common/model/encoder.h"
#include "common/vision/geometry.h"
#include "common/vision/picture.h"
#include "device/picture_encoder.h"

namespace sluice {
namespace {

constexpr char kUsage[] =
    "usage: picture_frame encode CODEC VIEW PICTURE FRAME\n"
    "       picture_frame compare CODEC FRAME FRAME\n";

// At the codec's default rate, by one thread.
absl::Status Encode(const artifact::CodecArtifact& codec, std::string_view view,
                    const std::string& picture_path,
                    const std::string& frame_path) {
  SLUICE_ASSIGN_OR_RETURN(const vision::ViewRule rule,
                          vision::ParseViewRule(view));
  SLUICE_ASSIGN_OR_RETURN(const vision::Picture picture,
                          vision::ReadPicture(picture_path));
  SLUICE_ASSIGN_OR_RETURN(const device::PreparedView prepared,
                          device::PrepareView(picture, rule, codec.spec));
  SLUICE_ASSIGN_OR_RETURN(const std::unique_ptr<model::Encoder> encoder,
                          model::LoadEncoder(codec, /*num_threads=*/1));
  SLUICE_ASSIGN_OR_RETURN(const base::FloatTensor latent,
                          encoder->Encode(prepared.input));
  const codec::LatentShape shape{static_cast<int>(latent.shape[0]),
                                 static_cast<int>(latent.shape[1]),
                                 static_cast<int>(latent.shape[2])};
  SLUICE_ASSIGN_OR_RETURN(
      const std::vector<uint8_t> frame,
      codec::EncodeFrame(latent.values, shape, codec.tables, codec.short_id,
                         codec.spec.default_rate));
  return base::WriteFileAtomically(frame_path, frame);
}

absl::StatusOr<codec::DecodedFrame> Decode(const artifact::CodecArtifact& codec,
                                           const std::string& path) {
  SLUICE_ASSIGN_OR_RETURN(const std::vector<uint8_t> bytes,
                          base::ReadFile(path, /*max_bytes=*/64u << 20));
  return codec::DecodeFrame(bytes, codec.tables, codec.short_id);
}

// Prints "symbols, of them different, greatest difference".
absl::Status Compare(const artifact::CodecArtifact& codec,
                     const std::string& path, const std::string& other_path) {
  SLUICE_ASSIGN_OR_RETURN(const codec::DecodedFrame frame, Decode(codec, path));
  SLUICE_ASSIGN_OR_RETURN(const codec::DecodedFrame other,
                          Decode(codec, other_path));
  if (frame.shape != other.shape || frame.header.rate != other.header.rate) {
    return absl::FailedPreconditionError(
        absl::StrCat("expected frames of one shape and rate, found ", path,
                     " and ", other_path));
  }
  const auto channels = codec.tables.rate(frame.header.rate);
  const size_t num_positions = frame.shape.num_positions();
  size_t num_different = 0;
  long greatest = 0;
  for (size_t i = 0; i < frame.y_hat.size(); ++i) {
    const long difference =
        std::labs(std::lround((frame.y_hat[i] - other.y_hat[i]) /
                              channels[i / num_positions].inverse_gain));
    if (difference != 0) ++num_different;
    greatest = std::max(greatest, difference);
  }
  std::cout << frame.y_hat.size() << ' ' << num_different << ' ' << greatest
            << '\n';
  return absl::OkStatus();
}

absl::Status Run(const std::vector<std::string>& arguments) {
  SLUICE_ASSIGN_OR_RETURN(
      const artifact::CodecArtifact codec,
      artifact::LoadCodec(arguments[1], artifact::CodecHalf::kDevice));
  if (arguments[0] == "encode") {
    return Encode(codec, arguments[2], arguments[3], arguments[4]);
  }
  return Compare(codec, arguments[2], arguments[3]);
}

int Main(const std::vector<std::string>& arguments) {
  const bool is_usage = !arguments.empty() &&
                        ((arguments[0] == "encode" && arguments.size() == 5) ||
                         (arguments[0] == "compare" && arguments.size() == 4));
  if (!is_usage) {
    std::cerr << kUsage;
    return 2;
  }
  if (absl::Status status = Run(arguments); !status.ok()) {
    std::cerr << "picture_frame: " << std::string(status.message()) << '\n';
    return 1;
  }
  return 0;
}

}  // namespace
}  // namespace sluice

int main(int argc, char** argv) {
  return sluice::Main({argv + 1, argv + argc});
}
