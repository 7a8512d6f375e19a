#include "common/model/torchscript_tail.h"

#include <caffe2/serialize/inline_container.h>
#include <torch/csrc/jit/runtime/graph_executor.h>
#include <torch/script.h>

#include <algorithm>
#include <cstring>
#include <exception>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/artifact/json_fields.h"
#include "common/base/status_macros.h"
#include "common/model/tensor_bridge.h"

namespace sluice::model {
namespace {

constexpr size_t kMaxNameBytes = 64;
constexpr size_t kMaxReasonBytes = 500;
constexpr char kExpectedArchive[] =
    "expected a module as torch.jit.script(module).save(path) writes it, found "
    "";
constexpr char kExpectedOutputs[] =
    "expected a tensor, a tuple or list of tensors, or a dict of names to "
    "tensors, found ";

// What LibTorch says in one line: its messages open with a trace through the
// module's source and close with the reason.
std::string Reason(const std::exception& error) {
  const auto* c10_error = dynamic_cast<const c10::Error*>(&error);
  const std::string text =
      c10_error != nullptr ? c10_error->what_without_backtrace() : error.what();
  constexpr absl::string_view kLast = "\nRuntimeError: ";
  absl::string_view reason = text;
  if (const size_t last = reason.rfind(kLast);
      last != absl::string_view::npos) {
    reason.remove_prefix(last + kLast.size());
  }
  const std::vector<absl::string_view> lines =
      absl::StrSplit(reason, '\n', absl::SkipWhitespace());
  if (lines.empty()) return "an error without a message";
  std::string line(
      absl::StripAsciiWhitespace(lines[0]).substr(0, kMaxReasonBytes));
  // A module may raise any bytes, and protobuf's strings are UTF-8.
  std::replace_if(
      line.begin(), line.end(),
      [](unsigned char c) { return !absl::ascii_isprint(c); }, '?');
  return line;
}

// A view of bytes for LibTorch's readers.
class BytesReader : public caffe2::serialize::ReadAdapterInterface {
 public:
  explicit BytesReader(std::span<const uint8_t> bytes) : bytes_(bytes) {}

  size_t size() const override { return bytes_.size(); }
  size_t read(uint64_t position, void* buffer, size_t num_bytes,
              const char* /*what*/) const override {
    if (position >= bytes_.size()) return 0;
    const size_t count = std::min<size_t>(num_bytes, bytes_.size() - position);
    std::memcpy(buffer, bytes_.data() + position, count);
    return count;
  }

 private:
  const std::span<const uint8_t> bytes_;
};

absl::StatusOr<torch::jit::Module> LoadModule(std::span<const uint8_t> bytes) {
  try {
    caffe2::serialize::PyTorchStreamReader archive(
        std::make_shared<BytesReader>(bytes));
    if (!archive.hasRecord("constants.pkl")) {
      return absl::InvalidArgumentError(
          absl::StrCat(kExpectedArchive,
                       "an archive without code, as torch.save(state_dict) "
                       "writes it"));
    }
    torch::jit::Module module =
        torch::jit::load(std::make_shared<BytesReader>(bytes), at::kCPU);
    module.eval();
    if (!module.find_method("forward")) {
      return absl::InvalidArgumentError(
          "expected a module with a method forward, found one without");
    }
    return module;
  } catch (const std::exception& error) {
    return absl::InvalidArgumentError(
        absl::StrCat(kExpectedArchive, Reason(error)));
  }
}

absl::Status CheckName(const std::string& name) {
  if (!name.empty() && name.size() <= kMaxNameBytes &&
      std::all_of(name.begin(), name.end(),
                  [](unsigned char c) { return absl::ascii_isprint(c); })) {
    return absl::OkStatus();
  }
  return absl::InternalError(
      absl::StrCat("expected names of 1 to ", kMaxNameBytes,
                   " printable characters, found ", artifact::Quoted(name)));
}

// The row-major floats of one output for `num_samples` samples.
absl::StatusOr<base::FloatTensor> ToHost(const at::Tensor& tensor,
                                         int64_t num_samples) {
  if (!tensor.defined()) {
    return absl::InternalError("expected a tensor, found an undefined one");
  }
  if (!tensor.device().is_cpu() || tensor.layout() != at::kStrided ||
      tensor.is_quantized() || tensor.is_complex()) {
    return absl::InternalError(
        absl::StrCat("expected a dense real tensor in host memory, found ",
                     tensor.toString(), " on ", tensor.device().str()));
  }
  const std::vector<int64_t> shape = tensor.sizes().vec();
  if (shape.empty() || shape[0] != num_samples) {
    return absl::InternalError(
        absl::StrCat("expected a row for each of ", num_samples,
                     " samples, found shape ", base::ShapeToString(shape)));
  }
  return FromTorch(tensor);
}

// The values that forward returned, with their names.
using NamedValues = std::vector<std::pair<std::string, at::IValue>>;

NamedValues Numbered(at::ArrayRef<at::IValue> values) {
  NamedValues named;
  for (const at::IValue& value : values) {
    named.emplace_back(absl::StrCat("output", named.size()), value);
  }
  return named;
}

absl::StatusOr<NamedValues> NameValues(const at::IValue& result) {
  if (result.isTensor()) return NamedValues{{"output", result}};
  if (result.isTuple())
    return Numbered(result.toTupleRef().elements().asArrayRef());
  if (result.isList()) return Numbered(result.toListRef());
  if (!result.isGenericDict()) {
    return absl::InternalError(
        absl::StrCat(kExpectedOutputs, result.type()->str()));
  }
  NamedValues named;
  for (const auto& entry : result.toGenericDict()) {
    if (!entry.key().isString()) {
      return absl::InternalError(
          absl::StrCat(kExpectedOutputs, result.type()->str()));
    }
    SLUICE_RETURN_IF_ERROR(CheckName(entry.key().toStringRef()));
    named.emplace_back(entry.key().toStringRef(), entry.value());
  }
  std::sort(named.begin(), named.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  return named;
}

absl::StatusOr<std::vector<NamedTensor>> ToOutputs(const at::IValue& result,
                                                   int64_t num_samples) {
  SLUICE_ASSIGN_OR_RETURN(const NamedValues values, NameValues(result));
  if (values.empty() || values.size() > kMaxModuleOutputs) {
    return absl::InternalError(absl::StrCat("expected 1 to ", kMaxModuleOutputs,
                                            " tensors, found ", values.size()));
  }
  std::vector<NamedTensor> outputs;
  for (const auto& [name, value] : values) {
    if (!value.isTensor()) {
      return absl::InternalError(
          absl::StrCat(kExpectedOutputs, name, " of type ", value.tagKind()));
    }
    absl::StatusOr<base::FloatTensor> tensor =
        ToHost(value.toTensor(), num_samples);
    if (!tensor.ok()) {
      return absl::Status(tensor.status().code(),
                          absl::StrCat(name, ": ", tensor.status().message()));
    }
    outputs.push_back({.name = name, .tensor = *std::move(tensor)});
  }
  return outputs;
}

class TorchScriptTail : public Tail {
 public:
  TorchScriptTail(std::string name, torch::jit::Module module)
      : name_(std::move(name)),
        module_(std::move(module)),
        forward_(module_.get_method("forward")) {}

  absl::StatusOr<std::vector<NamedTensor>> Run(
      const base::FloatTensor& features) const override {
    SLUICE_RETURN_IF_ERROR(CheckShape(features, {-1, -1, -1, -1}, "features"));
    absl::StatusOr<std::vector<NamedTensor>> outputs = RunModule(features);
    if (!outputs.ok()) {
      return absl::Status(outputs.status().code(),
                          absl::StrCat("module of tail ", name_, ": ",
                                       outputs.status().message()));
    }
    return outputs;
  }

 private:
  absl::StatusOr<std::vector<NamedTensor>> RunModule(
      const base::FloatTensor& features) const {
    try {
      const c10::InferenceMode inference;
      // Profiling would slow the first batches of every new shape down, and
      // make results depend on how many came before.
      const torch::jit::GraphOptimizerEnabledGuard unoptimized(false);
      return ToOutputs(forward_({ToTorch(features).clone()}),
                       features.shape[0]);
    } catch (const std::exception& error) {
      return absl::InternalError(Reason(error));
    }
  }

  const std::string name_;
  const torch::jit::Module module_;
  const torch::jit::Method forward_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Tail>> LoadTorchScriptTail(
    const artifact::TailArtifact& tail) {
  SLUICE_ASSIGN_OR_RETURN(torch::jit::Module module, LoadModule(tail.module));
  return std::make_unique<TorchScriptTail>(tail.spec.name, std::move(module));
}

absl::StatusOr<std::unique_ptr<Tail>> LoadAnyTail(
    const artifact::TailArtifact& tail, TorchScriptRule rule) {
  if (!artifact::IsTorchScript(tail.spec)) return LoadTailNetwork(tail);
  if (rule == TorchScriptRule::kRefused) {
    return absl::FailedPreconditionError(absl::StrCat(
        "tail ", tail.spec.name,
        " is a TorchScript module, which is code and may do whatever this "
        "program may: say --allow-torchscript if its author is trusted"));
  }
  return LoadTorchScriptTail(tail);
}

}  // namespace sluice::model
