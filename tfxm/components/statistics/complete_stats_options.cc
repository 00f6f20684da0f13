// SPDX-License-Identifier: Apache-2.0

#include "tfxm/components/statistics/complete_stats_options.h"

#include <string>

#include "tfxm/model_analysis/slicing/sql_slice_names.h"
#include "tfxm/statistics/options/stats_options_json.h"
#include "tfxm/util/status_macros.h"

namespace tfxm {

absl::StatusOr<statistics::StatsOptions> CompleteStatsOptions(absl::string_view json) {
  ASSIGN_OR_RETURN(statistics::StatsOptions options, statistics::ParseStatsOptions(json));
  for (const std::string& sql : options.slice_sqls) {
    ASSIGN_OR_RETURN(options.slice_functions.emplace_back(), model_analysis::SqlSliceNames(sql));
  }
  return options;
}

}  // namespace tfxm
