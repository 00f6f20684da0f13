// SPDX-License-Identifier: Apache-2.0

#include "tfxm/report/html/report.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "tfxm/report/evaluation/evaluation_reader.h"
#include "tfxm/report/html/assets.h"
#include "tfxm/report/html/page.h"
#include "tfxm/report/html/page_data.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::report {

absl::StatusOr<ReportInput> ReadReportInput(const ReportOptions& options) {
  ReportInput input{.title = options.title, .reference_model = options.reference_model};
  for (const EvaluationSource& source : options.evaluations) {
    ReportEvaluation& read = input.evaluations.emplace_back();
    read.display_name = source.display_name;
    ASSIGN_OR_RETURN(read.evaluation, ReadEvaluation(source.directory));
    ASSIGN_OR_RETURN(read.sidecars, ReadSidecars(source.directory));
    // Later facts win (page_data.cc).
    read.sidecars.facts.insert(read.sidecars.facts.end(), source.facts.begin(), source.facts.end());
  }
  return input;
}

absl::StatusOr<std::string> RenderReport(const ReportInput& input) {
  if (input.evaluations.empty() && !input.pipeline) {
    return absl::InvalidArgumentError("a report needs at least one evaluation or a pipeline run");
  }
  ASSIGN_OR_RETURN(const std::string data, PageData(input));
  return RenderPage(input.title, data, ReportScript());
}

absl::Status WriteReport(const ReportOptions& options, absl::string_view output_html) {
  ASSIGN_OR_RETURN(const ReportInput input, ReadReportInput(options));
  ASSIGN_OR_RETURN(const std::string html, RenderReport(input));
  return io::WriteFile(output_html, html);
}

absl::Status WritePipelineReport(const PipelineRun& run, const ReportOptions& options, absl::string_view output_html) {
  ASSIGN_OR_RETURN(ReportInput input, ReadReportInput(options));
  input.pipeline = run;
  ASSIGN_OR_RETURN(const std::string html, RenderReport(input));
  return io::WriteFile(output_html, html);
}

}  // namespace tfxm::report
