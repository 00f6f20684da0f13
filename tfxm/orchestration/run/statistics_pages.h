// SPDX-License-Identifier: Apache-2.0

// The pages of statistics of a run: one for each StatisticsGen, its splits side by side.
#ifndef TFXM_ORCHESTRATION_RUN_STATISTICS_PAGES_H_
#define TFXM_ORCHESTRATION_RUN_STATISTICS_PAGES_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tfxm/orchestration/run/run_result.h"

namespace tfxm {

struct StatisticsPage {
  std::string node_id, file;  // "StatisticsGen", "statistics.html"
};

inline constexpr char kStatisticsPage[] = "statistics.html";

// Writes kStatisticsPage into `directory`, or statistics_NODE.html if there are several such nodes: with the schema and
// the anomalies of the ExampleValidator that took the statistics, and some of the images in the examples.
absl::StatusOr<std::vector<StatisticsPage>> WriteStatisticsPages(const RunResult& result, absl::string_view directory);

}  // namespace tfxm

#endif  // TFXM_ORCHESTRATION_RUN_STATISTICS_PAGES_H_
