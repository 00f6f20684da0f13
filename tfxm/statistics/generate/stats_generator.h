// SPDX-License-Identifier: Apache-2.0

// Statistics beyond the usual ones of a feature: what adds something to the statistics of a dataset, summed up with them
// in the same pass. As TFDV's StatsGenerator.
#ifndef TFXM_STATISTICS_GENERATE_STATS_GENERATOR_H_
#define TFXM_STATISTICS_GENERATE_STATS_GENERATOR_H_

#include <functional>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "tensorflow_metadata/proto/v0/statistics.pb.h"
#include "tfxm/data/example_batch.h"
#include "tfxm/statistics/accumulate/example_weights.h"
#include "tfxm/statistics/stats_options.h"
#include "tfxm/util/coding/state.h"

namespace tfxm::statistics {

// Of one dataset: all examples, or those of a slice. The result must not depend on how examples are ordered, batched and
// split over generators that are merged.
class StatsGenerator {
 public:
  virtual ~StatsGenerator() = default;

  // The examples of the batch whose indices are given.
  virtual absl::Status Add(const data::ExampleBatch& batch, std::span<const int> examples,
                           const ExampleWeights& weights) = 0;
  // `other` is of the same class and made with the same options.
  virtual void Merge(StatsGenerator&& other) = 0;
  // util/coding/state.h. Loaded into one that was made alike.
  virtual void Save(StateWriter* writer) const = 0;
  virtual void Load(StateReader* reader) = 0;
  // Adds to statistics of num_examples examples.
  virtual void Finish(int64_t num_examples, tensorflow::metadata::v0::DatasetFeatureStatistics* dataset) const = 0;
};

// Merge by MergeFrom(T&&) of the derived class T.
template <typename T>
class StatsGeneratorOf : public StatsGenerator {
 public:
  void Merge(StatsGenerator&& other) final { static_cast<T*>(this)->MergeFrom(static_cast<T&&>(other)); }

 private:
  StatsGeneratorOf() = default;
  friend T;
};

// Those that the options, which must outlive them, ask for.
std::vector<std::unique_ptr<StatsGenerator>> MakeStatsGenerators(const StatsOptions& options);

// The statistics of a feature in a dataset, by the name of its column (data/example_batch.h), added if there are none.
tensorflow::metadata::v0::FeatureNameStatistics* FindOrAddFeature(
    const std::string& name, tensorflow::metadata::v0::DatasetFeatureStatistics* dataset);

// Whether a feature_allowlist, if it is not empty, has the feature; all feature lists of tf.SequenceExamples are one,
// "##SEQUENCE##".
bool IsAllowed(const std::set<std::string, std::less<>>& allowlist, const data::Column& column);

// Whether an example is in a random part of the data: by a hash of its bytes and of `salt`, so that it is always the
// same part.
bool IsSampled(absl::string_view record, double rate, const std::string& salt);
// Those of `examples` that are. FAILED_PRECONDITION if the batch does not keep its records.
absl::Status SampleExamples(const data::ExampleBatch& batch, std::span<const int> examples, double rate,
                            const std::string& salt, std::vector<int>* sample);

}  // namespace tfxm::statistics

#endif  // TFXM_STATISTICS_GENERATE_STATS_GENERATOR_H_
