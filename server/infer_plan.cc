#include "server/infer_plan.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <span>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "common/base/status_macros.h"
#include "common/codec/frame.h"
#include "common/codec/latent_shape.h"
#include "common/vision/picture.h"
#include "common/wire/frame_proto.h"
#include "server/result.h"

namespace sluice::server {
namespace {

absl::Status PlanTails(const v1::InferRequest& request, const ModelStore& store,
                       InferPlan* plan) {
  if (request.tails().empty()) plan->tails.push_back(&store.default_tail());
  for (const std::string& name : request.tails()) {
    const LoadedTail* tail = store.FindTail(name);
    if (tail == nullptr) {
      return absl::NotFoundError(absl::StrCat(
          "unknown tail \"", name, "\"; loaded: ", store.DescribeTails()));
    }
    if (std::find(plan->tails.begin(), plan->tails.end(), tail) !=
        plan->tails.end()) {
      return absl::InvalidArgumentError(
          absl::StrCat("tail \"", name, "\" is named twice"));
    }
    plan->tails.push_back(tail);
  }
  return absl::OkStatus();
}

absl::Status PlanMask(const v1::ResultOptions& options, InferPlan* plan) {
  if (!v1::MaskFormat_IsValid(options.mask_format())) {
    return absl::InvalidArgumentError(
        absl::StrCat("options.mask_format ",
                     static_cast<int>(options.mask_format()), " is unknown"));
  }
  if (options.max_mask_side() > vision::kMaxPictureSide) {
    return absl::InvalidArgumentError(
        absl::StrCat("options.max_mask_side is ", options.max_mask_side(),
                     ", expected 0 to ", vision::kMaxPictureSide));
  }
  plan->mask.format = options.mask_format();
  if (options.max_mask_side() > 0) {
    plan->mask.max_side = static_cast<int>(options.max_mask_side());
  }
  return absl::OkStatus();
}

absl::Status PlanOptions(const v1::ResultOptions& options, InferPlan* plan) {
  const float threshold = options.score_threshold();
  if (!(threshold >= 0.0f && threshold <= 1.0f)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "options.score_threshold is ", threshold, ", expected 0 to 1"));
  }
  plan->score_threshold = threshold;
  if (options.top_k() > 0) {
    plan->top_k = static_cast<int>(
        std::min<uint32_t>(options.top_k(), std::numeric_limits<int>::max()));
  }
  return PlanMask(options, plan);
}

// `found` says where plan.codec comes from.
absl::Status CheckTailsAccept(const InferPlan& plan, const char* found) {
  for (const LoadedTail* tail : plan.tails) {
    if (tail->Accepts(*plan.codec)) continue;
    return absl::FailedPreconditionError(
        absl::StrCat("tail \"", tail->name(), "\" is for codec ",
                     absl::StrJoin(tail->artifact.spec.codec_ids, " or "), ", ",
                     found, " ", plan.codec->artifact.id));
  }
  return absl::OkStatus();
}

absl::Status PlanFrame(const v1::InferRequest& request, const ModelStore& store,
                       InferPlan* plan) {
  plan->entrance = Entrance::kLatent;
  const std::span<const uint8_t> bytes = wire::FrameFromProto(request);
  SLUICE_ASSIGN_OR_RETURN(plan->frame, codec::ReadFrame(bytes));
  const codec::FrameHeader& header = plan->frame.header;
  plan->codec = store.FindCodecByShortId(header.codec_short_id);
  if (plan->codec == nullptr) {
    return absl::FailedPreconditionError(
        absl::StrFormat("the frame is of codec %08x...; loaded: %s",
                        header.codec_short_id, store.DescribeCodecs()));
  }
  SLUICE_RETURN_IF_ERROR(CheckTailsAccept(*plan, "the frame is of"));

  const artifact::CodecArtifact& codec = plan->codec->artifact;
  const codec::LatentShape shape = {.channels = codec.tables.num_channels(),
                                    .height = header.latent_height,
                                    .width = header.latent_width};
  SLUICE_RETURN_IF_ERROR(codec::CheckLatentShape(shape));
  SLUICE_RETURN_IF_ERROR(
      artifact::CheckLatentSides(codec.spec, shape.height, shape.width));
  const vision::Size padded = {artifact::InputSide(codec.spec, shape.width),
                               artifact::InputSide(codec.spec, shape.height)};
  plan->geometry = {.source = padded, .valid = padded, .padded = padded};
  if (request.has_geometry()) {
    SLUICE_ASSIGN_OR_RETURN(
        plan->geometry, wire::GeometryFromProto(request.geometry(), padded));
  }
  plan->memory_bytes = bytes.size() + shape.num_elements() * sizeof(float);
  return absl::OkStatus();
}

// The first codec that all tails accept.
absl::Status PlanSharedCodec(const ModelStore& store, InferPlan* plan) {
  for (const LoadedCodec& codec : store.codecs()) {
    plan->codec = &codec;
    if (CheckTailsAccept(*plan, "").ok()) return absl::OkStatus();
  }
  return absl::FailedPreconditionError(absl::StrCat(
      "the tails share no loaded codec: ",
      absl::StrJoin(plan->tails, "; ", [](std::string* out, const auto* tail) {
        absl::StrAppend(out, "\"", tail->name(), "\" is for ",
                        absl::StrJoin(tail->artifact.spec.codec_ids, " or "));
      })));
}

absl::Status PlanImageCodec(const v1::EncodedImage& image,
                            const ModelStore& store, InferPlan* plan) {
  if (image.codec_id().empty()) return PlanSharedCodec(store, plan);
  plan->codec = store.FindCodec(image.codec_id());
  if (plan->codec == nullptr) {
    return absl::NotFoundError(
        absl::StrCat("unknown codec ", image.codec_id(),
                     "; loaded: ", store.DescribeCodecs()));
  }
  return CheckTailsAccept(*plan, "the picture is for");
}

// Bounds what decoding may cost by what the picture's header declares.
absl::Status CheckPictureSize(vision::Size size, bool has_view) {
  const size_t pixels = static_cast<size_t>(size.width) * size.height;
  if (size.width > vision::kMaxPictureSide ||
      size.height > vision::kMaxPictureSide ||
      pixels > vision::kMaxPicturePixels) {
    return absl::ResourceExhaustedError(
        absl::StrCat("picture of ", size.width, " x ", size.height,
                     " pixels exceeds sides ", "of ", vision::kMaxPictureSide,
                     " or ", vision::kMaxPicturePixels, " pixels"));
  }
  if (!has_view && std::max(size.width, size.height) > vision::kMaxViewSide) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "picture of ", size.width, " x ", size.height,
        " pixels without a view ", "exceeds sides of ", vision::kMaxViewSide));
  }
  return absl::OkStatus();
}

absl::Status PlanImage(const v1::EncodedImage& image, const ModelStore& store,
                       InferPlan* plan) {
  plan->entrance = Entrance::kPixels;
  SLUICE_RETURN_IF_ERROR(PlanImageCodec(image, store, plan));
  const bool has_view = !image.view().empty();
  vision::ViewRule rule;
  if (has_view) {
    SLUICE_ASSIGN_OR_RETURN(rule, vision::ParseViewRule(image.view()));
  }
  const std::string& data = image.data();
  SLUICE_ASSIGN_OR_RETURN(
      const vision::Size size,
      vision::ProbePicture(
          {reinterpret_cast<const uint8_t*>(data.data()), data.size()}));
  SLUICE_RETURN_IF_ERROR(CheckPictureSize(size, has_view));
  if (!has_view) rule = {vision::ViewRule::Kind::kFit, size};
  SLUICE_ASSIGN_OR_RETURN(
      plan->geometry, vision::MakeGeometry(
                          size, rule, plan->codec->artifact.spec.pad_multiple));
  const vision::Size padded = plan->geometry.padded;
  const size_t view_pixels = static_cast<size_t>(padded.width) * padded.height;
  const size_t picture_pixels = static_cast<size_t>(size.width) * size.height;
  plan->memory_bytes =
      data.size() + 3 * picture_pixels + 3 * view_pixels * sizeof(float);
  return absl::OkStatus();
}

absl::Status PlanPayload(const v1::InferRequest& request,
                         const ModelStore& store, InferPlan* plan) {
  switch (request.payload_case()) {
    case v1::InferRequest::kFrame:
      return PlanFrame(request, store, plan);
    case v1::InferRequest::kImage:
      return PlanImage(request.image(), store, plan);
    case v1::InferRequest::PAYLOAD_NOT_SET:
      break;
  }
  return absl::InvalidArgumentError(
      "the request has no payload: expected a frame or an image");
}

// A response never exceeds `max_bytes`.
size_t MaxResponseBytes(const InferPlan& plan, size_t max_bytes) {
  size_t num_bytes = 0;
  for (const LoadedTail* tail : plan.tails) {
    num_bytes += std::min(MaxResultBytes(*tail, plan), max_bytes - num_bytes);
  }
  return num_bytes;
}

}  // namespace

absl::StatusOr<InferPlan> MakeInferPlan(const v1::InferRequest& request,
                                        const ModelStore& store,
                                        const ServerLimits& limits) {
  InferPlan plan;
  SLUICE_RETURN_IF_ERROR(PlanTails(request, store, &plan));
  SLUICE_RETURN_IF_ERROR(PlanOptions(request.options(), &plan));
  SLUICE_RETURN_IF_ERROR(PlanPayload(request, store, &plan));
  plan.memory_bytes += MaxResponseBytes(plan, limits.max_message_bytes);
  return plan;
}

}  // namespace sluice::server
