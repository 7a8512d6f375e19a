// Pascal VOC's files: one XML per picture, one list of names per split.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "models/train/sets/box_annotation.h"

namespace sluice::train {

inline constexpr size_t kMaxVocXmlBytes = 4u << 20;

// Parses <annotation> with <size> (optional) and <object>s of <name>, <bndbox>
// and <difficult> (optional, 0 or 1); whatever else there is does not count,
// boxes of an object's parts included. VOC counts pixels from 1 and includes
// the last: its xmin..xmax becomes [xmin - 1, xmax). The picture stays unnamed,
// for tools often leave a wrong <filename>; it is the XML's own name that says
// it. DTDs are skipped and entities beyond XML's own five stay as they are.
// InvalidArgument, naming object and field, for what is missing or no number.
absl::StatusOr<BoxAnnotation> ParseVocAnnotation(std::string_view xml);

// The names in ImageSets/*/<split>.txt, one per line, in the file's order.
// InvalidArgument for a name that appears twice, naming the line, or none.
absl::StatusOr<std::vector<std::string>> ParseVocImageSet(
    std::string_view text);

}  // namespace sluice::train
