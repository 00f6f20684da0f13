// SPDX-License-Identifier: Apache-2.0

// A value of JSON as a C++ one. INVALID_ARGUMENT says what was expected and what there is.
#ifndef TFXM_STATISTICS_OPTIONS_JSON_VALUE_H_
#define TFXM_STATISTICS_OPTIONS_JSON_VALUE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/struct.pb.h"

namespace tfxm::statistics {

absl::Status WrongType(absl::string_view expected, const google::protobuf::Value& value);

absl::Status ReadJson(const google::protobuf::Value& value, bool* result);
absl::Status ReadJson(const google::protobuf::Value& value, int* result);
absl::Status ReadJson(const google::protobuf::Value& value, int64_t* result);
absl::Status ReadJson(const google::protobuf::Value& value, double* result);
absl::Status ReadJson(const google::protobuf::Value& value, std::string* result);
absl::Status ReadJson(const google::protobuf::Value& value, std::vector<std::string>* result);

}  // namespace tfxm::statistics

#endif  // TFXM_STATISTICS_OPTIONS_JSON_VALUE_H_
