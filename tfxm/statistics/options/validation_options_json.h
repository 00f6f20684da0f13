// SPDX-License-Identifier: Apache-2.0

// ValidationOptions from JSON, with the names of tfdv.ValidationOptions and of tfdv.validate_statistics:
//
//   ASSIGN_OR_RETURN(ValidationOptions options,
//                    ParseValidationOptions(R"({"environment": "SERVING",
//                                               "severity_overrides": {"SCHEMA_NEW_COLUMN": "WARNING"},
//                                               "features_needed": ["age", ["trip", "fare"]]})"));
//
// severity_overrides may also be the list of messages that TFDV has: [{"type": "SCHEMA_NEW_COLUMN", "severity":
// "WARNING"}]. new_features_are_warnings is that override. A feature is a name, or a path of several. null is the default.
//
// INVALID_ARGUMENT names what is wrong: an unknown name, type of anomaly or severity (with the nearest ones), a value of
// another type.
#ifndef TFXM_STATISTICS_OPTIONS_VALIDATION_OPTIONS_JSON_H_
#define TFXM_STATISTICS_OPTIONS_VALIDATION_OPTIONS_JSON_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tfxm/statistics/validate_statistics.h"

namespace tfxm::statistics {

absl::StatusOr<ValidationOptions> ParseValidationOptions(absl::string_view json);

}  // namespace tfxm::statistics

#endif  // TFXM_STATISTICS_OPTIONS_VALIDATION_OPTIONS_JSON_H_
