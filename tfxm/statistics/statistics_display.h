// SPDX-License-Identifier: Apache-2.0

// Statistics, anomalies and schemas as plain text for a terminal: aligned columns, one line a feature, UTF-8.
//
//   std::cout << StatisticsText(statistics);
//
// ```text
//   train: 6,000 examples
//
//   numeric feature  type   examples  missing  values    mean  std dev  zeros  min  median    max
//   fare             FLOAT     6,000    0.0 %       1  11.404   11.024  0.3 %    0    7.85  253.1
//
//   string feature   type    examples  missing  values  unique  length  most frequent           share
//   payment_type     STRING     6,000    0.0 %       1       7     5.8  Cash                   60.1 %
// ```
#ifndef TFXM_STATISTICS_STATISTICS_DISPLAY_H_
#define TFXM_STATISTICS_STATISTICS_DISPLAY_H_

#include <string>

#include "absl/strings/string_view.h"
#include "tensorflow_metadata/proto/v0/anomalies.pb.h"
#include "tensorflow_metadata/proto/v0/schema.pb.h"
#include "tensorflow_metadata/proto/v0/statistics.pb.h"

namespace tfxm::statistics {

// `values` is the number of values an example has, or the smallest and largest ("1-4"); `zeros` and a string's `share`
// are parts of the values, `missing` of the examples. `name` of the dataset: that in the statistics if empty. Text is
// made printable (util/text/text.h), long strings are cut. `width`: cells of the terminal (util/text/text_table.h); 0: no limit.
std::string StatisticsText(const tensorflow::metadata::v0::DatasetFeatureStatisticsList& statistics,
                           absl::string_view name = "", int width = 0);

// One line an anomaly (TFDV's display_anomalies), then the drift and skew measurements if there are any. Says so if
// there is no anomaly.
std::string AnomaliesText(const tensorflow::metadata::v0::Anomalies& anomalies, int width = 0);

// For each anomaly with diff_regions: how the schema would have to change, as lines of a diff ("- " and "+ "). Empty if
// none has them.
std::string SchemaDiffText(const tensorflow::metadata::v0::Anomalies& anomalies);

// One line a feature: type, presence, values, domain (TFDV's display_schema); then the string domains.
std::string SchemaText(const tensorflow::metadata::v0::Schema& schema, int width = 0);

}  // namespace tfxm::statistics

#endif  // TFXM_STATISTICS_STATISTICS_DISPLAY_H_
