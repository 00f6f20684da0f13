// SPDX-License-Identifier: Apache-2.0

// A slice: the examples with given values of given features. TFMA's SliceKeyType, and the SlicingSpec that says which
// slices there are.
//
//   SliceKey key = {{"region", "north"}, {"day", int64_t{3}}};   // sorted by feature; {} is the overall slice
#ifndef TFXM_MODEL_ANALYSIS_SLICING_SLICE_KEY_H_
#define TFXM_MODEL_ANALYSIS_SLICING_SLICE_KEY_H_

#include <compare>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "tensorflow_model_analysis/proto/config.pb.h"
#include "tensorflow_model_analysis/proto/metrics_for_slice.pb.h"
#include "tfxm/util/coding/state.h"

namespace tfxm::model_analysis {

using SliceValue = std::variant<int64_t, double, std::string>;
using SliceKey = std::vector<std::pair<std::string, SliceValue>>;

// A slice, or, with a baseline, the comparison of `slice` with it.
struct SliceOrCrossSlice {
  SliceKey slice;
  std::optional<SliceKey> baseline;

  bool is_cross_slice() const { return baseline.has_value(); }
  auto operator<=>(const SliceOrCrossSlice&) const = default;
};

::tensorflow_model_analysis::SliceKey ToProto(const SliceKey& key);
// util/coding/state.h. A number that is not one is a failure: keys are compared.
void SaveSliceKey(const SliceKey& key, StateWriter* writer);
SliceKey LoadSliceKey(StateReader* reader);

// "Overall", "region:north", "day_X_region:3_X_north", as TFMA prints it.
std::string ToString(const SliceKey& key);
std::string ToString(const SliceOrCrossSlice& key);

// A SlicingSpec without SQL. Values of feature_values that look like numbers are numbers, as in TFMA.
struct SliceSpec {
  std::set<std::string> columns;
  std::set<std::pair<std::string, SliceValue>> features;

  // INVALID_ARGUMENT if a feature is in both feature_keys and feature_values.
  static absl::StatusOr<SliceSpec> FromProto(const ::tensorflow_model_analysis::SlicingSpec& proto);
  // Whether the spec could have generated the slice.
  bool Applies(const SliceKey& key) const;
  auto operator<=>(const SliceSpec&) const = default;
};

struct CrossSliceSpec {
  SliceSpec baseline;
  std::vector<SliceSpec> comparisons;

  static absl::StatusOr<CrossSliceSpec> FromProto(const ::tensorflow_model_analysis::CrossSlicingSpec& proto);
  bool Applies(const SliceKey& baseline_key, const SliceKey& comparison_key) const;
  auto operator<=>(const CrossSliceSpec&) const = default;
};

// A string that reads as an int64 or, with a ".", as a double becomes that number (slicer_lib._to_type).
SliceValue ToSliceValue(const std::string& text);

}  // namespace tfxm::model_analysis

#endif  // TFXM_MODEL_ANALYSIS_SLICING_SLICE_KEY_H_
