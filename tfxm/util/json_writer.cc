#include "tfxm/util/json_writer.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "tfxm/util/text.h"

namespace tfxm {

void JsonWriter::NewLine() {
  if (indent_) absl::StrAppend(&text_, "\n", std::string(open_.size(), ' '));
}

void JsonWriter::Element() {
  if (std::exchange(after_key_, false)) return;
  if (!first_) text_ += ',';
  if (!open_.empty()) NewLine();
  first_ = false;
}

JsonWriter& JsonWriter::Begin(char bracket) {
  Element();
  text_ += bracket;
  open_ += bracket;
  first_ = true;
  return *this;
}

JsonWriter& JsonWriter::End() {
  const char bracket = open_.back();
  open_.pop_back();
  if (!first_) NewLine();
  text_ += bracket == '{' ? '}' : ']';
  first_ = false;
  return *this;
}

JsonWriter& JsonWriter::Key(absl::string_view name) {
  Element();
  Quote(name);
  text_ += indent_ ? ": " : ":";
  after_key_ = true;
  return *this;
}

JsonWriter& JsonWriter::String(absl::string_view text) {
  Element();
  Quote(text);
  return *this;
}

JsonWriter& JsonWriter::Number(double x) {
  Element();
  if (std::isfinite(x)) {
    text_ += ExactNumber(x);
  } else {
    absl::StrAppend(&text_, "\"", ExactNumber(x), "\"");
  }
  return *this;
}

JsonWriter& JsonWriter::Bool(bool b) {
  Element();
  text_ += b ? "true" : "false";
  return *this;
}

JsonWriter& JsonWriter::Null() {
  Element();
  text_ += "null";
  return *this;
}

JsonWriter& JsonWriter::Value(const google::protobuf::Value& value) {
  using google::protobuf::Value;
  switch (value.kind_case()) {
    case Value::kNumberValue: return Number(value.number_value());
    case Value::kStringValue: return String(value.string_value());
    case Value::kBoolValue: return Bool(value.bool_value());
    case Value::kListValue:
      BeginArray();
      for (const auto& element : value.list_value().values()) this->Value(element);
      return End();
    case Value::kStructValue: {
      std::vector<std::string> names;
      for (const auto& [name, member] : value.struct_value().fields()) names.push_back(name);
      std::sort(names.begin(), names.end());
      BeginObject();
      for (const std::string& name : names) Key(name).Value(value.struct_value().fields().at(name));
      return End();
    }
    default: return Null();
  }
}

void JsonWriter::Quote(absl::string_view text) {
  const std::string bytes = IsUtf8(text) ? std::string(text) : PrintableText(text);
  text_ += '"';
  for (size_t i = 0; i < bytes.size(); ++i) {
    const char c = bytes[i];
    if (c == '"' || c == '\\') {
      text_ += '\\';
      text_ += c;
    } else if (c == '<' || c == '>' || c == '&' || static_cast<unsigned char>(c) < 0x20) {
      absl::StrAppendFormat(&text_, "\\u%04x", c);
    } else if (bytes.compare(i, 2, "\xe2\x80") == 0 && i + 2 < bytes.size() &&
               (bytes[i + 2] == '\xa8' || bytes[i + 2] == '\xa9')) {
      absl::StrAppend(&text_, bytes[i + 2] == '\xa8' ? "\\u2028" : "\\u2029");
      i += 2;
    } else {
      text_ += c;
    }
  }
  text_ += '"';
}

}  // namespace tfxm
