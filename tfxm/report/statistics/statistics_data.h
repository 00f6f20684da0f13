// SPDX-License-Identifier: Apache-2.0

// The data of a page of statistics: what web/statistics/ draws, as one JSON object. web/README.md describes its members.
#ifndef TFXM_REPORT_STATISTICS_STATISTICS_DATA_H_
#define TFXM_REPORT_STATISTICS_STATISTICS_DATA_H_

#include <string>

#include "tfxm/report/statistics/statistics_page.h"

namespace tfxm::report {

// Safe inside a <script> block (JsonWriter). Of frequent values so many that the whole stays below some 7 MB.
std::string StatisticsData(const StatisticsPageInput& input);

}  // namespace tfxm::report

#endif  // TFXM_REPORT_STATISTICS_STATISTICS_DATA_H_
