// SPDX-License-Identifier: Apache-2.0

#include "tfxm/components/missed_thresholds.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tfxm/report/evaluation/checks.h"
#include "tfxm/report/evaluation/evaluation_reader.h"
#include "tfxm/util/status_macros.h"
#include "tfxm/util/text/text.h"

namespace tfxm {

absl::StatusOr<std::string> MissedThresholds(absl::string_view dir) {
  ASSIGN_OR_RETURN(const report::Evaluation evaluation, report::ReadEvaluation(dir));
  std::string first;
  std::vector<std::string> others;
  int more_slices = 0;
  for (const report::Check& check : report::ThresholdChecks(evaluation)) {
    if (check.state == report::Check::State::kPassed) continue;
    const std::string demand = absl::StrCat(PrintableText(check.metric), " ", check.requirement);
    if (!first.empty()) {
      others.push_back(demand);
      continue;
    }
    first = demand;
    if (check.outcomes.empty() || check.outcomes[0].key.name.empty()) {
      absl::StrAppend(&first, ", but nothing is there that it applies to (", check.applies_to, ")");
      continue;
    }
    const report::Check::Outcome& outcome = check.outcomes[0];
    const std::string& model = outcome.key.model_name;
    first = absl::StrCat(PrintableText(check.metric), " on ", outcome.slice.overall() ? "all examples" : "",
                         outcome.slice.overall() ? "" : PrintableText(outcome.slice.Text()),
                         model.empty() ? "" : absl::StrCat(" of \"", PrintableText(model), "\""), ": ", outcome.reason);
    more_slices = static_cast<int>(
        std::count_if(check.outcomes.begin() + 1, check.outcomes.end(), [](const auto& o) { return !o.passed; }));
  }
  if (first.empty()) return std::string("a threshold is missed");
  if (more_slices > 0)
    absl::StrAppend(&first, ", and so on ", more_slices, more_slices == 1 ? " more slice" : " more slices");
  if (!others.empty()) absl::StrAppend(&first, "; also missed: ", absl::StrJoin(others, "; "));
  return first;
}

}  // namespace tfxm
