// SPDX-License-Identifier: Apache-2.0

#include "tfxm/dsl/condition.h"

#include <optional>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"

namespace tfxm {
namespace {

using ::tfx::orchestration::BinaryLogicalOperator;
using ::tfx::orchestration::ComparisonOperator;
using ::tfx::orchestration::PlaceholderExpression;
using ::tfx::orchestration::PlaceholderExpressionOperator;

// Unset: there is no such property.
using Value = std::optional<PropertyValue>;

// The artifact that `index_op` names.
absl::StatusOr<const Artifact*> FindArtifact(const PlaceholderExpression& expression, const ArtifactDict& inputs) {
  const auto& index = expression.operator_().index_op();
  const std::string& key = index.expression().placeholder().key();
  const auto input = inputs.find(key);
  if (input == inputs.end() || index.index() < 0 || static_cast<size_t>(index.index()) >= input->second.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat("its condition looks at artifact ", index.index(), " of \"", key, "\", which is not there"));
  }
  return &input->second[static_cast<size_t>(index.index())];
}

// Of TFX's value artifacts: what is in the file that their uri names.
absl::StatusOr<Value> ValueOf(const Artifact& artifact) {
  const std::string path = io::IsDirectory(artifact.uri) ? io::JoinPath(artifact.uri, "value") : artifact.uri;
  auto text = io::ReadFile(path);
  if (!text.ok()) {
    return absl::InvalidArgumentError(absl::StrCat("its condition looks at the value of an artifact of type ",
                                                   artifact.type_name, ", which has none: ", text.status().message()));
  }
  int64_t number;
  double real;
  const bool is_int = artifact.type_name == "Integer" || artifact.type_name == "Boolean";
  if (is_int && absl::SimpleAtoi(*text, &number)) return Value(number);
  if (artifact.type_name == "Float" && absl::SimpleAtod(*text, &real)) return Value(real);
  return Value(*std::move(text));
}

Value PropertyOf(const Properties& properties, const std::string& name) {
  const auto it = properties.find(name);
  return it == properties.end() ? Value() : Value(it->second);
}

absl::StatusOr<Value> Evaluate(const PlaceholderExpression& expression, const ArtifactDict& inputs) {
  const auto& constant = expression.value();
  switch (constant.value_case()) {
    case ml_metadata::Value::kIntValue: return Value(constant.int_value());
    case ml_metadata::Value::kDoubleValue: return Value(constant.double_value());
    case ml_metadata::Value::kStringValue: return Value(constant.string_value());
    default: break;
  }
  const PlaceholderExpressionOperator& op = expression.operator_();
  if (op.has_artifact_uri_op()) {
    ASSIGN_OR_RETURN(const Artifact* artifact, FindArtifact(op.artifact_uri_op().expression(), inputs));
    return Value(artifact->uri);
  }
  if (op.has_artifact_value_op()) {
    ASSIGN_OR_RETURN(const Artifact* artifact, FindArtifact(op.artifact_value_op().expression(), inputs));
    return ValueOf(*artifact);
  }
  const auto& property = op.artifact_property_op();
  ASSIGN_OR_RETURN(const Artifact* artifact, FindArtifact(property.expression(), inputs));
  return PropertyOf(property.is_custom_property() ? artifact->custom_properties : artifact->properties, property.key());
}

std::optional<double> Number(const PropertyValue& value) {
  if (const auto* number = std::get_if<int64_t>(&value)) return static_cast<double>(*number);
  if (const auto* real = std::get_if<double>(&value)) return *real;
  return std::nullopt;
}

absl::StatusOr<bool> Compare(const ComparisonOperator& op, const ArtifactDict& inputs) {
  ASSIGN_OR_RETURN(const Value left, Evaluate(op.lhs(), inputs));
  ASSIGN_OR_RETURN(const Value right, Evaluate(op.rhs(), inputs));
  if (!left.has_value() || !right.has_value()) return false;
  const auto compare = [&](const auto& a, const auto& b) {
    return op.op() == ComparisonOperator::EQUAL ? a == b : op.op() == ComparisonOperator::LESS_THAN ? a < b : a > b;
  };
  const auto *left_text = std::get_if<std::string>(&*left), *right_text = std::get_if<std::string>(&*right);
  if (left_text != nullptr && right_text != nullptr) return compare(*left_text, *right_text);
  const std::optional<double> left_number = Number(*left), right_number = Number(*right);
  if (left_number.has_value() && right_number.has_value()) return compare(*left_number, *right_number);
  if (op.op() == ComparisonOperator::EQUAL) return false;
  return absl::InvalidArgumentError("its condition compares a text with a number by their order");
}

absl::Status CheckValue(const PlaceholderExpression& expression) {
  if (expression.has_value()) return absl::OkStatus();
  const PlaceholderExpressionOperator& op = expression.operator_();
  const PlaceholderExpression* artifact = op.has_artifact_uri_op()        ? &op.artifact_uri_op().expression()
                                          : op.has_artifact_value_op()    ? &op.artifact_value_op().expression()
                                          : op.has_artifact_property_op() ? &op.artifact_property_op().expression()
                                                                          : nullptr;
  if (artifact != nullptr && op.artifact_uri_op().split().empty() &&
      artifact->operator_().index_op().expression().has_placeholder()) {
    return absl::OkStatus();
  }
  return absl::UnimplementedError(
      "its condition compares something else than the uri, the value or a property of an input; tfxm does not run that");
}

}  // namespace

absl::Status CheckCondition(const PlaceholderExpression& expression) {
  const PlaceholderExpressionOperator& op = expression.operator_();
  if (op.has_compare_op()) {
    RETURN_IF_ERROR(CheckValue(op.compare_op().lhs()));
    return CheckValue(op.compare_op().rhs());
  }
  if (op.has_unary_logical_op()) return CheckCondition(op.unary_logical_op().expression());
  if (op.has_binary_logical_op()) {
    RETURN_IF_ERROR(CheckCondition(op.binary_logical_op().lhs()));
    return CheckCondition(op.binary_logical_op().rhs());
  }
  return absl::UnimplementedError("its condition is neither a comparison nor and, or, not; tfxm does not run that");
}

absl::StatusOr<bool> EvaluateCondition(const PlaceholderExpression& expression, const ArtifactDict& inputs) {
  const PlaceholderExpressionOperator& op = expression.operator_();
  if (op.has_compare_op()) return Compare(op.compare_op(), inputs);
  if (op.has_unary_logical_op()) {
    ASSIGN_OR_RETURN(const bool holds, EvaluateCondition(op.unary_logical_op().expression(), inputs));
    return !holds;
  }
  ASSIGN_OR_RETURN(const bool left, EvaluateCondition(op.binary_logical_op().lhs(), inputs));
  const bool conjunction = op.binary_logical_op().op() == BinaryLogicalOperator::AND;
  if (left != conjunction) return left;  // The other side does not matter.
  return EvaluateCondition(op.binary_logical_op().rhs(), inputs);
}

}  // namespace tfxm
