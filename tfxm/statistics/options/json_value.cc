// SPDX-License-Identifier: Apache-2.0

#include "tfxm/statistics/options/json_value.h"

#include <cmath>
#include <limits>

#include "absl/strings/str_cat.h"
#include "tfxm/util/status_macros.h"
#include "tfxm/util/text/json_writer.h"

namespace tfxm::statistics {

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
  for (const Value& element : value.list_value().values()) RETURN_IF_ERROR(ReadJson(element, &result->emplace_back()));
  return absl::OkStatus();
}

}  // namespace tfxm::statistics
