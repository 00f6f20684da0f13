// SPDX-License-Identifier: Apache-2.0

// Covariance and correlation of pairs of numeric features, over the examples that have one number of each: TFDV's
// CrossFeatureStatsGenerator, with a sample_rate of 1.
#ifndef TFXM_STATISTICS_GENERATE_CROSS_GENERATOR_H_
#define TFXM_STATISTICS_GENERATE_CROSS_GENERATOR_H_

#include <map>
#include <string>
#include <utility>

#include "tfxm/statistics/generate/stats_generator.h"
#include "tfxm/util/numeric/exact_sum.h"

namespace tfxm::statistics {

class CrossGenerator : public StatsGeneratorOf<CrossGenerator> {
 public:
  explicit CrossGenerator(const StatsOptions* options);

  absl::Status Add(const data::ExampleBatch& batch, std::span<const int> examples,
                   const ExampleWeights& weights) override;
  void MergeFrom(CrossGenerator&& other);
  void Save(StateWriter* writer) const override { writer->Write(crosses_); }
  void Load(StateReader* reader) override { reader->Read(&crosses_); }
  void Finish(int64_t num_examples, tensorflow::metadata::v0::DatasetFeatureStatistics* dataset) const override;

 private:
  struct Cross {
    int64_t count = 0;
    ExactSum x, y, xx, yy, xy;
    void Save(StateWriter* writer) const { writer->Write(count, x, y, xx, yy, xy); }
    void Load(StateReader* reader) {
      reader->ReadCounts(&count);
      reader->Read(&x, &y, &xx, &yy, &xy);
    }
  };
  const StatsOptions* options_;
  std::map<std::pair<std::string, std::string>, Cross> crosses_;  // The first name is before the second.
};

}  // namespace tfxm::statistics

#endif  // TFXM_STATISTICS_GENERATE_CROSS_GENERATOR_H_
