// SPDX-License-Identifier: Apache-2.0

// The data of a page: what web/ draws, as one JSON object. web/README.md describes its members.
#ifndef TFXM_REPORT_HTML_PAGE_DATA_H_
#define TFXM_REPORT_HTML_PAGE_DATA_H_

#include <string>

#include "absl/status/statusor.h"
#include "tfxm/report/html/report.h"

namespace tfxm::report {

// Safe inside a <script> block (JsonWriter). INVALID_ARGUMENT if input.reference_model names no model.
absl::StatusOr<std::string> PageData(const ReportInput& input);

}  // namespace tfxm::report

#endif  // TFXM_REPORT_HTML_PAGE_DATA_H_
