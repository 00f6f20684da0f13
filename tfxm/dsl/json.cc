// SPDX-License-Identifier: Apache-2.0

#include "tfxm/dsl/json.h"

#include <cctype>
#include <map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "google/protobuf/message.h"
#include "google/protobuf/struct.pb.h"
#include "tfxm/util/io.h"

namespace tfxm {
namespace {

class Formatter {
 public:
  explicit Formatter(absl::string_view json) : json_(json) {}

  std::string Value(int indent) {
    const char c = Peek();
    if (c == '{') return Object(indent);
    if (c == '[') return Array(indent);
    if (c == '"') return String();
    const size_t begin = at_;
    while (at_ < json_.size() && json_[at_] != ',' && json_[at_] != '}' && json_[at_] != ']' && !Space()) ++at_;
    return std::string(json_.substr(begin, at_ - begin));
  }

 private:
  bool Space() const { return std::isspace(static_cast<unsigned char>(json_[at_])) != 0; }
  // The next character that is no white space; 0 at the end.
  char Peek() {
    while (at_ < json_.size() && Space()) ++at_;
    return at_ < json_.size() ? json_[at_] : '\0';
  }
  bool Take(char c) {
    if (Peek() != c) return false;
    ++at_;
    return true;
  }
  std::string String() {
    const size_t begin = at_++;
    while (at_ < json_.size() && json_[at_] != '"') at_ += json_[at_] == '\\' ? 2 : 1;
    if (at_ < json_.size()) ++at_;
    return std::string(json_.substr(begin, at_ - begin));
  }
  static std::string Lines(char open, const std::vector<std::string>& items, char close, int indent) {
    if (items.empty()) return {open, close};
    const std::string inner = "\n" + std::string(indent + 2, ' ');
    return absl::StrCat(std::string(1, open), inner, absl::StrJoin(items, "," + inner), "\n", std::string(indent, ' '),
                        std::string(1, close));
  }
  std::string Object(int indent) {
    std::map<std::string, std::string> members;
    Take('{');
    while (Peek() == '"') {
      const std::string key = String();
      Take(':');
      members[key] = Value(indent + 2);
      Take(',');
    }
    Take('}');
    std::vector<std::string> items;
    for (const auto& [key, value] : members) items.push_back(absl::StrCat(key, ": ", value));
    return Lines('{', items, '}', indent);
  }
  std::string Array(int indent) {
    std::vector<std::string> items;
    Take('[');
    while (Peek() != ']' && Peek() != '\0') {
      items.push_back(Value(indent + 2));
      Take(',');
    }
    Take(']');
    return Lines('[', items, ']', indent);
  }

  absl::string_view json_;
  size_t at_ = 0;
};

std::string Quote(const std::string& text) {
  google::protobuf::Value value;
  value.set_string_value(text);
  return io::ToJson(value).value_or("\"\"");
}

}  // namespace

std::string FormatJson(absl::string_view json) { return Formatter(json).Value(0); }

std::string ToTfxJson(const google::protobuf::Message& message) {
  return FormatJson(io::ToJson(message).value_or("{}"));
}

std::string ToTfxJson(const std::vector<std::string>& strings) {
  return absl::StrCat(
      "[", absl::StrJoin(strings, ", ", [](std::string* out, const std::string& s) { *out += Quote(s); }), "]");
}

std::string ToTfxJson(const Properties& properties) {
  if (properties.empty()) return "null";
  std::vector<std::string> members;
  for (const auto& [key, value] : properties) {
    std::string text;
    if (const auto* string = std::get_if<std::string>(&value)) {
      text = Quote(*string);
    } else if (const auto* real = std::get_if<double>(&value)) {
      google::protobuf::Value number;
      number.set_number_value(*real);
      text = io::ToJson(number).value_or("null");
      if (text.find_first_not_of("-0123456789") == std::string::npos)
        text += ".0";  // As Python: still a float when read.
    } else {
      text = absl::StrCat(std::get<int64_t>(value));
    }
    members.push_back(absl::StrCat(Quote(key), ": ", text));
  }
  return absl::StrCat("{", absl::StrJoin(members, ", "), "}");
}

}  // namespace tfxm
