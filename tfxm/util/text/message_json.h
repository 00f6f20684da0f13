// SPDX-License-Identifier: Apache-2.0

// JSON files that a message describes: the same message is always written as the same bytes, and what is read may come
// from a later version.
//
//   ASSIGN_OR_RETURN(const std::string json, MessageToJson(facts));
//   RETURN_IF_ERROR(ParseMessageJson(json, &facts));
#ifndef TFXM_UTIL_TEXT_MESSAGE_JSON_H_
#define TFXM_UTIL_TEXT_MESSAGE_JSON_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"
#include "google/protobuf/struct.pb.h"

namespace tfxm {

// Indented, in the order of the fields, whose names are those of the .proto; maps sorted. Fields without presence, lists
// and maps are there also if they are empty. INVALID_ARGUMENT: a google.protobuf.Value that is a NaN or infinite, for
// which there is ValueOf.
absl::StatusOr<std::string> MessageToJson(const google::protobuf::Message& message);

// Puts maps with text or signed integers for keys, at any depth, in the order of these: protobuf prints them as they
// lie, which is by chance.
void SortMaps(google::protobuf::Message* message);

// Unknown members are ignored. INVALID_ARGUMENT says what is wrong and where.
absl::Status ParseMessageJson(absl::string_view json, google::protobuf::Message* message);

// A number that may be NaN or infinite, written as protobuf writes fields of type double: "NaN", "Infinity", "-Infinity".
google::protobuf::Value ValueOf(double x);

// Text as a field of type string may hold it: itself if it is UTF-8, else PrintableText.
std::string Utf8Text(absl::string_view text);

}  // namespace tfxm

#endif  // TFXM_UTIL_TEXT_MESSAGE_JSON_H_
