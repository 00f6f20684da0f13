// SPDX-License-Identifier: Apache-2.0

// The flags --data, --csv, --stats and --launcher of the commands about data, and those of TFDV's StatsOptions.
#ifndef TFXM_CLI_FLAGS_STATISTICS_SOURCE_H_
#define TFXM_CLI_FLAGS_STATISTICS_SOURCE_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tensorflow_metadata/proto/v0/statistics.pb.h"
#include "tfxm/cli/flags/csv_flags.h"
#include "tfxm/cli/flags/launcher_flags.h"
#include "tfxm/statistics/stats_options.h"
#include "tfxm/util/flags.h"

namespace tfxm::cli {

// Statistics of data, or those of a file made before.
class StatisticsSource {
 public:
  void AddTo(Flags* flags);

  // `output`: the file that will be written, `others`: what else is read. Wrong ones are found out before the work.
  absl::StatusOr<tensorflow::metadata::v0::DatasetFeatureStatisticsList> Get(
      const std::string& output, std::vector<std::string> others = {}) const;

 private:
  // With what the flags name in them.
  absl::StatusOr<statistics::StatsOptions> Options() const;

  // Of TFRecords, by the launcher.
  absl::StatusOr<tensorflow::metadata::v0::DatasetFeatureStatisticsList> Compute(
      const std::vector<std::string>& files, const statistics::StatsOptions& options) const;

  std::string data_, stats_, features_, types_;
  CsvFlags csv_;
  LauncherFlags launcher_;
  statistics::StatsOptions options_;
};

}  // namespace tfxm::cli

#endif  // TFXM_CLI_FLAGS_STATISTICS_SOURCE_H_
