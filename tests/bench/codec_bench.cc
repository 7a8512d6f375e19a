// Speed and size of the entropy coder beside CompressAI's format: run it by
// scripts/bench codec. Benchmarks are named case/coder/lanes/direction.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "benchmark/benchmark.h"
#include "common/artifact/codec_artifact.h"
#include "common/base/status_macros.h"
#include "common/codec/entropy_coder.h"
#include "tests/bench/codec_case.h"

namespace sluice::codec {
namespace {

// The Entropic Student's latent of a 224 x 224 picture. At the higher rate
// the CompressAI coder takes about what its original is reported to take; the
// lower one makes 12 kB frames, the largest that are published.
constexpr LatentShape kStudentShape = {24, 55, 55};

void SetCounters(const CodecCase& codec_case, size_t payload_bytes,
                 benchmark::State& state) {
  const int64_t num_runs = state.iterations();
  state.SetItemsProcessed(num_runs * codec_case.symbols.size());
  state.SetBytesProcessed(num_runs * payload_bytes);
  state.counters["payload_bytes"] = static_cast<double>(payload_bytes);
  state.counters["entropy_bytes"] = codec_case.entropy_bytes;
}

// True if the coder gave the symbols back; otherwise the benchmark fails.
bool Check(const absl::Status& status, const std::vector<int32_t>& decoded,
           const CodecCase& codec_case, benchmark::State& state) {
  if (status.ok() && decoded == codec_case.symbols) return true;
  state.SkipWithError(status.ok() ? "decodes to other symbols"
                                  : status.ToString().c_str());
  return false;
}

enum class Direction { kEncode, kDecode };

void RunSluice(const CodecCase& codec_case, const LanePath& path, int num_lanes,
               Direction direction, benchmark::State& state) {
  CoderScratch scratch;
  std::vector<uint8_t> payload;
  std::vector<int32_t> decoded;
  const auto encode = [&] {
    return EncodeSymbols(codec_case.symbols, codec_case.shape,
                         codec_case.channels, num_lanes, scratch, payload,
                         path);
  };
  const auto decode = [&] {
    return DecodeSymbols(payload, codec_case.shape, codec_case.channels,
                         num_lanes, scratch, decoded, path);
  };
  absl::Status status = encode();
  if (status.ok()) status = decode();
  if (!Check(status, decoded, codec_case, state)) return;
  for (auto _ : state) {
    status = direction == Direction::kEncode ? encode() : decode();
    benchmark::DoNotOptimize(status);
  }
  SetCounters(codec_case, payload.size(), state);
  state.counters["chosen"] =
      num_lanes == NumLanesFor(codec_case.shape, codec_case.channels);
}

void RunCompressAi(const CodecCase& codec_case, Direction direction,
                   benchmark::State& state) {
  CompressAiEncoder encoder;
  std::vector<uint8_t> string;
  std::vector<int32_t> decoded(codec_case.symbols.size());
  const auto encode = [&] {
    return encoder.Encode(codec_case.symbols, codec_case.compressai_index,
                          codec_case.compressai_tables, string);
  };
  const auto decode = [&] {
    return DecodeCompressAi(string, codec_case.compressai_index,
                            codec_case.compressai_tables, decoded);
  };
  absl::Status status = encode();
  if (status.ok()) status = decode();
  if (!Check(status, decoded, codec_case, state)) return;
  for (auto _ : state) {
    status = direction == Direction::kEncode ? encode() : decode();
    benchmark::DoNotOptimize(status);
  }
  SetCounters(codec_case, string.size(), state);
}

// Of every number of lanes, or of the one that a frame would have.
enum class Lanes { kAll, kChosen };

void Register(const CodecCase& codec_case, Lanes lanes) {
  const auto add = [&codec_case](std::string_view coder, int num_lanes,
                                 auto run) {
    for (const Direction direction : {Direction::kEncode, Direction::kDecode}) {
      const std::string name = absl::StrCat(
          codec_case.name, "/", std::string(coder), "/", num_lanes, "/",
          direction == Direction::kEncode ? "encode" : "decode");
      benchmark::RegisterBenchmark(
          name.c_str(),
          [run, direction](benchmark::State& state) { run(direction, state); });
    }
  };
  add("compressai", 1,
      [&codec_case](Direction direction, benchmark::State& state) {
        RunCompressAi(codec_case, direction, state);
      });
  const int chosen = NumLanesFor(codec_case.shape, codec_case.channels);
  for (const LanePath& path : LanePaths()) {
    for (int log2 = 0; log2 <= kMaxLanesLog2; ++log2) {
      const int num_lanes = 1 << log2;
      if (lanes == Lanes::kChosen && num_lanes != chosen) continue;
      add(path.name, num_lanes,
          [&codec_case, &path, num_lanes](Direction direction,
                                          benchmark::State& state) {
            RunSluice(codec_case, path, num_lanes, direction, state);
          });
    }
  }
}

absl::Status AddStudentCases(std::vector<CodecCase>& cases) {
  struct Rate {
    const char* name;
    double scale;
    double step;
  };
  for (const Rate& rate :
       {Rate{"student-high", 0.3, 0.12}, Rate{"student-12kB", 0.25, 0.027}}) {
    SLUICE_ASSIGN_OR_RETURN(
        const std::vector<ChannelTable> tables,
        LaplacianTables(kStudentShape.channels, rate.scale, rate.step));
    SLUICE_ASSIGN_OR_RETURN(CodecCase codec_case,
                            DrawCase(rate.name, kStudentShape, tables));
    cases.push_back(std::move(codec_case));
  }
  return absl::OkStatus();
}

// The lowest and the highest rate of a codec, for a picture of 224 x 224 and
// one of 720 x 1280 if its latent is at 1/8 resolution.
absl::Status AddArtifactCases(const std::filesystem::path& folder,
                              std::vector<CodecCase>& cases) {
  SLUICE_ASSIGN_OR_RETURN(
      const artifact::CodecArtifact codec,
      artifact::LoadCodec(folder, artifact::CodecHalf::kDevice));
  const int num_channels = codec.tables.num_channels();
  for (const LatentShape& shape : {LatentShape{num_channels, 28, 28},
                                   LatentShape{num_channels, 90, 160}}) {
    for (const int rate : {0, codec.tables.num_rates() - 1}) {
      SLUICE_ASSIGN_OR_RETURN(
          CodecCase codec_case,
          DrawCase(absl::StrCat(codec.spec.name, "-rate", rate, "-",
                                shape.height, "x", shape.width),
                   shape, codec.tables.rate(rate)));
      cases.push_back(std::move(codec_case));
    }
  }
  return absl::OkStatus();
}

// As Linux tells it.
std::string ProcessorName() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    const size_t colon = line.find(": ");
    if (line.starts_with("model name") && colon != std::string::npos) {
      return line.substr(colon + 2);
    }
  }
  return "unknown";
}

int Main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  std::vector<CodecCase> cases;
  if (const absl::Status status = AddStudentCases(cases); !status.ok()) {
    std::fprintf(stderr, "codec_bench: %s\n", status.ToString().c_str());
    return 1;
  }
  if (argc == 3 && std::string_view(argv[1]) == "--codec") {
    const absl::Status status = AddArtifactCases(argv[2], cases);
    if (!status.ok()) {
      std::fprintf(stderr, "codec_bench: going on without the codec: %s\n",
                   status.ToString().c_str());
    }
  } else if (argc > 1) {
    std::fprintf(stderr,
                 "usage: codec_bench [--benchmark_...] [--codec DIR]\n");
    return 2;
  }
  benchmark::AddCustomContext("processor", ProcessorName());
  benchmark::AddCustomContext("compiler", SLUICE_COMPILER);
  for (const CodecCase& codec_case : cases) {
    Register(codec_case,
             &codec_case == &cases[0] ? Lanes::kAll : Lanes::kChosen);
  }
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}

}  // namespace
}  // namespace sluice::codec

int main(int argc, char** argv) { return sluice::codec::Main(argc, argv); }
