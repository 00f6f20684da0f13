// SPDX-License-Identifier: Apache-2.0

#include "tfxm/report/show/show.h"

#include "absl/strings/str_cat.h"
#include "tfxm/report/evaluation/evaluation_reader.h"
#include "tfxm/report/show/show_formats.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::report {

absl::StatusOr<ShowFormat> ParseShowFormat(absl::string_view name) {
  if (name == "table") return ShowFormat::kTable;
  if (name == "json") return ShowFormat::kJson;
  if (name == "csv") return ShowFormat::kCsv;
  return absl::InvalidArgumentError(absl::StrCat("no format \"", name, "\"; there are table, json and csv"));
}

absl::StatusOr<std::string> Show(absl::string_view directory, ShowFormat format, const ShowOptions& options) {
  ASSIGN_OR_RETURN(const Evaluation evaluation, ReadEvaluation(directory));
  ASSIGN_OR_RETURN(const Sidecars sidecars, ReadSidecars(directory));
  return Show(evaluation, sidecars, format, options);
}

std::string Show(const Evaluation& evaluation, const Sidecars& sidecars, ShowFormat format,
                 const ShowOptions& options) {
  if (format == ShowFormat::kJson) return ShowJson(evaluation, sidecars);
  return format == ShowFormat::kCsv ? ShowCsv(evaluation, sidecars) : ShowTable(evaluation, sidecars, options);
}

}  // namespace tfxm::report
