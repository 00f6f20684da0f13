// SPDX-License-Identifier: Apache-2.0

#include "tfxm/orchestration/kubeflow/condition_to_cel.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "tfxm/util/status_macros.h"
#include "tfxm/util/text/text.h"

namespace tfxm {
namespace {

using ::tfx::orchestration::BinaryLogicalOperator;
using ::tfx::orchestration::ComparisonOperator;
using ::tfx::orchestration::PlaceholderExpression;

std::string CelString(absl::string_view text) {
  return absl::StrCat("'", absl::StrReplaceAll(text, {{"\\", "\\\\"}, {"'", "\\'"}, {"\n", "\\n"}}), "'");
}

// Metadata are JSON's numbers, and CEL does not compare a whole number with one that may have a fraction.
std::string Real(double x) {
  std::string text = ExactNumber(x);
  if (text.find_first_of(".eni") == std::string::npos) text += ".0";
  return text;
}

std::string ArtifactToCel(const PlaceholderExpression& expression) {
  const auto& index = expression.operator_().index_op();
  return absl::StrCat("inputs.artifacts[", CelString(index.expression().placeholder().key()), "].artifacts[",
                      index.index(), "]");
}

// Of what CheckCondition (dsl/condition.h) lets be compared.
absl::StatusOr<std::string> Operand(const PlaceholderExpression& expression) {
  const auto& constant = expression.value();
  switch (constant.value_case()) {
    case ml_metadata::Value::kIntValue: return Real(static_cast<double>(constant.int_value()));
    case ml_metadata::Value::kDoubleValue: return Real(constant.double_value());
    case ml_metadata::Value::kStringValue: return CelString(constant.string_value());
    default: break;
  }
  const auto& op = expression.operator_();
  if (op.has_artifact_uri_op()) return absl::StrCat(ArtifactToCel(op.artifact_uri_op().expression()), ".uri");
  if (op.has_artifact_property_op()) {
    return absl::StrCat(ArtifactToCel(op.artifact_property_op().expression()), ".metadata[",
                        CelString(op.artifact_property_op().key()), "]");
  }
  return absl::UnimplementedError(
      "its condition looks at the value of an artifact, which is in a file; Kubeflow's conditions see uris and metadata "
      "only");
}

}  // namespace

absl::StatusOr<std::string> ConditionToCel(const PlaceholderExpression& condition) {
  const auto& op = condition.operator_();
  if (op.has_compare_op()) {
    ASSIGN_OR_RETURN(const std::string left, Operand(op.compare_op().lhs()));
    ASSIGN_OR_RETURN(const std::string right, Operand(op.compare_op().rhs()));
    const char* const sign = op.compare_op().op() == ComparisonOperator::EQUAL       ? "=="
                             : op.compare_op().op() == ComparisonOperator::LESS_THAN ? "<"
                                                                                     : ">";
    return absl::StrCat("(", left, " ", sign, " ", right, ")");
  }
  if (op.has_unary_logical_op()) {
    ASSIGN_OR_RETURN(const std::string inner, ConditionToCel(op.unary_logical_op().expression()));
    return absl::StrCat("!(", inner, ")");
  }
  ASSIGN_OR_RETURN(const std::string left, ConditionToCel(op.binary_logical_op().lhs()));
  ASSIGN_OR_RETURN(const std::string right, ConditionToCel(op.binary_logical_op().rhs()));
  const bool conjunction = op.binary_logical_op().op() == BinaryLogicalOperator::AND;
  return absl::StrCat("(", left, conjunction ? " && " : " || ", right, ")");
}

}  // namespace tfxm
