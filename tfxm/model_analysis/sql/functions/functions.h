// SPDX-License-Identifier: Apache-2.0

// The functions of the slicing SQL (sql_slicer.h) but for the aggregate ones, after ZetaSQL's. A new one is a line in
// the table of its subject: number_functions.cc, string_functions.cc, regex_functions.cc, array_functions.cc or
// conditional_functions.cc.
#ifndef TFXM_MODEL_ANALYSIS_SQL_FUNCTIONS_FUNCTIONS_H_
#define TFXM_MODEL_ANALYSIS_SQL_FUNCTIONS_FUNCTIONS_H_

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tfxm/model_analysis/sql/value.h"

namespace tfxm::model_analysis::sql {

using Arguments = std::vector<Value>;
// NULL for a NULL argument, except the conditional ones. INVALID_ARGUMENT for arguments of a wrong number or type.
using Function = absl::StatusOr<Value> (*)(const Arguments& arguments);
// Null if there is none.
Function FindFunction(const std::string& upper_case_name);

using FunctionTable = std::map<std::string, Function>;
const FunctionTable& NumberFunctions();
const FunctionTable& StringFunctions();
const FunctionTable& RegexFunctions();
const FunctionTable& ArrayFunctions();
const FunctionTable& ConditionalFunctions();

// The longest text that functions put together.
inline constexpr size_t kMaxText = 16 << 20;

}  // namespace tfxm::model_analysis::sql

#endif  // TFXM_MODEL_ANALYSIS_SQL_FUNCTIONS_FUNCTIONS_H_
