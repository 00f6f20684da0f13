// SPDX-License-Identifier: Apache-2.0

#include "tfxm/report/statistics/statistics_page.h"

#include "absl/strings/str_cat.h"
#include "tfxm/report/html/assets.h"
#include "tfxm/report/html/page.h"
#include "tfxm/report/statistics/statistics_data.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"
#include "tfxm/util/text/text.h"

namespace tfxm::report {

absl::StatusOr<std::string> RenderStatisticsPage(const StatisticsPageInput& input) {
  if (input.datasets.empty()) return absl::InvalidArgumentError("a page of statistics needs at least one data set");
  for (const NamedStatistics& dataset : input.datasets) {
    if (dataset.statistics.datasets_size() == 0) {
      return absl::InvalidArgumentError(absl::StrCat("data set \"", PrintableText(dataset.name),
                                                     "\": expected statistics, found an empty list of them"));
    }
  }
  return RenderPage(input.title, StatisticsData(input), StatisticsScript());
}

absl::Status WriteStatisticsPage(const StatisticsPageInput& input, absl::string_view output_html) {
  ASSIGN_OR_RETURN(const std::string html, RenderStatisticsPage(input));
  return io::WriteFile(output_html, html);
}

}  // namespace tfxm::report
