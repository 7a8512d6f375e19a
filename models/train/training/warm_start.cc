#include "models/train/training/warm_start.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <span>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/model/patch_family.h"
#include "common/model/weights.h"
#include "models/train/training/codec_student.h"

namespace sluice::train {
namespace {

// Between two rates of the old codec, or beyond its ends.
struct Place {
  int lower = 0;        // Interpolated with lower + 1.
  double weight = 0.0;  // Of lower + 1, in 0..1.
  double beyond = 0.0;  // log(size / the end's size) outside of the range.
  int nearest() const { return weight < 0.5 ? lower : lower + 1; }
};

Place PlaceOf(double bytes, const std::vector<double>& targets) {
  const int last = static_cast<int>(targets.size()) - 1;
  if (bytes <= targets.front()) {
    return {.beyond = std::log(bytes / targets.front())};
  }
  if (bytes >= targets.back()) {
    return {.lower = std::max(0, last - 1),
            .weight = last > 0 ? 1.0 : 0.0,
            .beyond = std::log(bytes / targets.back())};
  }
  int lower = 0;
  while (bytes >= targets[lower + 1]) ++lower;
  return {.lower = lower,
          .weight = std::log(bytes / targets[lower]) /
                    std::log(targets[lower + 1] / targets[lower])};
}

absl::StatusOr<codec::CodecTables> TablesAt(
    const codec::CodecTables& old_tables, const std::vector<Place>& places,
    const std::vector<double>& old_targets) {
  const int num_channels = old_tables.num_channels();
  const int last = old_tables.num_rates() - 1;
  const std::span<const codec::ChannelTable> top = old_tables.rate(last);
  std::vector<codec::ChannelTable> tables;
  for (const Place& place : places) {
    for (int c = 0; c < num_channels; ++c) {
      const codec::ChannelTable& a = old_tables.rate(place.lower)[c];
      const codec::ChannelTable& b =
          old_tables.rate(std::min(place.lower + 1, last))[c];
      const double slope =
          last == 0
              ? 1.0
              : std::clamp(
                    std::log(top[c].gain / old_tables.rate(0)[c].gain) /
                        std::log(old_targets.back() / old_targets.front()),
                    0.5, 1.5);
      const double w = place.weight;
      const double log_gain = (1 - w) * std::log(a.gain) +
                              w * std::log(b.gain) + slope * place.beyond;
      // gain * inverse: how much y_hat is shrunk.
      const double log_shrink = (1 - w) * std::log(a.gain * a.inverse_gain) +
                                w * std::log(b.gain * b.inverse_gain);
      codec::ChannelTable table =
          old_tables.rate(std::min(place.nearest(), last))[c];
      const double median = table.median / table.gain;
      table.gain = static_cast<float>(std::exp(log_gain));
      table.inverse_gain =
          static_cast<float>(std::exp(log_shrink) / table.gain);
      table.median = static_cast<float>(median * table.gain);
      tables.push_back(std::move(table));
    }
  }
  return codec::CodecTables::Create(static_cast<int>(places.size()),
                                    num_channels, std::move(tables));
}

at::Tensor RowsAt(const at::Tensor& rows, const std::vector<Place>& places) {
  std::vector<at::Tensor> picked;
  const int64_t last = rows.size(0) - 1;
  for (const Place& place : places) {
    picked.push_back(
        at::lerp(rows.select(0, place.lower),
                 rows.select(0, std::min<int64_t>(place.lower + 1, last)),
                 place.weight));
  }
  return at::stack(picked);
}

// Of rounded (y - median) gain, mean per picture; rows of `y` are channels.
double EntropyBytes(const at::Tensor& y, const at::Tensor& median,
                    const at::Tensor& gain, double num_pictures) {
  const at::Tensor symbols =
      at::round((y - median.unsqueeze(1)) * gain.unsqueeze(1)).to(at::kLong);
  double bits = 0;
  for (int64_t c = 0; c < y.size(0); ++c) {
    const at::Tensor counts =
        at::bincount(symbols[c] - symbols[c].min()).to(at::kDouble);
    const at::Tensor p = counts / counts.sum();
    bits -= (counts * at::log2(p.clamp_min(1e-12))).sum().item<double>();
  }
  return bits / 8 / num_pictures;
}

}  // namespace

void MatchSizes(const at::Tensor& y, const std::vector<double>& target_bytes,
                double pixel_share, model::Weights* rate) {
  const at::NoGradGuard no_grad;
  constexpr int kBisections = 25;
  const at::Tensor rows = y.transpose(0, 1).flatten(1).contiguous();
  const at::Tensor& median = rate->at("median");
  const auto num_pictures = static_cast<double>(y.size(0));
  for (size_t r = 0; r < target_bytes.size(); ++r) {
    at::Tensor log_gain = rate->at("log_gain")[static_cast<int64_t>(r)];
    const double target = target_bytes[r] * pixel_share;
    double low = -8, high = 8;
    for (int i = 0; i < kBisections; ++i) {
      const double middle = (low + high) / 2;
      const double found =
          EntropyBytes(rows, median, (log_gain + middle).exp(), num_pictures);
      (found < target ? low : high) = middle;
    }
    log_gain += low;
    rate->at("log_inverse_gain")[static_cast<int64_t>(r)] -= low;
  }
}

absl::StatusOr<artifact::CodecArtifact> WithRates(
    artifact::CodecArtifact codec, const std::vector<double>& target_bytes) {
  if (codec.spec.family != model::kPatchFamily) {
    return absl::NotFoundError(
        absl::StrCat(codec.spec.name, ": expected family ", model::kPatchFamily,
                     ", found ", codec.spec.family));
  }
  std::vector<double> old_targets;
  const auto stated = codec.about.find("target_bytes");
  if (stated != codec.about.end() && stated->is_array()) {
    for (const nlohmann::json& value : *stated) {
      old_targets.push_back(value.is_number() ? value.get<double>() : 0.0);
    }
  }
  if (static_cast<int>(old_targets.size()) != codec.spec.num_rates ||
      !std::is_sorted(old_targets.begin(), old_targets.end()) ||
      old_targets.front() <= 0) {
    return absl::InvalidArgumentError(absl::StrCat(
        codec.spec.name, ": expected ", codec.spec.num_rates,
        " ascending sizes in about.target_bytes, found ", old_targets.size()));
  }
  std::vector<Place> places;
  for (const double bytes : target_bytes) {
    places.push_back(PlaceOf(bytes, old_targets));
  }
  SLUICE_ASSIGN_OR_RETURN(model::Weights decoder,
                          model::WeightsFromTensors(codec.decoder));
  for (const char* name : {"decoder.rate_scale", "decoder.rate_shift"}) {
    decoder.at(name) = RowsAt(decoder.at(name), places);
  }
  SLUICE_ASSIGN_OR_RETURN(codec.tables,
                          TablesAt(codec.tables, places, old_targets));
  codec.decoder =
      model::TensorsFromWeights(decoder, model::StoredPrecision::kFloat);
  codec.spec.num_rates = static_cast<int>(target_bytes.size());
  return codec;
}

absl::StatusOr<model::Weights> WeightsWithRates(
    const Recipe& recipe, artifact::CodecArtifact codec,
    const PictureBatches& pictures) {
  constexpr int64_t kPictures = 64;
  SLUICE_ASSIGN_OR_RETURN(codec,
                          WithRates(std::move(codec), recipe.target_bytes));
  SLUICE_ASSIGN_OR_RETURN(model::Weights weights,
                          WeightsFromCodec(recipe, codec, pictures));
  SLUICE_ASSIGN_OR_RETURN(const CodecStudent student,
                          BuildCodecStudent(recipe, weights));
  const int crop = std::min(224, pictures.max_crop() / 32 * 32);
  const at::NoGradGuard no_grad;
  const at::Tensor y = (*student.encoder)(pictures.CentreCrops(
      0, static_cast<int>(std::min(kPictures, pictures.num_pictures())), crop));
  model::Weights rate = model::WithoutPrefix(weights, "rate.");
  MatchSizes(y, recipe.target_bytes, crop * crop / (224.0 * 224.0), &rate);
  return weights;
}

}  // namespace sluice::train
