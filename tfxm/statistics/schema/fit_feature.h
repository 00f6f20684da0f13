// SPDX-License-Identifier: Apache-2.0

// One feature's statistics against a schema: the checks behind validation, and the changes behind an updated schema.
//
// A check reports what does not fit and changes the schema so that it does; validation throws the change away, an
// update keeps it. Rules and texts: TFDV 1.15's schema.cc and feature_util.cc.
#ifndef TFXM_STATISTICS_SCHEMA_FIT_FEATURE_H_
#define TFXM_STATISTICS_SCHEMA_FIT_FEATURE_H_

#include <optional>
#include <string>

#include "tensorflow_metadata/proto/v0/anomalies.pb.h"
#include "tensorflow_metadata/proto/v0/schema.pb.h"
#include "tfxm/statistics/validate/finding.h"
#include "tfxm/statistics/validate/statistics_view.h"

namespace tfxm::statistics {

// Whether nothing is expected of a feature: deprecated, or a lifecycle_stage such as PLANNED or DEBUG_ONLY.
bool IsDeprecated(const tensorflow::metadata::v0::Feature& feature);
bool IsDeprecated(const tensorflow::metadata::v0::SparseFeature& feature);
bool IsDeprecated(const tensorflow::metadata::v0::WeightedFeature& feature);
void Deprecate(tensorflow::metadata::v0::Feature* feature);
// Statistics say that the feature was made of others to validate these.
void MarkDerived(const tensorflow::metadata::v0::DerivedFeatureSource& source,
                 tensorflow::metadata::v0::Feature* feature);

// Whether the schema has the feature in the environment; always if none is given.
bool IsInEnvironment(const tensorflow::metadata::v0::Schema& schema, const tensorflow::metadata::v0::Feature& feature,
                     const std::optional<std::string>& environment);
// Whether the feature must be in the data: in the environment, not deprecated, with a min_count or min_fraction.
bool IsRequired(const tensorflow::metadata::v0::Schema& schema, const tensorflow::metadata::v0::Feature& feature,
                const std::optional<std::string>& environment);
// The required features, those inside structs too, that the dataset has no statistics of.
std::vector<FeaturePath> MissingFeatures(const tensorflow::metadata::v0::Schema& schema, const DatasetView& dataset,
                                         const std::optional<std::string>& environment);

struct FitContext {
  const tensorflow::metadata::v0::Schema* schema = nullptr;  // For its environments.
  std::optional<std::string> environment;
  const DatasetView* previous = nullptr;  // Null: drift is not checked.
  const DatasetView* serving = nullptr;   // Null: skew is not checked.
};

struct FeatureFit {
  Findings findings;
  // Of the comparators with a threshold.
  std::optional<tensorflow::metadata::v0::DriftSkewInfo> drift_skew;
  // The schema-level string domain the feature names is no longer of use.
  bool remove_shared_domain = false;
};

// `shared_domain`: the schema-level string domain that `feature` names; null if it names none or one that is missing.
FeatureFit FitFeature(const FitContext& context, const FeatureView& view, tensorflow::metadata::v0::Feature* feature,
                      tensorflow::metadata::v0::StringDomain* shared_domain);

}  // namespace tfxm::statistics

#endif  // TFXM_STATISTICS_SCHEMA_FIT_FEATURE_H_
