// SPDX-License-Identifier: Apache-2.0

// What to compute statistics of, and how finely: tfdv.StatsOptions, with TFDV 1.15's names and defaults.
#ifndef TFXM_STATISTICS_STATS_OPTIONS_H_
#define TFXM_STATISTICS_STATS_OPTIONS_H_

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "tensorflow_metadata/proto/v0/schema.pb.h"
#include "tfxm/data/example_batch.h"
#include "tfxm/statistics/accumulate/slicing.h"

namespace tfxm::statistics {

struct StatsOptions {
  // A feature with exactly one finite number in every example; adds the weighted statistics. Empty: none.
  std::string weight_feature;
  // Only these features; empty: all.
  std::vector<std::string> feature_allowlist;
  // Says which integers are categorical (int_domain.is_categorical, bool_domain) and which strings are bytes
  // (image_domain); they get string and bytes statistics. Its sparse and weighted features get statistics of their own,
  // and label_feature needs it.
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

  // Also slices: appends the names of the slices that example `row` is in.
  using SliceFunction =
      std::function<absl::Status(const data::ExampleBatch& batch, int row, std::vector<std::string>* names)>;
  std::vector<SliceFunction> slice_functions;
  // SQL statements whose results are slices. Whoever gives them makes slice_functions of them
  // (model_analysis/slicing/sql_slicer.h knows SQL): statements without functions are an error.
  std::vector<std::string> slice_sqls;

  // The part of the examples that counts, in (0, 1]. An example is in the sample or not by a hash of its bytes (TFDV
  // draws at random), so the pass must keep records: compute::PassOptions::keep_records.
  double sample_rate = 1.0;

  // Memory bounds, per feature and accumulator. Up to these the results are exact; value_histogram.h and value_counts.h
  // say what they are beyond. They take the place of TFDV's epsilon.
  int max_distinct_numbers = 1 << 14;
  int64_t max_distinct_strings = 1 << 19;
  int64_t max_distinct_string_bytes = int64_t{32} << 20;

  // Other weights than weight_feature for some features; weighted_num_examples is that of weight_feature.
  std::map<std::string, std::string> per_feature_weight_override;
  // A categorical feature of the schema: the lift of every other categorical feature's values on its values
  // (generate/lift_generator.h). Without a schema nothing is computed, as in TFDV.
  std::string label_feature;
  // Whether to look for images, natural language and times among the values (generate/semantic_generator.h), in this
  // part of the examples; taken as sample_rate is.
  bool enable_semantic_domain_stats = false;
  double semantic_domain_stats_sample_rate = 1.0;
  // Covariance and correlation of numeric features (tfdv.CrossFeatureStatsGenerator, of all examples): of these pairs,
  // or of all if cross_all_features.
  std::vector<std::pair<std::string, std::string>> feature_crosses;
  bool cross_all_features = false;
  // Whether there are the usual statistics, or those only that the options above ask for.
  bool add_default_generators = true;
  // Of CSV: takes the types of the schema instead of inferring them. For who reads the CSV; nothing here.
  bool infer_type_from_schema = false;
};

// INVALID_ARGUMENT names the option that is out of its range or does not go with the others.
absl::Status CheckStatsOptions(const StatsOptions& options);

}  // namespace tfxm::statistics

#endif  // TFXM_STATISTICS_STATS_OPTIONS_H_
