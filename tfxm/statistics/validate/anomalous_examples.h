// SPDX-License-Identifier: Apache-2.0

// Which examples are behind the anomalies of a dataset: TFDV's validate_examples_in_tfrecord.
//
//   ASSIGN_OR_RETURN(Anomalies anomalies, ValidateStatistics(statistics, schema));
//   AnomalousExamples examples(schema, anomalies, {});
//   for (const std::string& record : records) RETURN_IF_ERROR(examples.Add(record, "data.tfrecord: record 17"));
//   RETURN_IF_ERROR(examples.Write("anomalous_examples"));
//
// An example is behind an anomaly if the feature of the anomaly has one in the example alone: a value outside of its
// domain, too many values, no value where the schema wants one everywhere (min_fraction 1). What is true of many examples
// only (unique values, drift, fractions below 1, min_domain_mass) does not count. Of other features TFDV reports
// examples, too: those that lack an optional one.
#ifndef TFXM_STATISTICS_VALIDATE_ANOMALOUS_EXAMPLES_H_
#define TFXM_STATISTICS_VALIDATE_ANOMALOUS_EXAMPLES_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "tensorflow_metadata/proto/v0/anomalies.pb.h"
#include "tensorflow_metadata/proto/v0/schema.pb.h"
#include "tfxm/statistics/stats_options.h"

namespace tfxm::statistics {

class AnomalousExamples {
 public:
  struct Options {
    std::optional<std::string> environment;
    int max_examples = 100;  // That are kept of each reason: the first ones. All are counted.
  };
  struct Example {
    std::string record, origin, description;
  };
  struct Group {
    int64_t num_examples = 0;
    std::vector<Example> kept;
  };
  // The feature (as in Anomalies.anomaly_info) and AnomalyInfo.Type's name.
  using Reason = std::pair<std::string, std::string>;

  AnomalousExamples(const tensorflow::metadata::v0::Schema& schema,
                    const tensorflow::metadata::v0::Anomalies& anomalies, const Options& options);

  // A serialized tf.Example, and where it is from, for people.
  absl::Status Add(absl::string_view record, absl::string_view origin);

  const std::map<Reason, Group>& groups() const { return groups_; }

  // Makes the folder, with FEATURE_TYPE.tfrecord.gz for each reason, and anomalous_examples.jsonl, a line for each example
  // in these: feature, type, description, origin, file, and its record in it. In names of files, bytes other than
  // letters, digits, "_", "-" and "." are %XX.
  absl::Status Write(const std::string& folder) const;

 private:
  tensorflow::metadata::v0::Schema schema_;  // Of the features that have anomalies.
  Options options_;
  StatsOptions stats_options_;
  std::map<Reason, Group> groups_;
};

}  // namespace tfxm::statistics

#endif  // TFXM_STATISTICS_VALIDATE_ANOMALOUS_EXAMPLES_H_
