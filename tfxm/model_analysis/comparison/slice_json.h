// Slices in the files beside an evaluation: {"region": "north", "day": 3}.
#ifndef TFXM_MODEL_ANALYSIS_COMPARISON_SLICE_JSON_H_
#define TFXM_MODEL_ANALYSIS_COMPARISON_SLICE_JSON_H_

#include "tfxm/model_analysis/slice_key.h"
#include "tfxm/util/json_writer.h"

namespace tfxm::model_analysis {

// Integers beyond 2^53, which JSON's readers round, are strings.
inline void WriteSlice(const SliceKey& slice, JsonWriter* json) {
  json->BeginObject();
  for (const auto& [feature, value] : slice) {
    json->Key(feature);
    if (const auto* text = std::get_if<std::string>(&value)) {
      json->String(*text);
    } else if (const auto* number = std::get_if<double>(&value)) {
      json->Number(*number);
    } else {
      const int64_t integer = std::get<int64_t>(value);
      constexpr int64_t kExact = int64_t{1} << 53;
      if (integer >= -kExact && integer <= kExact) {
        json->Number(static_cast<double>(integer));
      } else {
        json->String(std::to_string(integer));
      }
    }
  }
  json->End();
}

}  // namespace tfxm::model_analysis

#endif  // TFXM_MODEL_ANALYSIS_COMPARISON_SLICE_JSON_H_
