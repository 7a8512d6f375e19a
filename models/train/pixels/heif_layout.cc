#include "models/train/pixels/heif_layout.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/byte_io.h"
#include "common/base/status_macros.h"

namespace sluice::train {
namespace {

using Bytes = std::span<const uint8_t>;

constexpr uint32_t FourCc(const char (&name)[5]) {
  uint32_t value = 0;
  for (int i = 0; i < 4; ++i) {
    value = value << 8 | static_cast<uint8_t>(name[i]);
  }
  return value;
}

// Reads forward, big-endian as all of ISO-BMFF; failures are DataLoss.
class BoxReader {
 public:
  explicit BoxReader(Bytes bytes) : bytes_(bytes) {}

  size_t remaining_bytes() const { return bytes_.remaining_bytes(); }

  // An unsigned number of 0..8 bytes.
  absl::StatusOr<uint64_t> ReadUint(size_t num_bytes) {
    SLUICE_ASSIGN_OR_RETURN(const Bytes digits, ReadBytes(num_bytes));
    uint64_t value = 0;
    for (const uint8_t digit : digits) value = value << 8 | digit;
    return value;
  }

  absl::StatusOr<Bytes> ReadBytes(uint64_t num_bytes) {
    return bytes_.ReadBytes(num_bytes);
  }

 private:
  base::ByteReader bytes_;
};

constexpr uint32_t kHevcItem = FourCc("hvc1");
constexpr uint32_t kAv1Item = FourCc("av01");

struct Box {
  uint32_t type = 0;
  Bytes payload;
};

absl::StatusOr<Box> ReadBox(BoxReader* reader) {
  const size_t available = reader->remaining_bytes();
  SLUICE_ASSIGN_OR_RETURN(uint64_t box_bytes, reader->ReadUint(4));
  SLUICE_ASSIGN_OR_RETURN(const uint64_t type, reader->ReadUint(4));
  if (box_bytes == 1) {  // The size did not fit in 32 bits.
    SLUICE_ASSIGN_OR_RETURN(box_bytes, reader->ReadUint(8));
  } else if (box_bytes == 0) {  // To the end.
    box_bytes = available;
  }
  const size_t header_bytes = available - reader->remaining_bytes();
  if (box_bytes < header_bytes || box_bytes > available) {
    return absl::DataLossError(absl::StrCat("HEIF box of ", box_bytes,
                                            " bytes: expected ", header_bytes,
                                            "..", available));
  }
  SLUICE_ASSIGN_OR_RETURN(const Bytes payload,
                          reader->ReadBytes(box_bytes - header_bytes));
  return Box{static_cast<uint32_t>(type), payload};
}

absl::StatusOr<std::vector<Box>> ReadBoxes(BoxReader reader) {
  std::vector<Box> boxes;
  while (reader.remaining_bytes() > 0) {
    SLUICE_ASSIGN_OR_RETURN(const Box box, ReadBox(&reader));
    boxes.push_back(box);
  }
  return boxes;
}

// The first box of a type, or DataLoss.
absl::StatusOr<Bytes> FindBox(const std::vector<Box>& boxes,
                              const char (&name)[5]) {
  for (const Box& box : boxes) {
    if (box.type == FourCc(name)) return box.payload;
  }
  return absl::DataLossError(
      absl::StrCat("expected a HEIF file with a box ", name, ", found none"));
}

using ItemTypes = std::map<uint64_t, uint32_t>;  // By item id.

// Payload of iinf -> the type of every item.
absl::StatusOr<ItemTypes> ReadItemTypes(Bytes payload) {
  BoxReader reader(payload);
  SLUICE_ASSIGN_OR_RETURN(const uint64_t version, reader.ReadUint(1));
  // Flags, and a count that the boxes repeat.
  SLUICE_RETURN_IF_ERROR(reader.ReadBytes(version == 0 ? 5 : 7).status());
  SLUICE_ASSIGN_OR_RETURN(const std::vector<Box> boxes, ReadBoxes(reader));
  ItemTypes types;
  for (const Box& box : boxes) {
    BoxReader entry(box.payload);
    SLUICE_ASSIGN_OR_RETURN(const uint64_t entry_version, entry.ReadUint(1));
    if (box.type != FourCc("infe") || entry_version < 2) continue;  // No type.
    SLUICE_RETURN_IF_ERROR(entry.ReadBytes(3).status());
    SLUICE_ASSIGN_OR_RETURN(const uint64_t id,
                            entry.ReadUint(entry_version == 2 ? 2 : 4));
    SLUICE_RETURN_IF_ERROR(entry.ReadBytes(2).status());  // Protection.
    SLUICE_ASSIGN_OR_RETURN(const uint64_t type, entry.ReadUint(4));
    types[id] = static_cast<uint32_t>(type);
  }
  return types;
}

struct Extent {
  uint64_t item = 0;
  uint64_t source = 0;  // 0: the offset counts from the file's first byte.
  uint64_t offset = 0;
  uint64_t num_bytes = 0;
};

// How many bytes the fields of iloc take.
struct LocationFields {
  size_t id = 2;
  size_t source = 2;  // Construction method (unless version 0), data reference.
  size_t index = 0;
  size_t offset = 0;
  size_t length = 0;
  size_t base = 0;
};

absl::StatusOr<LocationFields> ReadLocationFields(BoxReader* iloc) {
  SLUICE_ASSIGN_OR_RETURN(const uint64_t version, iloc->ReadUint(1));
  SLUICE_RETURN_IF_ERROR(iloc->ReadBytes(3).status());  // Flags.
  SLUICE_ASSIGN_OR_RETURN(const uint64_t sizes, iloc->ReadUint(2));
  const LocationFields fields = {.id = version == 2 ? size_t{4} : size_t{2},
                                 .source = version == 0 ? size_t{2} : size_t{4},
                                 .index = version == 0 ? 0 : sizes & 15,
                                 .offset = sizes >> 12,
                                 .length = sizes >> 8 & 15,
                                 .base = sizes >> 4 & 15};
  const size_t longest =
      std::max({fields.index, fields.offset, fields.length, fields.base});
  // Without lengths, an extent would take no bytes of the box at all.
  if (version > 2 || longest > 8 || fields.length == 0) {
    return absl::DataLossError(absl::StrCat(
        "HEIF box iloc: expected version 0..2, fields of at most 8 bytes and "
        "lengths, found version ",
        version, " and sizes ", absl::Hex(sizes, absl::kZeroPad4)));
  }
  return fields;
}

absl::Status ReadItemExtents(BoxReader* iloc, const LocationFields& fields,
                             std::vector<Extent>* extents) {
  Extent extent;
  SLUICE_ASSIGN_OR_RETURN(extent.item, iloc->ReadUint(fields.id));
  SLUICE_ASSIGN_OR_RETURN(extent.source, iloc->ReadUint(fields.source));
  SLUICE_ASSIGN_OR_RETURN(const uint64_t base, iloc->ReadUint(fields.base));
  SLUICE_ASSIGN_OR_RETURN(const uint64_t num_extents, iloc->ReadUint(2));
  for (uint64_t i = 0; i < num_extents; ++i) {
    SLUICE_RETURN_IF_ERROR(iloc->ReadBytes(fields.index).status());
    SLUICE_ASSIGN_OR_RETURN(const uint64_t offset,
                            iloc->ReadUint(fields.offset));
    SLUICE_ASSIGN_OR_RETURN(extent.num_bytes, iloc->ReadUint(fields.length));
    extent.offset = base + offset;  // Wraps at worst; checked against mdat.
    extents->push_back(extent);
  }
  return absl::OkStatus();
}

// Payload of iloc -> where every item's data lies.
absl::StatusOr<std::vector<Extent>> ReadExtents(Bytes payload) {
  BoxReader reader(payload);
  SLUICE_ASSIGN_OR_RETURN(const LocationFields fields,
                          ReadLocationFields(&reader));
  SLUICE_ASSIGN_OR_RETURN(const uint64_t num_items, reader.ReadUint(fields.id));
  std::vector<Extent> extents;
  for (uint64_t i = 0; i < num_items; ++i) {
    SLUICE_RETURN_IF_ERROR(ReadItemExtents(&reader, fields, &extents));
  }
  return extents;
}

// An extent of a picture must lie within one mdat of the file.
absl::Status CheckExtent(Bytes file, const std::vector<Box>& boxes,
                         const Extent& extent) {
  for (const Box& box : boxes) {
    if (box.type != FourCc("mdat")) continue;
    const size_t begin = box.payload.data() - file.data();
    if (extent.source == 0 && extent.num_bytes > 0 && extent.offset >= begin &&
        extent.offset - begin <= box.payload.size() &&
        extent.num_bytes <= box.payload.size() - (extent.offset - begin)) {
      return absl::OkStatus();
    }
  }
  return absl::DataLossError(absl::StrCat(
      "HEIF item ", extent.item, ": expected its data in mdat, found ",
      extent.num_bytes, " bytes at ", extent.offset, " of ", file.size()));
}

// Payload of hvcC -> the bytes of its NAL units, without their lengths.
absl::StatusOr<size_t> HevcParameterBytes(Bytes payload) {
  BoxReader reader(payload);
  SLUICE_RETURN_IF_ERROR(reader.ReadBytes(22).status());  // Profile and so on.
  SLUICE_ASSIGN_OR_RETURN(const uint64_t num_arrays, reader.ReadUint(1));
  size_t total_bytes = 0;
  for (uint64_t i = 0; i < num_arrays; ++i) {
    SLUICE_RETURN_IF_ERROR(reader.ReadBytes(1).status());  // Kind of unit.
    SLUICE_ASSIGN_OR_RETURN(const uint64_t num_units, reader.ReadUint(2));
    for (uint64_t j = 0; j < num_units; ++j) {
      SLUICE_ASSIGN_OR_RETURN(const uint64_t unit_bytes, reader.ReadUint(2));
      SLUICE_RETURN_IF_ERROR(reader.ReadBytes(unit_bytes).status());
      total_bytes += unit_bytes;
    }
  }
  return total_bytes;
}

// Boxes of meta -> the properties of items.
absl::StatusOr<std::vector<Box>> ReadProperties(const std::vector<Box>& meta) {
  SLUICE_ASSIGN_OR_RETURN(const Bytes iprp, FindBox(meta, "iprp"));
  SLUICE_ASSIGN_OR_RETURN(const std::vector<Box> groups,
                          ReadBoxes(BoxReader(iprp)));
  SLUICE_ASSIGN_OR_RETURN(const Bytes ipco, FindBox(groups, "ipco"));
  return ReadBoxes(BoxReader(ipco));
}

// What the boxes of meta say.
struct Meta {
  ItemTypes types;
  std::vector<Extent> extents;
  std::vector<Box> properties;
};

// Payload of meta -> its content.
absl::StatusOr<Meta> ReadMeta(Bytes payload) {
  BoxReader reader(payload);
  SLUICE_RETURN_IF_ERROR(reader.ReadBytes(4).status());  // Version, flags.
  SLUICE_ASSIGN_OR_RETURN(const std::vector<Box> boxes, ReadBoxes(reader));
  SLUICE_ASSIGN_OR_RETURN(const Bytes iinf, FindBox(boxes, "iinf"));
  SLUICE_ASSIGN_OR_RETURN(const Bytes iloc, FindBox(boxes, "iloc"));
  Meta meta;
  SLUICE_ASSIGN_OR_RETURN(meta.types, ReadItemTypes(iinf));
  SLUICE_ASSIGN_OR_RETURN(meta.extents, ReadExtents(iloc));
  SLUICE_ASSIGN_OR_RETURN(meta.properties, ReadProperties(boxes));
  return meta;
}

// The coding that all coded items share.
absl::StatusOr<HeifCoding> FindCoding(const ItemTypes& types) {
  bool has_hevc = false;
  bool has_av1 = false;
  for (const auto& [id, type] : types) {
    has_hevc |= type == kHevcItem;
    has_av1 |= type == kAv1Item;
  }
  if (has_hevc == has_av1) {
    return absl::InvalidArgumentError(absl::StrCat(
        "expected a HEIC or AVIF file, found ",
        has_hevc ? "HEVC as well as AV1" : "neither HEVC nor AV1", " in it"));
  }
  return has_hevc ? HeifCoding::kHevc : HeifCoding::kAv1;
}

}  // namespace

absl::StatusOr<HeifLayout> ReadHeifLayout(std::span<const uint8_t> file) {
  if (file.size() < 8 || std::memcmp(file.data() + 4, "ftyp", 4) != 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("expected a HEIC or AVIF file, found ", file.size(),
                     " bytes that do not begin with a box ftyp"));
  }
  SLUICE_ASSIGN_OR_RETURN(const std::vector<Box> boxes,
                          ReadBoxes(BoxReader(file)));
  SLUICE_ASSIGN_OR_RETURN(const Bytes meta_payload, FindBox(boxes, "meta"));
  SLUICE_ASSIGN_OR_RETURN(const Meta meta, ReadMeta(meta_payload));

  HeifLayout layout;
  SLUICE_ASSIGN_OR_RETURN(layout.coding, FindCoding(meta.types));
  for (const Extent& extent : meta.extents) {
    const auto type = meta.types.find(extent.item);
    if (type == meta.types.end() ||
        (type->second != kHevcItem && type->second != kAv1Item)) {
      continue;
    }
    SLUICE_RETURN_IF_ERROR(CheckExtent(file, boxes, extent));
    layout.coded_bytes += extent.num_bytes;
  }
  for (const Box& property : meta.properties) {
    if (property.type != FourCc("hvcC")) continue;
    SLUICE_ASSIGN_OR_RETURN(const size_t parameter_bytes,
                            HevcParameterBytes(property.payload));
    layout.coded_bytes += parameter_bytes;
  }
  if (layout.coded_bytes > file.size()) {
    return absl::DataLossError(
        absl::StrCat("HEIF items share their data: ", layout.coded_bytes,
                     " bytes in a file of ", file.size()));
  }
  return layout;
}

}  // namespace sluice::train
