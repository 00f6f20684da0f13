// SPDX-License-Identifier: Apache-2.0

// A schema that is widened until statistics fit it; of an empty one, the schema that they suggest. TFDV 1.15's schema.cc
// (Schema::Update).
#ifndef TFXM_STATISTICS_SCHEMA_FIT_SCHEMA_H_
#define TFXM_STATISTICS_SCHEMA_FIT_SCHEMA_H_

#include <optional>

#include "tensorflow_metadata/proto/v0/schema.pb.h"
#include "tensorflow_metadata/proto/v0/statistics.pb.h"
#include "tfxm/statistics/schema/feature_path.h"
#include "tfxm/statistics/schema/fit_feature.h"

namespace tfxm::statistics {

// Of new features.
struct NewFeatureOptions {
  bool infer_shape = false;
  int max_string_domain_size = 0;
};

// `context`: what is compared with, and the environment; its schema is not looked at.
tensorflow::metadata::v0::Schema FitSchema(tensorflow::metadata::v0::Schema schema,
                                           const tensorflow::metadata::v0::DatasetFeatureStatistics& dataset,
                                           FitContext context, const NewFeatureOptions& options);

// Only what is said of the feature at the path, and of those inside it if it is new, is changed.
tensorflow::metadata::v0::Schema FitSchemaTo(const FeaturePath& path, tensorflow::metadata::v0::Schema schema,
                                             const tensorflow::metadata::v0::DatasetFeatureStatistics& dataset,
                                             FitContext context, const NewFeatureOptions& options);

}  // namespace tfxm::statistics

#endif  // TFXM_STATISTICS_SCHEMA_FIT_SCHEMA_H_
