// SPDX-License-Identifier: Apache-2.0

// What the values of a feature look like: images, natural language or times. The custom statistics domain_info and those
// beside it that TFDV's ImageStatsGenerator, NLDomainInferringStatsGenerator and TimeStatsGenerator write, from which a
// schema takes image_domain, natural_language_domain and time_domain. A feature needs at least 100 values, of which 80 %
// are such.
//
// All values count for natural language, where TFDV takes the first 100 of each of its batches.
#ifndef TFXM_STATISTICS_GENERATE_SEMANTIC_GENERATOR_H_
#define TFXM_STATISTICS_GENERATE_SEMANTIC_GENERATOR_H_

#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "tfxm/statistics/generate/stats_generator.h"

namespace tfxm::statistics {

class SemanticGenerator : public StatsGeneratorOf<SemanticGenerator> {
 public:
  explicit SemanticGenerator(const StatsOptions* options);

  absl::Status Add(const data::ExampleBatch& batch, std::span<const int> examples,
                   const ExampleWeights& weights) override;
  void MergeFrom(SemanticGenerator&& other);
  void Save(StateWriter* writer) const override { writer->Write(features_); }
  void Load(StateReader* reader) override { reader->Read(&features_); }
  void Finish(int64_t num_examples, tensorflow::metadata::v0::DatasetFeatureStatistics* dataset) const override;

 private:
  struct Feature {
    bool is_string = false;
    int64_t num_values = 0;
    // Of images by their formats; "" is none.
    std::map<std::string, int64_t> image_formats;
    int64_t num_natural_language = 0;
    bool has_invalid_utf8 = false;
    // A text that is empty is not a time, and nothing else of the feature is, in TFDV.
    bool has_empty = false;
    std::map<int, int64_t> time_formats;  // By TimeFormats' numbers.
    void Save(StateWriter* writer) const;
    void Load(StateReader* reader);
  };
  void AddStrings(const data::Column& column, std::span<const int> examples, Feature* feature);
  static void FinishFeature(const std::string& name, const Feature& feature,
                            tensorflow::metadata::v0::DatasetFeatureStatistics* dataset);

  const StatsOptions* options_;
  std::set<std::string, std::less<>> allowed_;
  std::map<std::string, Feature> features_;
};

}  // namespace tfxm::statistics

#endif  // TFXM_STATISTICS_GENERATE_SEMANTIC_GENERATOR_H_
