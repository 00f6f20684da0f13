// SPDX-License-Identifier: Apache-2.0

#include "tfxm/statistics/generate/stats_generator.h"

#include <cstring>

#include "tfxm/statistics/generate/composite_generator.h"
#include "tfxm/statistics/generate/cross_generator.h"
#include "tfxm/statistics/generate/lift_generator.h"
#include "tfxm/statistics/generate/semantic_generator.h"
#include "tfxm/statistics/schema/feature_path.h"
#include "tfxm/util/files/fingerprint.h"

namespace tfxm::statistics {

using tensorflow::metadata::v0::DatasetFeatureStatistics;
using tensorflow::metadata::v0::FeatureNameStatistics;

std::vector<std::unique_ptr<StatsGenerator>> MakeStatsGenerators(const StatsOptions& options) {
  std::vector<std::unique_ptr<StatsGenerator>> generators;
  if (options.enable_semantic_domain_stats) generators.push_back(std::make_unique<SemanticGenerator>(&options));
  if (options.cross_all_features || !options.feature_crosses.empty()) {
    generators.push_back(std::make_unique<CrossGenerator>(&options));
  }
  if (!options.schema.has_value()) return generators;
  if (options.schema->sparse_feature_size() > 0 || options.schema->weighted_feature_size() > 0) {
    generators.push_back(std::make_unique<CompositeGenerator>(*options.schema));
  }
  if (!options.label_feature.empty()) generators.push_back(std::make_unique<LiftGenerator>(&options));
  return generators;
}

FeatureNameStatistics* FindOrAddFeature(const std::string& name, DatasetFeatureStatistics* dataset) {
  const FeaturePath path = PathOfColumn(name);
  for (FeatureNameStatistics& feature : *dataset->mutable_features()) {
    if (PathOf(feature) == path) return &feature;
  }
  FeatureNameStatistics* feature = dataset->add_features();
  *feature->mutable_path() = ToProto(path);
  return feature;
}

bool IsAllowed(const std::set<std::string, std::less<>>& allowlist, const data::Column& column) {
  if (allowlist.empty()) return true;
  return allowlist.count(column.is_sequence() ? data::kSequenceName : absl::string_view(column.name())) > 0;
}

bool IsSampled(absl::string_view record, double rate, const std::string& salt) {
  if (rate >= 1) return true;
  const Sha256Digest digest = Sha256::Hash(salt.empty() ? std::string(record) : absl::StrCat(salt, record));
  uint64_t bits;
  std::memcpy(&bits, digest.data(), sizeof(bits));
  // A number in [0, 1).
  return static_cast<double>(bits >> 11) * 0x1p-53 < rate;
}

absl::Status SampleExamples(const data::ExampleBatch& batch, std::span<const int> examples, double rate,
                            const std::string& salt, std::vector<int>* sample) {
  sample->clear();
  if (rate >= 1) {
    sample->assign(examples.begin(), examples.end());
    return absl::OkStatus();
  }
  if (!batch.keeps_records()) {
    return absl::FailedPreconditionError("a sample_rate below 1 needs batches that keep their records");
  }
  for (const int i : examples) {
    if (IsSampled(batch.record(i), rate, salt)) sample->push_back(i);
  }
  return absl::OkStatus();
}

}  // namespace tfxm::statistics
