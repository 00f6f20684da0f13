// SPDX-License-Identifier: Apache-2.0

// Which examples of a batch belong to which slices of the data.
#ifndef TFXM_STATISTICS_ACCUMULATE_SLICING_H_
#define TFXM_STATISTICS_ACCUMULATE_SLICING_H_

#include <map>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "tfxm/data/example_batch.h"

namespace tfxm::statistics {

// The name of the dataset of all examples where there are slices too.
inline constexpr char kAllExamples[] = "All Examples";

// A slice for each value of a feature, or for the given ones only where there are any; with several features, for each
// combination of their values: {{"fruit", {}}, {"number", {"1"}}}. What tfdv.get_feature_value_slicer takes.
using SliceFeatures = std::map<std::string, std::vector<std::string>>;

// Adds the indices of those of `examples` that belong to a slice under its key, "fruit_apple_number_1": features in
// order of their names, each with its value. An example with several values is in several slices, one without in none.
// INVALID_ARGUMENT names a feature of floats, which cannot be sliced by, one of integers with a value that is none, and
// an example whose value is not UTF-8.
absl::Status AssignSlices(const data::ExampleBatch& batch, std::span<const int> examples, const SliceFeatures& features,
                          std::map<std::string, std::vector<int>>* slices);

}  // namespace tfxm::statistics

#endif  // TFXM_STATISTICS_ACCUMULATE_SLICING_H_
