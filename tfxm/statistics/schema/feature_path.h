// SPDX-License-Identifier: Apache-2.0

// The path of a feature: one step, its name, for tf.Examples; more for structures, as {"##SEQUENCE##", "tokens"} of a
// feature list of tf.SequenceExamples.
#ifndef TFXM_STATISTICS_SCHEMA_FEATURE_PATH_H_
#define TFXM_STATISTICS_SCHEMA_FEATURE_PATH_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "tensorflow_metadata/proto/v0/path.pb.h"
#include "tensorflow_metadata/proto/v0/schema.pb.h"
#include "tensorflow_metadata/proto/v0/statistics.pb.h"

namespace tfxm::statistics {

using FeaturePath = std::vector<std::string>;

// Of the `path`, or of the older `name`.
FeaturePath PathOf(const tensorflow::metadata::v0::FeatureNameStatistics& feature);
// Of a column of data (data/example_batch.h), by its name.
FeaturePath PathOfColumn(absl::string_view name);
tensorflow::metadata::v0::Path ToProto(const FeaturePath& path);

// "fare", "trip.fare", "'a.b'.c": steps joined by dots, quoted where they hold a dot, quote or parenthesis. The keys of
// tensorflow.metadata.v0.Anomalies.anomaly_info.
std::string SerializePath(const FeaturePath& path);

// The feature of a schema at `path`, looking into struct_domain; null if there is none. Duplicate names: the first.
tensorflow::metadata::v0::Feature* FindFeature(const FeaturePath& path, tensorflow::metadata::v0::Schema* schema);
const tensorflow::metadata::v0::Feature* FindFeature(const FeaturePath& path,
                                                     const tensorflow::metadata::v0::Schema& schema);

}  // namespace tfxm::statistics

#endif  // TFXM_STATISTICS_SCHEMA_FEATURE_PATH_H_
