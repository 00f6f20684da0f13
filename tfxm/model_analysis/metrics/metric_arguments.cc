// SPDX-License-Identifier: Apache-2.0

#include "tfxm/model_analysis/metrics/metric_arguments.h"

#include <cctype>
#include <cmath>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/struct.pb.h"
#include "tfxm/util/io.h"
#include "tfxm/util/registry.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::model_analysis {

using google::protobuf::Value;

MetricArguments::MetricArguments() : fields_(std::make_unique<google::protobuf::Struct>()) {}
MetricArguments::~MetricArguments() = default;
MetricArguments::MetricArguments(MetricArguments&&) noexcept = default;

absl::StatusOr<MetricArguments> MetricArguments::Parse(absl::string_view class_name, absl::string_view json) {
  MetricArguments arguments;
  arguments.class_name_ = std::string(class_name);
  const std::string text(absl::StripAsciiWhitespace(json));
  if (!text.empty()) {
    RETURN_IF_ERROR(
        Annotate(io::ParseJson(text[0] == '{' ? text : absl::StrCat("{", text, "}"), arguments.fields_.get()),
                 absl::StrCat("config of metric ", class_name)));
  }
  return arguments;
}

const Value* MetricArguments::Find(absl::string_view name) {
  read_.emplace(name);
  const auto it = fields_->fields().find(std::string(name));
  return it == fields_->fields().end() || it->second.has_null_value() ? nullptr : &it->second;
}

bool MetricArguments::Has(absl::string_view name) const {
  const auto it = fields_->fields().find(std::string(name));
  return it != fields_->fields().end() && !it->second.has_null_value();
}

bool MetricArguments::IsList(absl::string_view name) const {
  const auto it = fields_->fields().find(std::string(name));
  return it != fields_->fields().end() && it->second.has_list_value();
}

void MetricArguments::Set(absl::string_view name, absl::string_view value) {
  (*fields_->mutable_fields())[std::string(name)].set_string_value(std::string(value));
}

absl::Status MetricArguments::Error(absl::string_view name, absl::string_view message) const {
  return absl::InvalidArgumentError(absl::StrCat("config of metric ", class_name_, ": \"", name, "\" ", message));
}

absl::StatusOr<std::optional<double>> MetricArguments::Number(absl::string_view name) {
  const Value* value = Find(name);
  if (value == nullptr) return std::nullopt;
  // JSON has no infinities; TFMA's own files spell them as strings.
  if (value->string_value() == "-Infinity") return -INFINITY;
  if (value->string_value() == "Infinity") return INFINITY;
  if (!value->has_number_value()) return Error(name, "must be a number");
  return value->number_value();
}

absl::StatusOr<double> MetricArguments::Number(absl::string_view name, double otherwise) {
  ASSIGN_OR_RETURN(std::optional<double> value, Number(name));
  return value.value_or(otherwise);
}

absl::StatusOr<std::optional<int>> MetricArguments::Integer(absl::string_view name) {
  ASSIGN_OR_RETURN(std::optional<double> value, Number(name));
  if (!value) return std::nullopt;
  if (*value != std::floor(*value) || std::abs(*value) > 1e9) return Error(name, "must be an integer");
  return static_cast<int>(*value);
}

absl::StatusOr<std::optional<int>> MetricArguments::Count(absl::string_view name) {
  ASSIGN_OR_RETURN(const std::optional<int> value, Integer(name));
  if (value && (*value < 1 || *value > 1'000'000)) return Error(name, "must be between 1 and 1000000");
  return value;
}

absl::StatusOr<bool> MetricArguments::Bool(absl::string_view name, bool otherwise) {
  const Value* value = Find(name);
  if (value == nullptr) return otherwise;
  if (!value->has_bool_value()) return Error(name, "must be true or false");
  return value->bool_value();
}

absl::StatusOr<std::string> MetricArguments::String(absl::string_view name, absl::string_view otherwise) {
  const Value* value = Find(name);
  if (value == nullptr) return std::string(otherwise);
  if (!value->has_string_value()) return Error(name, "must be a string");
  return value->string_value();
}

absl::StatusOr<std::optional<std::vector<double>>> MetricArguments::Numbers(absl::string_view name) {
  const Value* value = Find(name);
  if (value == nullptr) return std::nullopt;
  if (value->has_number_value()) return std::vector<double>{value->number_value()};
  if (!value->has_list_value()) return Error(name, "must be a number or a list of numbers");
  std::vector<double> numbers;
  for (const Value& element : value->list_value().values()) {
    if (!element.has_number_value()) return Error(name, "must be a list of numbers");
    numbers.push_back(element.number_value());
  }
  return numbers;
}

absl::StatusOr<std::vector<std::string>> MetricArguments::Strings(absl::string_view name) {
  const Value* value = Find(name);
  std::vector<std::string> strings;
  if (value == nullptr) return strings;
  if (!value->has_list_value()) return Error(name, "must be a list of strings");
  for (const Value& element : value->list_value().values()) {
    if (!element.has_string_value()) return Error(name, "must be a list of strings");
    strings.push_back(element.string_value());
  }
  return strings;
}

absl::Status MetricArguments::CheckAllRead() const {
  for (const auto& [name, value] : fields_->fields()) {
    if (read_.count(name) > 0) continue;
    const std::vector<std::string> known(read_.begin(), read_.end());
    const std::string near = NearestNames(name, known);
    return Error(name, near.empty() ? "is not an argument of it"
                                    : absl::StrCat("is not an argument of it; did you mean ", near));
  }
  return absl::OkStatus();
}

std::string SnakeCase(absl::string_view class_name) {
  // As the two regular expressions (.)([A-Z][a-z0-9]+) and ([a-z])([A-Z]) would split it.
  const int n = static_cast<int>(class_name.size());
  auto upper = [&](int i) { return i < n && std::isupper(static_cast<unsigned char>(class_name[i])); };
  auto small = [&](int i) {
    return i < n && (std::islower(static_cast<unsigned char>(class_name[i])) ||
                     std::isdigit(static_cast<unsigned char>(class_name[i])));
  };
  std::string name;
  for (int i = 0; i < n; ++i) {
    const bool lower_before = i > 0 && std::islower(static_cast<unsigned char>(class_name[i - 1]));
    if (i > 0 && upper(i) && (small(i + 1) || lower_before)) name.push_back('_');
    name.push_back(absl::ascii_tolower(class_name[i]));
  }
  return name;
}

}  // namespace tfxm::model_analysis
