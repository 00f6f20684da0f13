// SPDX-License-Identifier: Apache-2.0

#include "tfxm/model_analysis/sql/aggregates.h"

#include <utility>

#include "tfxm/util/status_macros.h"

namespace tfxm::model_analysis::sql {

bool IsAggregate(const std::string& name) {
  static const std::set<std::string> kNames = {"COUNT", "COUNTIF",    "SUM",         "AVG",      "MIN",
                                               "MAX",   "LOGICAL_OR", "LOGICAL_AND", "ANY_VALUE"};
  return kNames.count(name) > 0;
}

absl::Status AggregateState::Add(const Aggregate& aggregate, const Row& row) {
  if (!aggregate.argument) {
    ++count_;
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(const Value x, aggregate.argument(row));
  if (IsNull(x)) return absl::OkStatus();
  if (aggregate.distinct) {
    ASSIGN_OR_RETURN(std::string identity, Identity(x));
    if (!seen_.insert(std::move(identity)).second) return absl::OkStatus();
  }
  const std::string& function = aggregate.function;
  if (function == "COUNTIF") {
    count_ += IsTrue(x);
    return absl::OkStatus();
  }
  ++count_;
  if (function == "COUNT") return absl::OkStatus();
  if (IsNull(value_)) {
    // Sums of single precision are made in double precision.
    const float* single = std::get_if<float>(&x);
    value_ = single != nullptr && (function == "SUM" || function == "AVG") ? Value(double{*single}) : x;
  } else if (function == "SUM" || function == "AVG") {
    ASSIGN_OR_RETURN(value_, Arithmetic('+', value_, x));
  } else if (function == "MIN" || function == "MAX") {
    ASSIGN_OR_RETURN(const Value better, Compare(function == "MIN" ? "<" : ">", x, value_));
    if (IsTrue(better)) value_ = x;
  } else if (function == "LOGICAL_OR") {
    value_ = Value(IsTrue(value_) || IsTrue(x));
  } else if (function == "LOGICAL_AND") {
    value_ = Value(IsTrue(value_) && IsTrue(x));
  }
  return absl::OkStatus();
}

absl::StatusOr<Value> AggregateState::Result(const Aggregate& aggregate) const {
  if (aggregate.function == "COUNT" || aggregate.function == "COUNTIF") return Value(count_);
  if (aggregate.function == "AVG") return Arithmetic('/', value_, Value(static_cast<double>(count_)));
  return value_;
}

}  // namespace tfxm::model_analysis::sql
