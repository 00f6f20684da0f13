// SPDX-License-Identifier: Apache-2.0

// The files of web/ and Chart.js, as they were when the library was built (assets.cc, CMakeLists.txt).
#ifndef TFXM_REPORT_HTML_ASSETS_H_
#define TFXM_REPORT_HTML_ASSETS_H_

#include <string>

#include "absl/strings/string_view.h"

namespace tfxm::report {

absl::string_view PageTemplate();  // web/report.html
absl::string_view PageStyle();     // web/report.css
// Scripts in the order they depend on each other: web/*.js for the report, and what both pages share with
// web/statistics/*.js for that of statistics.
std::string ReportScript();
std::string StatisticsScript();
absl::string_view ChartLibrary();  // chart.umd.js of Chart.js.

}  // namespace tfxm::report

#endif  // TFXM_REPORT_HTML_ASSETS_H_
