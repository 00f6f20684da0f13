// SPDX-License-Identifier: Apache-2.0

// Of the schema's sparse and weighted features: in how many examples a part is missing while another is there, and by
// how many values the parts differ. The custom statistics of TFDV's SparseFeatureStatsGenerator and
// WeightedFeatureStatsGenerator, under the name of the sparse or weighted feature.
#ifndef TFXM_STATISTICS_GENERATE_COMPOSITE_GENERATOR_H_
#define TFXM_STATISTICS_GENERATE_COMPOSITE_GENERATOR_H_

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tensorflow_metadata/proto/v0/schema.pb.h"
#include "tfxm/statistics/generate/stats_generator.h"

namespace tfxm::statistics {

class CompositeGenerator : public StatsGeneratorOf<CompositeGenerator> {
 public:
  explicit CompositeGenerator(const tensorflow::metadata::v0::Schema& schema);

  absl::Status Add(const data::ExampleBatch& batch, std::span<const int> examples,
                   const ExampleWeights& weights) override;
  void MergeFrom(CompositeGenerator&& other);
  void Save(StateWriter* writer) const override;
  void Load(StateReader* reader) override;
  void Finish(int64_t num_examples, tensorflow::metadata::v0::DatasetFeatureStatistics* dataset) const override;

 private:
  // Indices, or the weight, of a value.
  struct Part {
    std::string name;
    int64_t num_missing = 0;
    // The number of values less that of the value feature: smallest and largest.
    std::optional<std::pair<int64_t, int64_t>> length_diff = std::nullopt;
  };
  struct Composite {
    std::string name, value;
    bool is_sparse = true;
    std::vector<Part> parts;
    int64_t num_missing_value = 0;
  };
  static void AddTo(const data::ExampleBatch& batch, std::span<const int> examples, Composite* composite);

  std::vector<Composite> composites_;
};

}  // namespace tfxm::statistics

#endif  // TFXM_STATISTICS_GENERATE_COMPOSITE_GENERATOR_H_
