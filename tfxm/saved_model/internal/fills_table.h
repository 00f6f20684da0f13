// SPDX-License-Identifier: Apache-2.0

// Operations that fill a table, by their type.
#ifndef TFXM_SAVED_MODEL_INTERNAL_FILLS_TABLE_H_
#define TFXM_SAVED_MODEL_INTERNAL_FILLS_TABLE_H_

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"

namespace tfxm::internal {

inline bool FillsTable(absl::string_view op) {
  return absl::StartsWith(op, "InitializeTable") || op == "LookupTableImportV2";
}

}  // namespace tfxm::internal

#endif  // TFXM_SAVED_MODEL_INTERNAL_FILLS_TABLE_H_
