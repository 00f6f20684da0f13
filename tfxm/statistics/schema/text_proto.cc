// SPDX-License-Identifier: Apache-2.0

#include "tfxm/statistics/schema/text_proto.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"

namespace tfxm::statistics {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

// Python's repr: the fewest digits that give the number back; an exponent from 1e16 on and below 1e-4.
template <typename T>
std::string Repr(T value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  char buffer[64];
  const auto scientific = std::to_chars(buffer, buffer + sizeof(buffer), value, std::chars_format::scientific);
  const absl::string_view text(buffer, scientific.ptr - buffer);
  const int exponent = std::atoi(std::string(text.substr(text.find('e') + 1)).c_str());
  if (exponent < -4 || exponent >= 16) return std::string(text);
  const auto fixed = std::to_chars(buffer, buffer + sizeof(buffer), value, std::chars_format::fixed);
  std::string result(buffer, fixed.ptr);
  if (result.find('.') == std::string::npos) result += ".0";
  return result;
}

// The scalar `index` of a repeated field, or the field.
std::string ScalarText(const Message& message, const FieldDescriptor* field, int index) {
  const Reflection* r = message.GetReflection();
  const bool repeated = field->is_repeated();
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return Repr(repeated ? r->GetRepeatedDouble(message, field, index) : r->GetDouble(message, field));
    case FieldDescriptor::CPPTYPE_FLOAT:
      return Repr(repeated ? r->GetRepeatedFloat(message, field, index) : r->GetFloat(message, field));
    case FieldDescriptor::CPPTYPE_INT32:
      return absl::StrCat(repeated ? r->GetRepeatedInt32(message, field, index) : r->GetInt32(message, field));
    case FieldDescriptor::CPPTYPE_INT64:
      return absl::StrCat(repeated ? r->GetRepeatedInt64(message, field, index) : r->GetInt64(message, field));
    case FieldDescriptor::CPPTYPE_UINT32:
      return absl::StrCat(repeated ? r->GetRepeatedUInt32(message, field, index) : r->GetUInt32(message, field));
    case FieldDescriptor::CPPTYPE_UINT64:
      return absl::StrCat(repeated ? r->GetRepeatedUInt64(message, field, index) : r->GetUInt64(message, field));
    case FieldDescriptor::CPPTYPE_BOOL:
      return (repeated ? r->GetRepeatedBool(message, field, index) : r->GetBool(message, field)) ? "true" : "false";
    case FieldDescriptor::CPPTYPE_ENUM: {
      const int number = repeated ? r->GetRepeatedEnumValue(message, field, index) : r->GetEnumValue(message, field);
      const auto* value = field->enum_type()->FindValueByNumber(number);
      return value == nullptr ? absl::StrCat(number) : std::string(value->name());
    }
    default: {
      const std::string text = repeated ? r->GetRepeatedString(message, field, index) : r->GetString(message, field);
      return absl::StrCat("\"", absl::CEscape(text), "\"");
    }
  }
}

void Print(const Message& message, const std::string& indent, std::string* out) {
  const Reflection* r = message.GetReflection();
  std::vector<const FieldDescriptor*> fields;
  r->ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    const int size = field->is_repeated() ? r->FieldSize(message, field) : 1;
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) {
      for (int i = 0; i < size; ++i) {
        absl::StrAppend(out, indent, field->name(), ": ", ScalarText(message, field, i), "\n");
      }
      continue;
    }
    std::vector<std::string> blocks;
    for (int i = 0; i < size; ++i) {
      std::string block = absl::StrCat(indent, field->name(), " {\n");
      Print(field->is_repeated() ? r->GetRepeatedMessage(message, field, i) : r->GetMessage(message, field),
            indent + "  ", &block);
      blocks.push_back(absl::StrCat(block, indent, "}\n"));
    }
    // A map's entries start with their key.
    if (field->is_map()) std::sort(blocks.begin(), blocks.end());
    for (const std::string& block : blocks) *out += block;
  }
}

}  // namespace

std::string PrintAsPython(const Message& message) {
  std::string text;
  Print(message, "", &text);
  return text;
}

}  // namespace tfxm::statistics
