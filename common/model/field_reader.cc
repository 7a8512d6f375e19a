#include "common/model/field_reader.h"

#include "absl/strings/str_cat.h"

namespace sluice::model {

int FieldReader::Take(const char* field, int max) {
  const auto found = object_.find(field);
  if (found == object_.end() || !found->is_number_integer() ||
      found->get<int64_t>() < 1 || found->get<int64_t>() > max) {
    status_.Update(absl::InvalidArgumentError(absl::StrCat(
        "codec.json: ", path_, ".", field, ": expected an integer in 1..", max,
        ", found ", found == object_.end() ? "nothing" : found->dump())));
    return 1;
  }
  return found->get<int>();
}

}  // namespace sluice::model
