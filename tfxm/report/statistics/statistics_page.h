// SPDX-License-Identifier: Apache-2.0

// The HTML page of statistics: what data look like, one file that opens offline, in the place of Facets Overview.
//
//   StatisticsPageInput input{.title = "Taxi"};
//   input.datasets.push_back({.name = "train", .statistics = train});
//   input.datasets.push_back({.name = "eval", .statistics = eval});
//   RETURN_IF_ERROR(WriteStatisticsPage(input, "statistics.html"));
//
// The page has a row for each feature: its distribution in all data sets, what is missing, zeros, unique values, mean,
// standard deviation, quantiles, most frequent values, anomalies, and how far the data sets are apart; it sorts and
// filters, shows slices, weighted statistics, cross features and lift where the statistics have them. What it draws is
// what the statistics hold, nothing is estimated beyond them; numbers that are no counts keep six digits or more. Like
// the report (report.h) it makes no network request, and the same inputs give the same bytes.
#ifndef TFXM_REPORT_STATISTICS_STATISTICS_PAGE_H_
#define TFXM_REPORT_STATISTICS_STATISTICS_PAGE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tensorflow_metadata/proto/v0/anomalies.pb.h"
#include "tensorflow_metadata/proto/v0/schema.pb.h"
#include "tensorflow_metadata/proto/v0/statistics.pb.h"

namespace tfxm::report {

// An image that one of the examples has.
struct SampleImage {
  std::string feature;
  int64_t example = 0;  // Its number in the data, from 0.
  // Either the bytes of a PNG, JPEG, GIF, BMP or WebP file, which the browser decodes, or pixels: rows of `width`,
  // `channels` (1, 3 or 4) bytes each.
  std::string encoded;
  int width = 0, height = 0, channels = 1;
  std::string pixels;
};

// One data set: all slices that its statistics have.
struct NamedStatistics {
  std::string name;  // "train"; empty is fine for a single one.
  tensorflow::metadata::v0::DatasetFeatureStatisticsList statistics;
  std::optional<tensorflow::metadata::v0::Anomalies> anomalies;  // None: it was not compared with a schema.
  double sample_rate = 1;                                        // What part of the examples the statistics are of.
  std::vector<SampleImage> images;
};

struct StatisticsPageInput {
  std::string title = "Data";
  std::vector<NamedStatistics> datasets;  // Distances are those from the first one.
  std::optional<tensorflow::metadata::v0::Schema> schema;
};

// INVALID_ARGUMENT if there is no data set, or one without any statistics.
absl::StatusOr<std::string> RenderStatisticsPage(const StatisticsPageInput& input);
// The file appears whole or not at all.
absl::Status WriteStatisticsPage(const StatisticsPageInput& input, absl::string_view output_html);

}  // namespace tfxm::report

#endif  // TFXM_REPORT_STATISTICS_STATISTICS_PAGE_H_
