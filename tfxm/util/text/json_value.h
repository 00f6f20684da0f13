// SPDX-License-Identifier: Apache-2.0

// Options from JSON: each member of an object sets what has its name.
//
//   struct { int size = 1; std::vector<std::string> names; } options;
//   RETURN_IF_ERROR(SetMembers("option", json, {{"size", SetsJson(&options.size)},
//                                               {"names", SetsJson(&options.names)}}));
//
// INVALID_ARGUMENT says what was expected and what there is.
#ifndef TFXM_UTIL_TEXT_JSON_VALUE_H_
#define TFXM_UTIL_TEXT_JSON_VALUE_H_

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/struct.pb.h"

namespace tfxm {

absl::Status WrongType(absl::string_view expected, const google::protobuf::Value& value);

// A value as a C++ one, which is unchanged if there is an error; a list is added to what is there. JSON's numbers are
// doubles: integers are exact up to 2^53, and larger ones are refused.
absl::Status ReadJson(const google::protobuf::Value& value, bool* result);
absl::Status ReadJson(const google::protobuf::Value& value, int* result);
absl::Status ReadJson(const google::protobuf::Value& value, int64_t* result);
absl::Status ReadJson(const google::protobuf::Value& value, uint64_t* result);
absl::Status ReadJson(const google::protobuf::Value& value, double* result);
absl::Status ReadJson(const google::protobuf::Value& value, std::string* result);
absl::Status ReadJson(const google::protobuf::Value& value, std::vector<std::string>* result);

// The member of that name. If there is none: null, or a value of no kind, whose text, list and object are empty.
const google::protobuf::Value* FindMember(const google::protobuf::Struct& json, const std::string& name);
const google::protobuf::Value& JsonMember(const google::protobuf::Struct& json, const std::string& name);
// Its text; empty if it is missing or of another kind.
std::string JsonText(const google::protobuf::Struct& json, const std::string& name);

// What a member's value does.
using JsonSetter = std::function<absl::Status(const google::protobuf::Value& value)>;
using JsonSetters = std::map<std::string, JsonSetter>;

// Of what ReadJson reads; `target` must outlive the setter.
template <typename T>
JsonSetter SetsJson(T* target) {
  return [target](const google::protobuf::Value& value) { return ReadJson(value, target); };
}

// Errors name the member; of an unknown one they say that there is no such `what`, and the nearest names. Null leaves
// what is there.
absl::Status SetMembers(absl::string_view what, const google::protobuf::Struct& json, const JsonSetters& setters);

}  // namespace tfxm

#endif  // TFXM_UTIL_TEXT_JSON_VALUE_H_
