// SPDX-License-Identifier: Apache-2.0

// StatsOptions from JSON: what tfdv.StatsOptions.to_json() writes (which is what TFX puts into the exec property
// stats_options_json), or an object of the constructor's names:
//
//   ASSIGN_OR_RETURN(StatsOptions options,
//                    ParseStatsOptions(R"({"weight_feature": "w", "num_top_values": 3,
//                                          "slices": ["country", {"device": "phone"}]})"));
//
// Names and values are TFDV's; null is the default. Beyond TFDV's there are
//   - slices: a list of what slices the data, each the name of a feature (a slice for each of its values) or an object
//     of features with a value, a list of values or null for all ({"fruit": null, "number": [1, 2]});
//   - feature_crosses: a list of pairs of features, or true for all numeric ones (CrossFeatureStatsGenerator's).
// `schema` and `slicing_config` are messages as JSON, or text with the JSON in it. epsilon, desired_batch_size,
// use_sketch_based_topk_uniques, experimental_filter_read_paths, experimental_result_partitions and
// experimental_num_feature_partitions are checked and change nothing: they are about how TFDV computes.
//
// INVALID_ARGUMENT names what is wrong: an unknown name (with the nearest ones), a value of another type or out of its
// range. UNIMPLEMENTED: generators, slice functions, vocab_paths and per_feature_stats_config, unless null.
#ifndef TFXM_STATISTICS_OPTIONS_STATS_OPTIONS_JSON_H_
#define TFXM_STATISTICS_OPTIONS_STATS_OPTIONS_JSON_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tfxm/statistics/stats_options.h"

namespace tfxm::statistics {

absl::StatusOr<StatsOptions> ParseStatsOptions(absl::string_view json);

}  // namespace tfxm::statistics

#endif  // TFXM_STATISTICS_OPTIONS_STATS_OPTIONS_JSON_H_
