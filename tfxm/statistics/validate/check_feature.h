// SPDX-License-Identifier: Apache-2.0

// Checks that need a schema's feature alone, and those of the number of values. Rules and texts: TFDV 1.15's schema.cc
// (UpdateFeatureSelf) and feature_util.cc.
#ifndef TFXM_STATISTICS_VALIDATE_CHECK_FEATURE_H_
#define TFXM_STATISTICS_VALIDATE_CHECK_FEATURE_H_

#include "tensorflow_metadata/proto/v0/schema.pb.h"
#include "tfxm/statistics/validate/finding.h"
#include "tfxm/statistics/validate/statistics_view.h"

namespace tfxm::statistics {

// What is wrong with the feature whatever the data are: no name or type, impossible bounds, a domain of another type or
// one the schema does not have. Repairs it; a feature that cannot be repaired becomes deprecated.
Findings CheckFeature(bool has_shared_domain, tensorflow::metadata::v0::Feature* feature);

// value_count and value_counts (nested values).
Findings FitValueCount(const FeatureView& view, tensorflow::metadata::v0::Feature* feature);
// The shape: present everywhere, with as many values as its dimensions say.
Findings FitShape(const FeatureView& view, tensorflow::metadata::v0::Feature* feature);

// Sets value_count (value_counts if nested) of a new feature: min and max if all examples have as many values, else min
// 1; nothing if some have none.
void InferValueCount(const FeatureView& view, tensorflow::metadata::v0::Feature* feature);
// Sets the shape of a new feature if no example lacks it and all have as many values, at least one.
void InferShape(const FeatureView& view, tensorflow::metadata::v0::Feature* feature);

}  // namespace tfxm::statistics

#endif  // TFXM_STATISTICS_VALIDATE_CHECK_FEATURE_H_
