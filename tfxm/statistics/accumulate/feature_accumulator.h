// SPDX-License-Identifier: Apache-2.0

// One feature over many examples: what becomes tensorflow.metadata.v0.FeatureNameStatistics.
#ifndef TFXM_STATISTICS_ACCUMULATE_FEATURE_ACCUMULATOR_H_
#define TFXM_STATISTICS_ACCUMULATE_FEATURE_ACCUMULATOR_H_

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>

#include "absl/status/status.h"
#include "tensorflow_metadata/proto/v0/statistics.pb.h"
#include "tfxm/data/example_batch.h"
#include "tfxm/statistics/accumulate/numeric_accumulator.h"
#include "tfxm/statistics/accumulate/valency.h"
#include "tfxm/statistics/accumulate/value_counts.h"
#include "tfxm/statistics/schema/roles.h"
#include "tfxm/statistics/stats_options.h"

namespace tfxm::statistics {

class FeatureAccumulator {
 public:
  // `options` must outlive this. weighted: whether Add gets weights.
  FeatureAccumulator(std::string name, Role role, bool weighted, const StatsOptions* options);

  // The same feature, of examples that all lack it.
  FeatureAccumulator WithoutExamples() const;

  const std::string& name() const { return name_; }
  // Examples with the feature.
  int64_t num_present() const { return lists_.num_present(); }

  // The examples of `column` whose indices are given. weights: one per example of the batch, or empty for none.
  // INVALID_ARGUMENT names the feature if its type is not that of the examples before.
  absl::Status Add(const data::Column& column, std::span<const int> examples, std::span<const double> weights);
  // INVALID_ARGUMENT as Add.
  absl::Status Merge(FeatureAccumulator&& other);
  // util/coding/state.h. Loaded into one that was made alike.
  void Save(StateWriter* writer) const;
  void Load(StateReader* reader);

  // num_examples, weighted_num_examples: of the whole dataset, whether they have the feature or not.
  tensorflow::metadata::v0::FeatureNameStatistics Finish(int64_t num_examples, double weighted_num_examples) const;

 private:
  absl::Status SetType(data::ValueType type);
  void AddBytes(absl::string_view value, Weight weight);
  void AddSteps(const data::Column& column, int example, double weight);
  void FinishCommon(int64_t num_examples, double weighted_num_examples,
                    tensorflow::metadata::v0::CommonStatistics* common) const;
  void FinishSteps(tensorflow::metadata::v0::FeatureNameStatistics* feature) const;
  void FinishStrings(tensorflow::metadata::v0::StringStatistics* strings) const;

  bool weighted() const { return weighted_; }
  bool counts_values() const;
  int64_t num_values() const { return steps_.has_value() ? steps_->num_values() : lists_.num_values(); }

  std::string name_;
  Role role_;
  bool weighted_;
  const StatsOptions* options_;
  data::ValueType type_ = data::ValueType::kUnknown;

  Valency lists_;                 // Of the examples; in a feature list values are its steps.
  std::optional<Valency> steps_;  // Of a feature list.

  std::optional<NumericAccumulator> numbers_;
  std::optional<ValueCounts> counts_;
  int64_t total_length_ = 0;  // Of strings in bytes, of categorical numbers in characters.
  int64_t num_invalid_utf8_ = 0;
  int64_t min_length_ = std::numeric_limits<int64_t>::max(), max_length_ = 0;
};

}  // namespace tfxm::statistics

#endif  // TFXM_STATISTICS_ACCUMULATE_FEATURE_ACCUMULATOR_H_
