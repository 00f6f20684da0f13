// SPDX-License-Identifier: Apache-2.0

#include "tfxm/dsl/json.h"

#include <utility>
#include <variant>

#include "google/protobuf/message.h"
#include "google/protobuf/struct.pb.h"
#include "tfxm/util/io.h"
#include "tfxm/util/text/json_writer.h"

namespace tfxm {

std::string ToTfxJson(const google::protobuf::Message& message) {
  google::protobuf::Value value;
  const absl::StatusOr<std::string> json = io::ToJson(message);
  if (!json.ok() || !io::ParseJson(*json, &value).ok()) return "{}";
  return std::move(JsonWriter::LikePython(/*indent=*/true).Value(value)).Take();
}

std::string ToTfxJson(const std::vector<std::string>& strings) {
  JsonWriter json = JsonWriter::LikePython();
  json.BeginArray();
  for (const std::string& string : strings) json.String(string);
  return std::move(json.End()).Take();
}

std::string ToTfxJson(const Properties& properties) {
  if (properties.empty()) return "null";
  JsonWriter json = JsonWriter::LikePython();
  json.BeginObject();
  for (const auto& [key, value] : properties) {
    json.Key(key);
    if (const auto* string = std::get_if<std::string>(&value)) {
      json.String(*string);
    } else if (const auto* real = std::get_if<double>(&value)) {
      json.Real(*real);
    } else {
      json.Integer(std::get<int64_t>(value));
    }
  }
  return std::move(json.End()).Take();
}

}  // namespace tfxm
