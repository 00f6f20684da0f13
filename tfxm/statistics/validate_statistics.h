// SPDX-License-Identifier: Apache-2.0

// Statistics against a schema: the anomalies that tfdv.validate_statistics finds.
//
//   ASSIGN_OR_RETURN(Anomalies anomalies, ValidateStatistics(statistics, schema));
//   if (!anomalies.anomaly_info().empty()) …
//
// Checked: type, presence (min_count, min_fraction, missing and new features, environments), value count and shape,
// string, int, float, bool, image and natural language domains, semantic domains that the statistics suggest, sparse,
// weighted and derived features, unique values, drift and skew comparators, number of examples, and the schema itself.
// Types, severities, texts and paths are those of TFDV 1.15 (but a missing string domain is named, where TFDV's text ends
// before the name, and integers beyond what a double holds exactly saturate; statistics of sparse features that the
// schema does not have are left alone, where TFDV aborts). Left out: custom SQL validations.
#ifndef TFXM_STATISTICS_VALIDATE_STATISTICS_H_
#define TFXM_STATISTICS_VALIDATE_STATISTICS_H_

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tensorflow_metadata/proto/v0/anomalies.pb.h"
#include "tensorflow_metadata/proto/v0/schema.pb.h"
#include "tensorflow_metadata/proto/v0/statistics.pb.h"

namespace tfxm::statistics {

struct ValidationOptions {
  // One of the schema's default_environment; none: all features are expected.
  std::optional<std::string> environment;
  // For drift_comparator and num_examples_drift_comparator; null: not checked.
  const tensorflow::metadata::v0::DatasetFeatureStatisticsList* previous_span = nullptr;
  // For num_examples_version_comparator; null: not checked.
  const tensorflow::metadata::v0::DatasetFeatureStatisticsList* previous_version = nullptr;
  // For skew_comparator; null: not checked.
  const tensorflow::metadata::v0::DatasetFeatureStatisticsList* serving = nullptr;
  // Everything else is an ERROR.
  std::map<tensorflow::metadata::v0::AnomalyInfo::Type, tensorflow::metadata::v0::AnomalyInfo::Severity>
      severity_overrides;
  // If there are any, only these are reported when they are new: in the data, but not in the schema.
  std::set<std::vector<std::string>> features_needed;
  // Whether anomalies say, as diff_regions, how the text of the schema would have to change for the data to fit. (TFDV's
  // release has the option, but aborts: "Schema diff is currently not supported".)
  bool enable_diff_regions = false;
};

// Keys of anomaly_info are serialized paths (feature_path.h). No example at all: data_missing is set, and nothing else
// is checked. INVALID_ARGUMENT if some statistics have several datasets and none of all examples, or if the environment
// is not in the schema's default_environment.
absl::StatusOr<tensorflow::metadata::v0::Anomalies> ValidateStatistics(
    const tensorflow::metadata::v0::DatasetFeatureStatisticsList& statistics,
    const tensorflow::metadata::v0::Schema& schema, const ValidationOptions& options = {});

// What the schema asks for and these statistics cannot tell, for people: a minimum_supported_image_fraction without the
// formats of the images. TFDV leaves it out, too.
std::vector<std::string> UncheckedConstraints(const tensorflow::metadata::v0::DatasetFeatureStatisticsList& statistics,
                                              const tensorflow::metadata::v0::Schema& schema);

// Of a file: binary (SchemaDiff.pb), or text if its name ends in .pbtxt. INVALID_ARGUMENT names a file that has none.
absl::StatusOr<tensorflow::metadata::v0::Anomalies> ReadAnomalies(absl::string_view path);

// Whether there is an anomaly that is not just a WARNING, or no data at all.
bool HasErrors(const tensorflow::metadata::v0::Anomalies& anomalies);

}  // namespace tfxm::statistics

#endif  // TFXM_STATISTICS_VALIDATE_STATISTICS_H_
