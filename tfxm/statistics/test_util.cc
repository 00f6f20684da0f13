// SPDX-License-Identifier: Apache-2.0

#include "tfxm/statistics/test_util.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "google/protobuf/descriptor.h"

namespace tfxm::statistics {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

// Every field that is set, by its path; floating-point ones as numbers too.
struct Leaf {
  std::string text;
  bool is_floating = false;
  double number = 0;
};
using Leaves = std::map<std::string, Leaf>;

Leaf Scalar(const Message& message, const FieldDescriptor* field, int index) {
  const Reflection* r = message.GetReflection();
  const bool repeated = field->is_repeated();
  const auto floating = [](double value) { return Leaf{absl::StrFormat("%.17g", value), true, value}; };
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return floating(repeated ? r->GetRepeatedDouble(message, field, index) : r->GetDouble(message, field));
    case FieldDescriptor::CPPTYPE_FLOAT:
      return floating(repeated ? r->GetRepeatedFloat(message, field, index) : r->GetFloat(message, field));
    case FieldDescriptor::CPPTYPE_INT32:
      return {absl::StrCat(repeated ? r->GetRepeatedInt32(message, field, index) : r->GetInt32(message, field))};
    case FieldDescriptor::CPPTYPE_INT64:
      return {absl::StrCat(repeated ? r->GetRepeatedInt64(message, field, index) : r->GetInt64(message, field))};
    case FieldDescriptor::CPPTYPE_UINT32:
      return {absl::StrCat(repeated ? r->GetRepeatedUInt32(message, field, index) : r->GetUInt32(message, field))};
    case FieldDescriptor::CPPTYPE_UINT64:
      return {absl::StrCat(repeated ? r->GetRepeatedUInt64(message, field, index) : r->GetUInt64(message, field))};
    case FieldDescriptor::CPPTYPE_BOOL:
      return {absl::StrCat(repeated ? r->GetRepeatedBool(message, field, index) : r->GetBool(message, field))};
    case FieldDescriptor::CPPTYPE_ENUM:
      return {
          absl::StrCat(repeated ? r->GetRepeatedEnumValue(message, field, index) : r->GetEnumValue(message, field))};
    default: return {repeated ? r->GetRepeatedString(message, field, index) : r->GetString(message, field)};
  }
}

void Flatten(const Message& message, const std::string& path, Leaves* leaves) {
  const Reflection* r = message.GetReflection();
  std::vector<const FieldDescriptor*> fields;
  r->ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    const std::string name = absl::StrCat(path, ".", field->name());
    const bool is_message = field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
    if (!field->is_repeated()) {
      (*leaves)[name] = is_message ? Leaf() : Scalar(message, field, 0);
      if (is_message) Flatten(r->GetMessage(message, field), name, leaves);
      continue;
    }
    for (int i = 0; i < r->FieldSize(message, field); ++i) {
      std::string element = absl::StrCat(name, "[", i, "]");
      if (is_message) {
        const Message& child = r->GetRepeatedMessage(message, field, i);
        // The entries of a map have no order; its keys here are strings.
        if (field->is_map()) {
          element = absl::StrCat(
              name, "[", child.GetReflection()->GetString(child, child.GetDescriptor()->FindFieldByNumber(1)), "]");
        }
        (*leaves)[element] = Leaf();
        Flatten(child, element, leaves);
      } else {
        (*leaves)[element] = Scalar(message, field, i);
      }
    }
  }
}

bool Equal(const Leaf& a, const Leaf& b, double relative_error) {
  if (a.text == b.text) return true;
  if (!a.is_floating || !b.is_floating) return false;
  if (std::isnan(a.number) && std::isnan(b.number)) return true;  // Whatever their signs.
  return std::abs(a.number - b.number) <= relative_error * std::max(std::abs(a.number), std::abs(b.number));
}

}  // namespace

std::string Differences(const Message& expected, const Message& actual, double relative_error) {
  Leaves a, b;
  Flatten(expected, "", &a);
  Flatten(actual, "", &b);
  std::string report;
  for (const auto& [path, leaf] : a) {
    const auto it = b.find(path);
    if (it == b.end()) {
      absl::StrAppend(&report, "missing ", path, ": ", leaf.text, "\n");
    } else if (!Equal(leaf, it->second, relative_error)) {
      absl::StrAppend(&report, path, ": expected ", leaf.text, ", found ", it->second.text, "\n");
    }
  }
  for (const auto& [path, leaf] : b) {
    if (a.count(path) == 0) absl::StrAppend(&report, "unexpected ", path, ": ", leaf.text, "\n");
  }
  return report;
}

}  // namespace tfxm::statistics
