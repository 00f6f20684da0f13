// SPDX-License-Identifier: Apache-2.0

// Statistics of all features of tf.Examples, as an accumulator (compute/accumulator.h): what TFDV's statistics
// generators compute, in one pass.
//
//   ASSIGN_OR_RETURN(DatasetFeatureStatisticsList statistics, GenerateStatistics(files));
//
// or by hand
//
//   StatisticsAccumulator accumulator(options);
//   RETURN_IF_ERROR(accumulator.Add(batch));
//   RETURN_IF_ERROR(accumulator.Merge(std::move(other)));
//   DatasetFeatureStatisticsList statistics = accumulator.Finish();
//
// The output is what tfdv.generate_statistics_from_tfrecord of TFDV 1.15 gives: common, numeric, string and bytes
// statistics, weighted ones, histograms (definitions: tensorflow_data_validation/statistics/generators). Where it
// differs:
//   - features come sorted by name; TFDV's order is that of the batches they first appear in, which depends on its
//     timing;
//   - quantiles are exact for up to max_distinct_numbers numbers and have a bounded relative error beyond
//     (value_histogram.h), where TFDV has a bounded rank error of 1 % beyond some 2,000 numbers;
//   - a slice has all features of the data, also those that its examples lack; TFDV's has those of the batches that its
//     examples are in;
//   - weights add up exactly, where TFDV adds in float32;
//   - a sample is drawn by a hash of the examples, and the numbers of semantic domains are of all values
//     (generate/semantic_generator.h).
// The result is the same bytes however the examples are ordered, batched and split over accumulators. Excepted are the
// top values of features with more distinct strings than the bound (value_counts.h): GenerateStatistics' are the same
// whatever the number of threads.
#ifndef TFXM_STATISTICS_STATISTICS_ACCUMULATOR_H_
#define TFXM_STATISTICS_STATISTICS_ACCUMULATOR_H_

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tensorflow_metadata/proto/v0/statistics.pb.h"
#include "tfxm/compute/pass.h"
#include "tfxm/data/example_batch.h"
#include "tfxm/data/example_source.h"
#include "tfxm/statistics/accumulate/example_weights.h"
#include "tfxm/statistics/accumulate/feature_accumulator.h"
#include "tfxm/statistics/generate/stats_generator.h"
#include "tfxm/statistics/stats_options.h"

namespace tfxm::statistics {

class StatisticsAccumulator {
 public:
  explicit StatisticsAccumulator(StatsOptions options = {});

  // INVALID_ARGUMENT names the feature if its type changes or if it cannot be sliced by, and the example (by its number in
  // its file) if it has no single finite number for a weight. FAILED_PRECONDITION if needs_records() and the batch keeps
  // none.
  absl::Status Add(const data::ExampleBatch& batch);
  // `other` must have been made with the same options.
  absl::Status Merge(StatisticsAccumulator&& other);
  // For SaveState and LoadState (util/coding/state.h); loaded into a new accumulator with the same options, others are
  // an error. About 20 bytes for each distinct number and string that is kept, at most max_distinct_… of a feature.
  static constexpr StateKind kStateKind = {"statistics", 3};
  void Save(StateWriter* writer) const;
  void Load(StateReader* reader);

  int64_t num_examples() const { return all_.num_examples; }
  // Whether Add takes batches only that keep their records.
  bool needs_records() const {
    return options_->sample_rate < 1 ||
           (options_->enable_semantic_domain_stats && options_->semantic_domain_stats_sample_rate < 1);
  }
  // One with the same options, to be merged into this.
  StatisticsAccumulator MakeEmpty() const { return StatisticsAccumulator(options_); }
  // The dataset of all examples, without any feature if there are none; then those of the slices by their names.
  tensorflow::metadata::v0::DatasetFeatureStatisticsList Finish() const;

 private:
  explicit StatisticsAccumulator(std::shared_ptr<const StatsOptions> options);
  // All examples, or those of a slice.
  struct Dataset {
    std::map<std::string, FeatureAccumulator, std::less<>> features;
    int64_t num_examples = 0;
    ExactSum weighted_num_examples;
    std::vector<std::unique_ptr<StatsGenerator>> generators;
  };
  Dataset MakeDataset() const;
  Dataset& FindOrAddSlice(const std::string& key);
  absl::Status AddToSlices(const data::ExampleBatch& batch);
  absl::Status AddExamples(const data::ExampleBatch& batch, const std::vector<int>& examples, Dataset* dataset);
  absl::Status MergeDataset(Dataset&& from, Dataset* to);
  FeatureAccumulator& FindOrAdd(const std::string& name, Dataset* dataset);
  std::string OptionsFingerprint() const;
  static void SaveDataset(const Dataset& dataset, StateWriter* writer);
  void LoadDataset(StateReader* reader, Dataset* dataset);
  tensorflow::metadata::v0::FeatureNameStatistics SequenceStatistics(int64_t num_examples,
                                                                     double weighted_num_examples) const;
  void FinishDataset(const Dataset& from, tensorflow::metadata::v0::DatasetFeatureStatistics* to) const;

  std::shared_ptr<const StatsOptions> options_;
  std::set<std::string, std::less<>> allowed_;
  std::map<std::string, Role, std::less<>> roles_;
  Dataset all_;
  std::map<std::string, Dataset> slices_;
  std::vector<int> selected_;  // Of the current batch.
  ExampleWeights weights_;     // Of those.
};

// One pass over TFRecord files of tf.Examples. Errors name the file, or the option that is wrong. keep_records is set as
// the options need it.
absl::StatusOr<tensorflow::metadata::v0::DatasetFeatureStatisticsList> GenerateStatistics(
    const std::vector<std::string>& files, const StatsOptions& options = {}, compute::PassOptions pass = {});
// The same of other examples.
absl::StatusOr<tensorflow::metadata::v0::DatasetFeatureStatisticsList> GenerateStatistics(
    data::ExampleSource* source, const StatsOptions& options = {}, compute::PassOptions pass = {});

}  // namespace tfxm::statistics

#endif  // TFXM_STATISTICS_STATISTICS_ACCUMULATOR_H_
