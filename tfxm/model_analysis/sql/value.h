// SPDX-License-Identifier: Apache-2.0

// Values of the slicing SQL (sql_slicer.h), and what operators do to them: ZetaSQL's semantics. Errors are
// INVALID_ARGUMENT: types that do not go together, overflow, division by zero.
//
//   Compare("<", Value(int64_t{1}), Value(2.5));        // true
//   Arithmetic('+', Value(int64_t{1}), Value());        // NULL
#ifndef TFXM_MODEL_ANALYSIS_SQL_VALUE_H_
#define TFXM_MODEL_ANALYSIS_SQL_VALUE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace tfxm::model_analysis::sql {

struct Array;
// NULL, BOOL, INT64, FLOAT (single precision, as features are), DOUBLE, STRING or BYTES, ARRAY or STRUCT.
using Value = std::variant<std::monostate, bool, int64_t, float, double, std::string, std::shared_ptr<Array>>;
struct Array {
  std::vector<Value> values;
  // A STRUCT: the values are its fields, and these their names.
  bool is_struct = false;
  std::vector<std::string> names;
};

inline bool IsNull(const Value& value) { return std::holds_alternative<std::monostate>(value); }
bool IsTrue(const Value& value);
// INT64, FLOAT and DOUBLE; nothing for what is not a number.
std::optional<double> Number(const Value& value);

// Three-valued comparison with =, !=, <, <=, > or >=: NULL if either is.
absl::StatusOr<Value> Compare(absl::string_view op, const Value& a, const Value& b);
// For sorting: negative, 0 or positive; NULL comes first.
absl::StatusOr<int> Order(const Value& a, const Value& b);
// A text that is the same for equal values only. An error for arrays and structs.
absl::StatusOr<std::string> Identity(const Value& value);
// With + - * or /; NULL if either is.
absl::StatusOr<Value> Arithmetic(char op, const Value& a, const Value& b);
// With | ^ & << or >>; NULL if either is.
absl::StatusOr<Value> Bits(absl::string_view op, const Value& a, const Value& b);
// To STRING, BYTES, INT64, FLOAT64 (also DOUBLE, FLOAT, FLOAT32) or BOOL.
absl::StatusOr<Value> Cast(absl::string_view type, const Value& value);

// As tfx_bsl turns a value into a slice value: numbers with 15 digits (float: 6), or if they do not read back as the
// same with 17 (8 or 9), NULL as "NULL".
absl::StatusOr<std::string> ToSliceText(const Value& value);

// INVALID_ARGUMENT, the message after "slice_keys_sql: ".
absl::Status ValueError(absl::string_view message);

}  // namespace tfxm::model_analysis::sql

#endif  // TFXM_MODEL_ANALYSIS_SQL_VALUE_H_
