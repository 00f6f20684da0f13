// SPDX-License-Identifier: Apache-2.0

// What to compute statistics of, and how finely: tfdv.StatsOptions, with TFDV 1.15's names and defaults.
#ifndef TFXM_STATISTICS_STATS_OPTIONS_H_
#define TFXM_STATISTICS_STATS_OPTIONS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tensorflow_metadata/proto/v0/schema.pb.h"
#include "tfxm/statistics/accumulate/slicing.h"

namespace tfxm::statistics {

struct StatsOptions {
  // A feature with exactly one finite number in every example; adds the weighted statistics. Empty: none.
  std::string weight_feature;
  // Only these features; empty: all.
  std::vector<std::string> feature_allowlist;
  // Says which integers are categorical (int_domain.is_categorical, bool_domain) and which strings are bytes
  // (image_domain); they get string and bytes statistics. Nothing else in it matters here.
  std::optional<tensorflow::metadata::v0::Schema> schema;

  int num_top_values = 20;
  int num_rank_histogram_buckets = 1000;
  int64_t frequency_threshold = 1;
  double weighted_frequency_threshold = 1.0;
  int num_values_histogram_buckets = 10;
  int num_histogram_buckets = 10;
  int num_quantiles_histogram_buckets = 10;

  // Statistics of these slices of the data too, each a dataset of its own; that of all examples is then named so.
  std::vector<SliceFeatures> slices;

  // The part of the examples that counts, in (0, 1]. An example is in the sample or not by a hash of its bytes (TFDV
  // draws at random), so the pass must keep records: compute::PassOptions::keep_records.
  double sample_rate = 1.0;

  // Memory bounds, per feature and accumulator. Up to these the results are exact; value_histogram.h and value_counts.h
  // say what they are beyond. They take the place of TFDV's epsilon.
  int max_distinct_numbers = 1 << 14;
  int64_t max_distinct_strings = 1 << 19;
  int64_t max_distinct_string_bytes = int64_t{32} << 20;
};

}  // namespace tfxm::statistics

#endif  // TFXM_STATISTICS_STATS_OPTIONS_H_
