// SPDX-License-Identifier: Apache-2.0

// Functions that choose among their arguments.

#include "tfxm/model_analysis/sql/functions/function_arguments.h"

namespace tfxm::model_analysis::sql {
namespace {

Result If(const Arguments& a) {
  RETURN_IF_ERROR(CheckCount(a, 3, 3, "IF"));
  return IsTrue(a[0]) ? a[1] : a[2];
}
Result Coalesce(const Arguments& a) {
  for (const Value& value : a) {
    if (!IsNull(value)) return value;
  }
  return Value();
}

Result Extreme(const Arguments& a, const char* op) {
  if (a.empty()) return ValueError("GREATEST and LEAST need arguments");
  if (AnyNull(a)) return Value();
  Value best = a[0];
  for (const Value& value : a) {
    ASSIGN_OR_RETURN(const Value better, Compare(op, value, best));
    if (IsTrue(better)) best = value;
  }
  return best;
}
Result Greatest(const Arguments& a) { return Extreme(a, ">"); }
Result Least(const Arguments& a) { return Extreme(a, "<"); }
Result NullIf(const Arguments& a) {
  if (a.size() != 2) return ValueError("NULLIF takes 2 arguments");
  ASSIGN_OR_RETURN(const Value equal, Compare("=", a[0], a[1]));
  return IsTrue(equal) ? Value() : a[0];
}

}  // namespace

const FunctionTable& ConditionalFunctions() {
  static const FunctionTable kFunctions = {
      {"IF", If},       {"IFNULL", Coalesce}, {"COALESCE", Coalesce}, {"GREATEST", Greatest},
      {"LEAST", Least}, {"NULLIF", NullIf}};
  return kFunctions;
}

}  // namespace tfxm::model_analysis::sql
