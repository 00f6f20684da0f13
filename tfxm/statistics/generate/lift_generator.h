// SPDX-License-Identifier: Apache-2.0

// The lift of each value x of a categorical feature on each value y of the label: P(y | x) / P(y), over examples; TFDV's
// LiftStatsGenerator as StatsOptions.label_feature asks for it. It is in the dataset's cross_features and, for Facets, in
// the custom statistics "Lift (Y=…)" of the feature. With weights both are there a second time, weighted, behind the
// first; P(y) then is the weight of y by the number of all examples, as in TFDV.
//
// Memory grows with the different pairs of a value and a label.
#ifndef TFXM_STATISTICS_GENERATE_LIFT_GENERATOR_H_
#define TFXM_STATISTICS_GENERATE_LIFT_GENERATOR_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "tfxm/statistics/accumulate/value_histogram.h"
#include "tfxm/statistics/generate/stats_generator.h"

namespace tfxm::statistics {

class LiftGenerator : public StatsGeneratorOf<LiftGenerator> {
 public:
  // The options must have passed CheckStatsOptions.
  explicit LiftGenerator(const StatsOptions* options);

  absl::Status Add(const data::ExampleBatch& batch, std::span<const int> examples,
                   const ExampleWeights& weights) override;
  void MergeFrom(LiftGenerator&& other);
  void Save(StateWriter* writer) const override { writer->Write(label_, features_); }
  void Load(StateReader* reader) override { reader->Read(&label_, &features_); }
  void Finish(int64_t num_examples, tensorflow::metadata::v0::DatasetFeatureStatistics* dataset) const override;

 private:
  struct Count {
    int64_t count = 0;
    Weight weight = 0;
    void Add(const Count& other);
    double Of(bool weighted) const { return weighted ? WeightValue(weight) : static_cast<double>(count); }
    void Save(StateWriter* writer) const { writer->Write(count, weight); }
    void Load(StateReader* reader);
  };
  // Integers come before texts, which only matters for features that are never both.
  struct Key {
    bool is_text = false;
    int64_t number = 0;
    std::string text;
    auto operator<=>(const Key&) const = default;
    void Save(StateWriter* writer) const { writer->Write(is_text, number, text); }
    void Load(StateReader* reader) { reader->Read(&is_text, &number, &text); }
    std::string Label() const;
  };
  struct ValueCounts {
    Count all;
    std::map<Key, Count> by_label;
    void Save(StateWriter* writer) const { writer->Write(all, by_label); }
    void Load(StateReader* reader) { reader->Read(&all, &by_label); }
  };
  using FeatureValues = std::map<Key, ValueCounts>;

  static bool FitsInt32(const Key& key);
  // The different values of an example.
  static std::vector<Key> ValuesOf(const data::Column& column, int example);
  void FinishFeature(const FeatureValues& values, int64_t num_examples, bool weighted,
                     tensorflow::metadata::v0::CrossFeatureStatistics* cross,
                     tensorflow::metadata::v0::FeatureNameStatistics* feature) const;

  const StatsOptions* options_;
  std::map<Key, Count> label_;
  std::map<std::string, FeatureValues> features_;  // All categorical features but the label.
};

}  // namespace tfxm::statistics

#endif  // TFXM_STATISTICS_GENERATE_LIFT_GENERATOR_H_
