#include "common/model/field_reader.h"

#include "absl/strings/str_cat.h"

namespace sluice::model {

int FieldReader::Take(const char* field, int max) {
  return TakeMultiple(field, 1, max);
}

int FieldReader::TakeMultiple(const char* field, int factor, int max) {
  const auto found = object_.find(field);
  if (found != object_.end() && found->is_number_integer()) {
    const int64_t value = found->get<int64_t>();
    if (value >= 1 && value <= max && value % factor == 0) {
      return static_cast<int>(value);
    }
  }
  status_.Update(absl::InvalidArgumentError(absl::StrCat(
      path_, ".", field, ": expected an integer in 1..", max,
      factor > 1 ? absl::StrCat(" that ", factor, " divides") : "", ", found ",
      found == object_.end() ? "nothing" : found->dump())));
  return factor;
}

void FieldReader::Expect(const char* field, const char* word) {
  const auto found = object_.find(field);
  if (found != object_.end() && *found == word) return;
  status_.Update(absl::InvalidArgumentError(
      absl::StrCat(path_, ".", field, ": expected \"", word, "\", found ",
                   found == object_.end() ? "nothing" : found->dump())));
}

}  // namespace sluice::model
