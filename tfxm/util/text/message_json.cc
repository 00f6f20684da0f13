// SPDX-License-Identifier: Apache-2.0

#include "tfxm/util/text/message_json.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/json/json.h"
#include "tfxm/util/status_macros.h"
#include "tfxm/util/text/text.h"

namespace tfxm {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// Text or a whole number: the other one is empty, or 0.
std::pair<std::string, int64_t> KeyOf(const Message& entry, const FieldDescriptor* key) {
  const google::protobuf::Reflection& reflection = *entry.GetReflection();
  switch (key->cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING: return {reflection.GetString(entry, key), 0};
    case FieldDescriptor::CPPTYPE_INT32: return {"", reflection.GetInt32(entry, key)};
    case FieldDescriptor::CPPTYPE_INT64: return {"", reflection.GetInt64(entry, key)};
    default: return {};
  }
}

void SortByKey(const FieldDescriptor* map, Message* message) {
  const google::protobuf::Reflection& reflection = *message->GetReflection();
  std::vector<std::pair<std::pair<std::string, int64_t>, int>> order;  // Key and place.
  for (int i = 0; i < reflection.FieldSize(*message, map); ++i) {
    order.emplace_back(KeyOf(reflection.GetRepeatedMessage(*message, map, i), map->message_type()->map_key()), i);
  }
  std::sort(order.begin(), order.end());
  for (int i = 0; i < static_cast<int>(order.size()); ++i) {
    int from = order[i].second;
    while (from < i) from = order[from].second;  // Where the swaps before have put it.
    if (from != i) reflection.SwapElements(message, map, i, from);
  }
}

}  // namespace

void SortMaps(Message* message) {
  const google::protobuf::Reflection& reflection = *message->GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection.ListFields(*message, &fields);
  for (const FieldDescriptor* field : fields) {
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) continue;
    if (!field->is_repeated()) {
      SortMaps(reflection.MutableMessage(message, field));
      continue;
    }
    if (field->is_map()) SortByKey(field, message);
    for (int i = 0; i < reflection.FieldSize(*message, field); ++i)
      SortMaps(reflection.MutableRepeatedMessage(message, field, i));
  }
}

absl::StatusOr<std::string> MessageToJson(const Message& message) {
  google::protobuf::json::PrintOptions options;
  options.add_whitespace = true;
  options.preserve_proto_field_names = true;
  options.always_print_fields_with_no_presence = true;
  const std::unique_ptr<Message> sorted(message.New());
  sorted->CopyFrom(message);
  SortMaps(sorted.get());
  std::string json;
  RETURN_IF_ERROR(google::protobuf::json::MessageToJsonString(*sorted, &json, options));
  return json;
}

absl::Status ParseMessageJson(absl::string_view json, Message* message) {
  google::protobuf::json::ParseOptions options;
  options.ignore_unknown_fields = true;
  absl::Status status = google::protobuf::json::JsonStringToMessage(json, message, options);
  if (status.ok()) return status;
  std::string what(status.message());  // Which has two spaces in places.
  absl::RemoveExtraAsciiWhitespace(&what);
  return absl::InvalidArgumentError(absl::StrCat("not a JSON ", message->GetDescriptor()->full_name(), ": ", what));
}

google::protobuf::Value ValueOf(double x) {
  google::protobuf::Value value;
  if (std::isfinite(x)) {
    value.set_number_value(x);
  } else {
    value.set_string_value(ExactNumber(x));
  }
  return value;
}

std::string Utf8Text(absl::string_view text) { return IsUtf8(text) ? std::string(text) : PrintableText(text); }

}  // namespace tfxm
