// SPDX-License-Identifier: Apache-2.0

// Puts data, script, style and charting library into one HTML file. The parts are files of web/ and Chart.js, embedded
// in this library when it is built.
#ifndef TFXM_REPORT_HTML_PAGE_H_
#define TFXM_REPORT_HTML_PAGE_H_

#include <string>

#include "absl/strings/string_view.h"

namespace tfxm::report {

// `data` is JSON that JsonWriter wrote, `page_script` what draws it, with Chart.js before it (assets.h). The page's
// Content-Security-Policy names the script and the style by their SHA-256 and forbids everything else.
std::string RenderPage(absl::string_view title, absl::string_view data, absl::string_view page_script);

}  // namespace tfxm::report

#endif  // TFXM_REPORT_HTML_PAGE_H_
