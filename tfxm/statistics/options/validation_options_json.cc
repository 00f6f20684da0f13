// SPDX-License-Identifier: Apache-2.0

#include "tfxm/statistics/options/validation_options_json.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "google/protobuf/struct.pb.h"
#include "tfxm/util/io.h"
#include "tfxm/util/registry.h"
#include "tfxm/util/status_macros.h"
#include "tfxm/util/text/json_value.h"

namespace tfxm::statistics {
namespace {

using google::protobuf::Struct;
using google::protobuf::Value;
using tensorflow::metadata::v0::AnomalyInfo;

absl::Status Unknown(absl::string_view what, const std::string& name, const std::vector<std::string>& names) {
  const std::string near = NearestNames(name, names);
  return absl::InvalidArgumentError(
      absl::StrCat("unknown ", what, " \"", name, "\"", near.empty() ? "" : "; did you mean ", near));
}

std::vector<std::string> NamesOf(const google::protobuf::EnumDescriptor* type) {
  std::vector<std::string> names;
  for (int i = 0; i < type->value_count(); ++i) names.emplace_back(type->value(i)->name());
  return names;
}

absl::Status ReadOverride(const Value& type, const Value& severity, ValidationOptions* options) {
  std::string type_name, severity_name;
  RETURN_IF_ERROR(ReadJson(type, &type_name));
  RETURN_IF_ERROR(ReadJson(severity, &severity_name));
  AnomalyInfo::Type parsed_type;
  AnomalyInfo::Severity parsed_severity;
  if (!AnomalyInfo::Type_Parse(type_name, &parsed_type)) {
    return Unknown("type of anomaly", type_name, NamesOf(AnomalyInfo::Type_descriptor()));
  }
  if (!AnomalyInfo::Severity_Parse(severity_name, &parsed_severity)) {
    return Unknown("severity", severity_name, NamesOf(AnomalyInfo::Severity_descriptor()));
  }
  options->severity_overrides[parsed_type] = parsed_severity;
  return absl::OkStatus();
}

absl::Status ReadOverrides(const Value& value, ValidationOptions* options) {
  Value type;
  if (value.has_struct_value()) {
    for (const auto& [name, severity] : value.struct_value().fields()) {
      type.set_string_value(name);
      RETURN_IF_ERROR(ReadOverride(type, severity, options));
    }
    return absl::OkStatus();
  }
  if (!value.has_list_value()) return WrongType("an object of types of anomalies and severities, or a list", value);
  for (const Value& element : value.list_value().values()) {
    const auto& fields = element.struct_value().fields();
    if (fields.size() != 2 || !fields.contains("type") || !fields.contains("severity")) {
      return WrongType("an object with type and severity", element);
    }
    RETURN_IF_ERROR(ReadOverride(fields.at("type"), fields.at("severity"), options));
  }
  return absl::OkStatus();
}

absl::Status ReadFeatures(const Value& value, ValidationOptions* options) {
  if (!value.has_list_value()) return WrongType("a list of features", value);
  for (const Value& element : value.list_value().values()) {
    std::vector<std::string> path;
    RETURN_IF_ERROR(element.has_list_value() ? ReadJson(element, &path) : ReadJson(element, &path.emplace_back()));
    options->features_needed.insert(std::move(path));
  }
  return absl::OkStatus();
}

absl::Status ReadOption(const std::string& name, const Value& value, ValidationOptions* options) {
  if (value.has_null_value()) return absl::OkStatus();
  if (name == "environment") return ReadJson(value, &options->environment.emplace());
  if (name == "severity_overrides") return ReadOverrides(value, options);
  if (name == "features_needed") return ReadFeatures(value, options);
  if (name == "enable_diff_regions") return ReadJson(value, &options->enable_diff_regions);
  bool are_warnings = false;
  RETURN_IF_ERROR(ReadJson(value, &are_warnings));
  // What is said of the type itself counts.
  if (are_warnings) options->severity_overrides.emplace(AnomalyInfo::SCHEMA_NEW_COLUMN, AnomalyInfo::WARNING);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<ValidationOptions> ParseValidationOptions(absl::string_view json) {
  static const auto* const names = new std::vector<std::string>{"enable_diff_regions", "environment", "features_needed",
                                                                "new_features_are_warnings", "severity_overrides"};
  Struct object;
  if (absl::Status status = io::ParseJson(json, &object); !status.ok()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the ValidationOptions are not a JSON object such as {\"environment\": \"SERVING\"}: ", status.message()));
  }
  for (const auto& [name, value] : object.fields()) {
    if (std::find(names->begin(), names->end(), name) == names->end()) {
      return Unknown("ValidationOptions", name, *names);
    }
  }
  ValidationOptions options;
  for (const std::string& name : *names) {
    const auto value = object.fields().find(name);
    if (value == object.fields().end()) continue;
    if (absl::Status status = ReadOption(name, value->second, &options); !status.ok()) {
      return absl::Status(status.code(), absl::StrCat("ValidationOptions \"", name, "\": ", status.message()));
    }
  }
  return options;
}

}  // namespace tfxm::statistics
