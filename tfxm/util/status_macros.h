// SPDX-License-Identifier: Apache-2.0

// RETURN_IF_ERROR and ASSIGN_OR_RETURN for absl::Status, and a helper that says where an error happened.
//
//   ASSIGN_OR_RETURN(Schema schema, ReadSchema(path));
//   RETURN_IF_ERROR(Annotate(Check(schema), "feature \"fare\""));
#ifndef TFXM_UTIL_STATUS_MACROS_H_
#define TFXM_UTIL_STATUS_MACROS_H_

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace tfxm {

// `status` with "context: " before its message, and with its payloads; OK stays OK.
inline absl::Status Annotate(const absl::Status& status, absl::string_view context) {
  if (status.ok()) return status;
  absl::Status annotated(status.code(), absl::StrCat(context, ": ", status.message()));
  status.ForEachPayload(
      [&](absl::string_view type, const absl::Cord& payload) { annotated.SetPayload(type, payload); });
  return annotated;
}

}  // namespace tfxm

#define TFXM_CONCAT_INNER_(a, b) a##b
#define TFXM_CONCAT_(a, b) TFXM_CONCAT_INNER_(a, b)

#ifndef RETURN_IF_ERROR
#define RETURN_IF_ERROR(expr)                                     \
  do {                                                            \
    if (::absl::Status tfxm_status = (expr); !tfxm_status.ok()) { \
      return tfxm_status;                                         \
    }                                                             \
  } while (false)
#endif

#ifndef ASSIGN_OR_RETURN
#define ASSIGN_OR_RETURN(lhs, expr) TFXM_ASSIGN_OR_RETURN_(TFXM_CONCAT_(tfxm_statusor_, __LINE__), lhs, expr)
#define TFXM_ASSIGN_OR_RETURN_(statusor, lhs, expr) \
  auto statusor = (expr);                           \
  if (!statusor.ok()) return statusor.status();     \
  lhs = std::move(statusor).value()
#endif

#endif  // TFXM_UTIL_STATUS_MACROS_H_
