// Early return for absl::Status and absl::StatusOr: the one error mechanism.
#pragma once

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

// Returns from the enclosing function when `expression` is not OK.
#define SLUICE_RETURN_IF_ERROR(expression)                                  \
  do {                                                                      \
    if (absl::Status sluice_status_ = (expression); !sluice_status_.ok()) { \
      return sluice_status_;                                                \
    }                                                                       \
  } while (false)

// Evaluates a StatusOr; assigns its value to `lhs` or returns its status.
//   SLUICE_ASSIGN_OR_RETURN(const Frame frame, ReadFrame(bytes));
#define SLUICE_ASSIGN_OR_RETURN(lhs, expression) \
  SLUICE_ASSIGN_OR_RETURN_IMPL_(                 \
      SLUICE_STATUS_CONCAT_(sluice_result_, __LINE__), lhs, expression)

#define SLUICE_ASSIGN_OR_RETURN_IMPL_(result, lhs, expression) \
  auto result = (expression);                                  \
  if (!result.ok()) return std::move(result).status();         \
  lhs = std::move(result).value()

#define SLUICE_STATUS_CONCAT_(a, b) SLUICE_STATUS_CONCAT_IMPL_(a, b)
#define SLUICE_STATUS_CONCAT_IMPL_(a, b) a##b
