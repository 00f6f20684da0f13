// SPDX-License-Identifier: Apache-2.0

// The flag --html of the commands about data: the page of statistics.
#ifndef TFXM_CLI_FLAGS_STATISTICS_PAGE_FLAGS_H_
#define TFXM_CLI_FLAGS_STATISTICS_PAGE_FLAGS_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "tfxm/cli/flags/statistics_source.h"
#include "tfxm/report/statistics/statistics_page.h"
#include "tfxm/util/flags.h"

namespace tfxm::cli {

class StatisticsPageFlags {
 public:
  // --html and --title.
  void AddTo(Flags* flags);
  bool given() const { return !html_.empty(); }

  // Before the work: whether the page can be written there. `inputs`: what is read.
  absl::Status Check(const std::vector<std::string>& inputs) const;
  // Adds a data set and images of its examples; `patterns` are empty if it is the source's own data.
  absl::Status Add(const StatisticsSource& source, std::string name, const std::string& patterns,
                   tensorflow::metadata::v0::DatasetFeatureStatisticsList statistics,
                   report::StatisticsPageInput* page) const;
  absl::Status Write(report::StatisticsPageInput page) const;

 private:
  std::string html_, title_;
};

}  // namespace tfxm::cli

#endif  // TFXM_CLI_FLAGS_STATISTICS_PAGE_FLAGS_H_
