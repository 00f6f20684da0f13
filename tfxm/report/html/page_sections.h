// SPDX-License-Identifier: Apache-2.0

// The members of a page's data, a function each; web/README.md describes them. Each writes one or more members of the
// object that `json` is in.
#ifndef TFXM_REPORT_HTML_PAGE_SECTIONS_H_
#define TFXM_REPORT_HTML_PAGE_SECTIONS_H_

#include "tfxm/report/html/page_index.h"
#include "tfxm/util/text/json_writer.h"

namespace tfxm::report {

void WriteModels(const PageIndex& index, JsonWriter& json);
void WriteCosts(JsonWriter& json);
void WriteSlices(const PageIndex& index, JsonWriter& json);
void WriteMetrics(const PageIndex& index, JsonWriter& json);
void WriteValues(const PageIndex& index, JsonWriter& json);
void WriteComparisons(const PageIndex& index, JsonWriter& json);
void WriteEvaluations(const PageIndex& index, JsonWriter& json);
void WritePlots(const PageIndex& index, JsonWriter& json);
void WriteDisagreements(const PageIndex& index, JsonWriter& json);
void WritePipeline(const PageIndex& index, JsonWriter& json);

}  // namespace tfxm::report

#endif  // TFXM_REPORT_HTML_PAGE_SECTIONS_H_
