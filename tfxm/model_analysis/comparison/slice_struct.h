// SPDX-License-Identifier: Apache-2.0

// Slices in the files beside an evaluation (tfxm/proto/sidecars.proto): {"region": "north", "day": 3}.
#ifndef TFXM_MODEL_ANALYSIS_COMPARISON_SLICE_STRUCT_H_
#define TFXM_MODEL_ANALYSIS_COMPARISON_SLICE_STRUCT_H_

#include "google/protobuf/struct.pb.h"
#include "tfxm/model_analysis/slicing/slice_key.h"
#include "tfxm/util/text/message_json.h"

namespace tfxm::model_analysis {

// Integers beyond 2^53, which JSON's readers round, are strings.
inline google::protobuf::Struct SliceStruct(const SliceKey& slice) {
  google::protobuf::Struct fields;
  for (const auto& [feature, value] : slice) {
    google::protobuf::Value& field = (*fields.mutable_fields())[Utf8Text(feature)];
    if (const auto* text = std::get_if<std::string>(&value)) {
      field.set_string_value(Utf8Text(*text));
    } else if (const auto* number = std::get_if<double>(&value)) {
      field = ValueOf(*number);
    } else {
      const int64_t integer = std::get<int64_t>(value);
      constexpr int64_t kExact = int64_t{1} << 53;
      if (integer >= -kExact && integer <= kExact) {
        field.set_number_value(static_cast<double>(integer));
      } else {
        field.set_string_value(std::to_string(integer));
      }
    }
  }
  return fields;
}

}  // namespace tfxm::model_analysis

#endif  // TFXM_MODEL_ANALYSIS_COMPARISON_SLICE_STRUCT_H_
