// SPDX-License-Identifier: Apache-2.0

#include "tfxm/util/text/json_writer.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "google/protobuf/json/json.h"
#include "tfxm/util/text/text.h"

namespace tfxm {
namespace {

std::string AsProtobuf(const google::protobuf::Value& value, const char* otherwise) {
  std::string json;
  return google::protobuf::json::MessageToJsonString(value, &json).ok() ? json : otherwise;
}

}  // namespace

void JsonWriter::NewLine() {
  if (indent_ > 0) absl::StrAppend(&text_, "\n", std::string(open_.size() * indent_, ' '));
}

void JsonWriter::Element() {
  if (std::exchange(after_key_, false)) return;
  if (!first_) text_ += like_python_ && indent_ == 0 ? ", " : ",";
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
  text_ += indent_ > 0 || like_python_ ? ": " : ":";
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
  if (like_python_) {
    google::protobuf::Value number;
    number.set_number_value(x);
    text_ += AsProtobuf(number, "null");
  } else if (std::isfinite(x)) {
    text_ += ExactNumber(x);
  } else {
    absl::StrAppend(&text_, "\"", ExactNumber(x), "\"");
  }
  return *this;
}

JsonWriter& JsonWriter::Real(double x) {
  const size_t begin = text_.size();
  Number(x);
  if (text_.find_first_of(".eInuN", begin) == std::string::npos) text_ += ".0";
  return *this;
}

JsonWriter& JsonWriter::Integer(int64_t n) {
  Element();
  absl::StrAppend(&text_, n);
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
  if (like_python_) {
    google::protobuf::Value value;
    value.set_string_value(std::string(text));
    text_ += AsProtobuf(value, "\"\"");
    return;
  }
  const std::string bytes = IsUtf8(text) && !printable_ ? std::string(text) : PrintableText(text);
  text_ += '"';
  for (absl::string_view rest = bytes; !rest.empty();) {
    const int length = Utf8SequenceLength(rest);
    const uint32_t c = DecodeUtf8(rest, length);
    if (c == '"' || c == '\\') {
      text_ += '\\';
      text_ += static_cast<char>(c);
    } else if (c > 0xffff && ChangesOthers(c)) {
      absl::StrAppendFormat(&text_, "\\u%04x\\u%04x", 0xd7c0 + (c >> 10), 0xdc00 + (c & 0x3ff));
    } else if (c == '<' || c == '>' || c == '&' || c < 0x20 || c == 0x7f || ChangesOthers(c)) {
      absl::StrAppendFormat(&text_, "\\u%04x", c);
    } else {
      text_.append(rest.substr(0, length));
    }
    rest.remove_prefix(length);
  }
  text_ += '"';
}

}  // namespace tfxm
