#include "common/artifact/safetensors.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <initializer_list>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/artifact/artifact_files.h"
#include "common/artifact/half_float.h"
#include "common/artifact/json_fields.h"
#include "common/base/byte_io.h"
#include "common/base/file_io.h"
#include "common/base/float_tensor.h"
#include "common/base/status_macros.h"

namespace sluice::artifact {
namespace {

using ::nlohmann::json;

static_assert(std::endian::native == std::endian::little,
              "tensor bytes are copied as they lie in the file");

constexpr char kMetadata[] = "__metadata__";

struct DtypeInfo {
  Dtype dtype;
  const char* name;
  size_t element_bytes;
};

constexpr std::array<DtypeInfo, 5> kDtypes = {{{Dtype::kF32, "F32", 4},
                                               {Dtype::kF16, "F16", 2},
                                               {Dtype::kI32, "I32", 4},
                                               {Dtype::kI64, "I64", 8},
                                               {Dtype::kU8, "U8", 1}}};

const DtypeInfo& InfoOf(Dtype dtype) {
  return *std::find_if(kDtypes.begin(), kDtypes.end(),
                       [&](const DtypeInfo& d) { return d.dtype == dtype; });
}

// One entry of the header. `begin` and `end` count from the data section.
struct Entry {
  std::string name;
  const DtypeInfo* info;
  std::vector<int64_t> shape;
  size_t begin;
  size_t end;
};

absl::StatusOr<std::vector<int64_t>> ParseIntegers(const JsonObject& fields,
                                                   std::string_view name) {
  SLUICE_ASSIGN_OR_RETURN(const json* array, fields.Array(name));
  std::vector<int64_t> values;
  for (const json& element : *array) {
    const std::optional<int64_t> value = IntegerOf(element);
    if (!value.has_value() || *value < 0 ||
        *value > static_cast<int64_t>(kMaxSafetensorsBytes)) {
      return fields.Error(name,
                          absl::StrCat("integers in 0..", kMaxSafetensorsBytes),
                          Quoted(DumpJson(element, -1)));
    }
    values.push_back(*value);
  }
  return values;
}

absl::StatusOr<const DtypeInfo*> ParseDtype(const JsonObject& fields) {
  SLUICE_ASSIGN_OR_RETURN(const std::string name, fields.String("dtype"));
  for (const DtypeInfo& info : kDtypes) {
    if (name == info.name) return &info;
  }
  return fields.Error("dtype", "F32, F16, I32, I64 or U8", Quoted(name));
}

// The bytes that a shape takes; nullopt above kMaxSafetensorsBytes, which
// bounds every dimension too.
std::optional<size_t> BytesOf(const std::vector<int64_t>& shape,
                              size_t element_bytes) {
  size_t num_bytes = element_bytes;
  for (const int64_t side : shape) {
    num_bytes *= static_cast<size_t>(side);
    if (num_bytes > kMaxSafetensorsBytes) return std::nullopt;
  }
  return num_bytes;
}

absl::StatusOr<Entry> ParseEntry(const std::string& name, const json& value) {
  SLUICE_ASSIGN_OR_RETURN(
      const JsonObject fields,
      JsonObject::Create(value, absl::StrCat("tensor ", Quoted(name))));
  SLUICE_RETURN_IF_ERROR(fields.ExpectOnly({"dtype", "shape", "data_offsets"}));
  SLUICE_ASSIGN_OR_RETURN(const DtypeInfo* info, ParseDtype(fields));
  SLUICE_ASSIGN_OR_RETURN(std::vector<int64_t> shape,
                          ParseIntegers(fields, "shape"));
  SLUICE_ASSIGN_OR_RETURN(const std::vector<int64_t> offsets,
                          ParseIntegers(fields, "data_offsets"));
  const std::optional<size_t> num_bytes = BytesOf(shape, info->element_bytes);
  if (!num_bytes.has_value()) {
    return fields.Error(
        "shape", absl::StrCat("at most ", kMaxSafetensorsBytes, " bytes"),
        Quoted(base::ShapeToString(shape)));
  }
  if (offsets.size() != 2 || offsets[0] > offsets[1] ||
      static_cast<size_t>(offsets[1] - offsets[0]) != *num_bytes) {
    return fields.Error("data_offsets",
                        absl::StrCat("two, ", *num_bytes, " bytes apart"),
                        Quoted(base::ShapeToString(offsets)));
  }
  return Entry{name, info, std::move(shape), static_cast<size_t>(offsets[0]),
               static_cast<size_t>(offsets[1])};
}

absl::StatusOr<std::vector<Entry>> ParseHeader(std::string_view text) {
  SLUICE_ASSIGN_OR_RETURN(const json header, ParseJson(text));
  SLUICE_ASSIGN_OR_RETURN(const JsonObject object,
                          JsonObject::Create(header, "header"));
  std::vector<Entry> entries;
  for (const auto& [name, value] : object.value().items()) {
    if (name == kMetadata) continue;
    SLUICE_ASSIGN_OR_RETURN(Entry entry, ParseEntry(name, value));
    entries.push_back(std::move(entry));
  }
  return entries;
}

// InvalidArgument unless the entries cover the data section without gap or
// overlap.
absl::Status CheckTiling(std::vector<Entry>& entries, size_t data_bytes) {
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
    return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
  });
  size_t position = 0;
  for (const Entry& entry : entries) {
    if (entry.begin != position) {
      return absl::InvalidArgumentError(
          absl::StrCat("tensor ", Quoted(entry.name),
                       ": data_offsets: expected to begin at ", position,
                       ", found ", entry.begin));
    }
    position = entry.end;
  }
  if (position != data_bytes) {
    return absl::InvalidArgumentError(absl::StrCat(
        "expected ", position, " bytes of tensor data, found ", data_bytes));
  }
  return absl::OkStatus();
}

// A dimension of -1 in `expected` accepts anything.
bool ShapeMatches(const std::vector<int64_t>& found,
                  std::span<const int64_t> expected) {
  return std::equal(found.begin(), found.end(), expected.begin(),
                    expected.end(),
                    [](int64_t f, int64_t e) { return e == -1 || e == f; });
}

// The tensor, if its dtype is one of `dtypes`, its shape matches and its bytes
// fill it.
absl::StatusOr<const NamedTensor*> FindTensor(
    const TensorMap& tensors, std::string_view name,
    std::initializer_list<Dtype> dtypes, std::span<const int64_t> shape) {
  const auto error = [&](std::string_view expected, std::string_view found) {
    return absl::InvalidArgumentError(
        absl::StrCat("tensor ", Quoted(name), ": expected ",
                     std::string(expected), ", found ", std::string(found)));
  };
  const std::string expected_shape =
      absl::StrCat("shape ", base::ShapeToString({shape.begin(), shape.end()}));
  const auto entry = tensors.find(std::string(name));
  if (entry == tensors.end()) return error(expected_shape, "no such tensor");
  const NamedTensor& tensor = entry->second;
  const DtypeInfo& info = InfoOf(tensor.dtype);
  if (!ShapeMatches(tensor.shape, shape)) {
    return error(expected_shape, base::ShapeToString(tensor.shape));
  }
  if (std::find(dtypes.begin(), dtypes.end(), tensor.dtype) == dtypes.end()) {
    const auto append_name = [](std::string* text, Dtype dtype) {
      text->append(InfoOf(dtype).name);
    };
    return error(
        absl::StrCat("dtype ", absl::StrJoin(dtypes, " or ", append_name)),
        info.name);
  }
  if (BytesOf(tensor.shape, info.element_bytes) != tensor.bytes.size()) {
    return error(absl::StrCat("as many bytes as fill ",
                              base::ShapeToString(tensor.shape)),
                 absl::StrCat(tensor.bytes.size()));
  }
  return &tensor;
}

template <typename T>
std::vector<T> CopyOut(const std::vector<uint8_t>& bytes) {
  std::vector<T> values(bytes.size() / sizeof(T));
  if (!values.empty()) {
    std::memcpy(values.data(), bytes.data(), values.size() * sizeof(T));
  }
  return values;
}

template <typename T>
NamedTensor MakeTensor(Dtype dtype, std::span<const T> values,
                       std::vector<int64_t> shape) {
  const auto* bytes = reinterpret_cast<const uint8_t*>(values.data());
  return {dtype, std::move(shape), {bytes, bytes + values.size_bytes()}};
}

}  // namespace

absl::StatusOr<TensorMap> ParseSafetensors(std::span<const uint8_t> bytes) {
  base::ByteReader reader(bytes);
  const absl::StatusOr<uint64_t> header_bytes = reader.ReadU64();
  if (!header_bytes.ok() || *header_bytes > kMaxJsonBytes ||
      *header_bytes > reader.remaining_bytes()) {
    return absl::InvalidArgumentError(
        header_bytes.ok()
            ? absl::StrCat("header length: expected at most ",
                           std::min(kMaxJsonBytes, reader.remaining_bytes()),
                           ", found ", *header_bytes)
            : absl::StrCat("header length: ", header_bytes.status().message()));
  }
  SLUICE_ASSIGN_OR_RETURN(const std::span<const uint8_t> header,
                          reader.ReadBytes(*header_bytes));
  SLUICE_ASSIGN_OR_RETURN(
      std::vector<Entry> entries,
      ParseHeader(
          {reinterpret_cast<const char*>(header.data()), header.size()}));
  SLUICE_RETURN_IF_ERROR(CheckTiling(entries, reader.remaining_bytes()));

  TensorMap tensors;
  for (Entry& entry : entries) {
    SLUICE_ASSIGN_OR_RETURN(const std::span<const uint8_t> data,
                            reader.ReadBytes(entry.end - entry.begin));
    tensors.emplace(std::move(entry.name),
                    NamedTensor{entry.info->dtype,
                                std::move(entry.shape),
                                {data.begin(), data.end()}});
  }
  return tensors;
}

std::vector<uint8_t> SerializeSafetensors(const TensorMap& tensors) {
  // Wide elements first keeps every tensor aligned to its own element.
  std::vector<TensorMap::const_pointer> order;
  for (const auto& tensor : tensors) order.push_back(&tensor);
  std::stable_sort(order.begin(), order.end(), [](auto* a, auto* b) {
    return InfoOf(a->second.dtype).element_bytes >
           InfoOf(b->second.dtype).element_bytes;
  });

  json header = json::object();
  size_t position = 0;
  for (const auto* tensor : order) {
    const auto& [name, value] = *tensor;
    const size_t end = position + value.bytes.size();
    header[name] = {{"dtype", InfoOf(value.dtype).name},
                    {"shape", value.shape},
                    {"data_offsets", {position, end}}};
    position = end;
  }
  std::string text = DumpJson(header, -1);
  text.resize((text.size() + 7) / 8 * 8, ' ');

  base::ByteWriter writer;
  writer.WriteU64(text.size());
  writer.WriteBytes(
      {reinterpret_cast<const uint8_t*>(text.data()), text.size()});
  for (const auto* tensor : order) writer.WriteBytes(tensor->second.bytes);
  return std::move(writer).Take();
}

absl::StatusOr<TensorMap> ReadSafetensors(const std::filesystem::path& path) {
  SLUICE_ASSIGN_OR_RETURN(const std::vector<uint8_t> bytes,
                          base::ReadFile(path, kMaxSafetensorsBytes));
  absl::StatusOr<TensorMap> tensors = ParseSafetensors(bytes);
  if (!tensors.ok()) return InContext(tensors.status(), path.string());
  return tensors;
}

absl::Status WriteSafetensors(const std::filesystem::path& path,
                              const TensorMap& tensors) {
  return base::WriteFileAtomically(path, SerializeSafetensors(tensors));
}

absl::StatusOr<std::vector<float>> FloatsOf(const TensorMap& tensors,
                                            std::string_view name,
                                            std::span<const int64_t> shape) {
  SLUICE_ASSIGN_OR_RETURN(
      const NamedTensor* tensor,
      FindTensor(tensors, name, {Dtype::kF32, Dtype::kF16}, shape));
  if (tensor->dtype == Dtype::kF32) return CopyOut<float>(tensor->bytes);
  const std::vector<uint16_t> halves = CopyOut<uint16_t>(tensor->bytes);
  std::vector<float> values(halves.size());
  std::transform(halves.begin(), halves.end(), values.begin(), HalfToFloat);
  return values;
}

absl::StatusOr<std::vector<int32_t>> IntsOf(const TensorMap& tensors,
                                            std::string_view name,
                                            std::span<const int64_t> shape) {
  SLUICE_ASSIGN_OR_RETURN(const NamedTensor* tensor,
                          FindTensor(tensors, name, {Dtype::kI32}, shape));
  return CopyOut<int32_t>(tensor->bytes);
}

NamedTensor MakeFloats(std::span<const float> values,
                       std::vector<int64_t> shape) {
  return MakeTensor(Dtype::kF32, values, std::move(shape));
}

NamedTensor MakeHalves(std::span<const float> values,
                       std::vector<int64_t> shape) {
  std::vector<uint16_t> halves(values.size());
  std::transform(values.begin(), values.end(), halves.begin(), FloatToHalf);
  return MakeTensor<uint16_t>(Dtype::kF16, halves, std::move(shape));
}

NamedTensor MakeInts(std::span<const int32_t> values,
                     std::vector<int64_t> shape) {
  return MakeTensor(Dtype::kI32, values, std::move(shape));
}

}  // namespace sluice::artifact
