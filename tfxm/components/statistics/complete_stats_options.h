// SPDX-License-Identifier: Apache-2.0

// StatsOptions as StatisticsGen and the command line take them.
#ifndef TFXM_COMPONENTS_STATISTICS_COMPLETE_STATS_OPTIONS_H_
#define TFXM_COMPONENTS_STATISTICS_COMPLETE_STATS_OPTIONS_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tfxm/statistics/stats_options.h"

namespace tfxm {

// What statistics::ParseStatsOptions makes of the JSON, with functions for the slices that it names by SQL
// (model_analysis/slicing/sql_slicer.h says which SQL). INVALID_ARGUMENT also for a statement that is not understood.
absl::StatusOr<statistics::StatsOptions> CompleteStatsOptions(absl::string_view json);

}  // namespace tfxm

#endif  // TFXM_COMPONENTS_STATISTICS_COMPLETE_STATS_OPTIONS_H_
