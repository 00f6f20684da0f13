// SPDX-License-Identifier: Apache-2.0

#include "tfxm/util/text/json_value.h"

#include <cmath>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tfxm/util/registry.h"
#include "tfxm/util/status_macros.h"
#include "tfxm/util/text/json_writer.h"

namespace tfxm {

using google::protobuf::Value;

absl::Status WrongType(absl::string_view expected, const Value& value) {
  JsonWriter json;
  json.Value(value);
  return absl::InvalidArgumentError(absl::StrCat("expected ", expected, ", found ", std::move(json).Take()));
}

absl::Status ReadJson(const Value& value, bool* result) {
  if (!value.has_bool_value()) return WrongType("true or false", value);
  *result = value.bool_value();
  return absl::OkStatus();
}

absl::Status ReadJson(const Value& value, int64_t* result) {
  constexpr double kMost = 0x1p53;  // JSON's numbers are doubles.
  const double number = value.number_value();
  if (!value.has_number_value() || number != std::trunc(number) || std::abs(number) > kMost) {
    return WrongType("an integer", value);
  }
  *result = static_cast<int64_t>(number);
  return absl::OkStatus();
}

absl::Status ReadJson(const Value& value, int* result) {
  int64_t wide = 0;
  RETURN_IF_ERROR(ReadJson(value, &wide));
  if (wide < std::numeric_limits<int>::min() || wide > std::numeric_limits<int>::max()) {
    return WrongType("a smaller integer", value);
  }
  *result = static_cast<int>(wide);
  return absl::OkStatus();
}

absl::Status ReadJson(const Value& value, uint64_t* result) {
  int64_t number = 0;
  RETURN_IF_ERROR(ReadJson(value, &number));
  if (number < 0) return WrongType("an integer from 0", value);
  *result = static_cast<uint64_t>(number);
  return absl::OkStatus();
}

absl::Status ReadJson(const Value& value, double* result) {
  if (!value.has_number_value()) return WrongType("a number", value);
  *result = value.number_value();
  return absl::OkStatus();
}

absl::Status ReadJson(const Value& value, std::string* result) {
  if (!value.has_string_value()) return WrongType("text", value);
  *result = value.string_value();
  return absl::OkStatus();
}

absl::Status ReadJson(const Value& value, std::vector<std::string>* result) {
  if (!value.has_list_value()) return WrongType("a list of texts", value);
  std::vector<std::string> texts;
  for (const Value& element : value.list_value().values()) RETURN_IF_ERROR(ReadJson(element, &texts.emplace_back()));
  result->insert(result->end(), texts.begin(), texts.end());
  return absl::OkStatus();
}

const Value* FindMember(const google::protobuf::Struct& json, const std::string& name) {
  const auto it = json.fields().find(name);
  return it == json.fields().end() ? nullptr : &it->second;
}

const Value& JsonMember(const google::protobuf::Struct& json, const std::string& name) {
  const Value* const member = FindMember(json, name);
  return member == nullptr ? Value::default_instance() : *member;
}

std::string JsonText(const google::protobuf::Struct& json, const std::string& name) {
  return JsonMember(json, name).string_value();
}

absl::Status SetMembers(absl::string_view what, const google::protobuf::Struct& json, const JsonSetters& setters) {
  for (const auto& [name, value] : json.fields()) {
    const auto setter = setters.find(name);
    if (setter == setters.end()) {
      std::vector<std::string> names;
      for (const auto& [known, unused] : setters) names.push_back(known);
      const std::string near = NearestNames(name, names);
      return absl::InvalidArgumentError(
          absl::StrCat("no ", what, " \"", name, "\"", near.empty() ? "" : absl::StrCat("; nearest: ", near)));
    }
    if (value.has_null_value()) continue;
    RETURN_IF_ERROR(Annotate(setter->second(value), name));
  }
  return absl::OkStatus();
}

}  // namespace tfxm
