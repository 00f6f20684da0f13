// SPDX-License-Identifier: Apache-2.0

// What an EvalConfig demanded, what came of each demand, and why: the thresholds of an evaluation with their verdicts.
//
//   for (const Check& check : ThresholdChecks(evaluation))
//     if (check.state == Check::State::kFailed) Use(check.metric, check.requirement, check.outcomes[0].reason);
#ifndef TFXM_REPORT_EVALUATION_CHECKS_H_
#define TFXM_REPORT_EVALUATION_CHECKS_H_

#include <optional>
#include <string>
#include <vector>

#include "tfxm/report/evaluation/evaluation.h"

namespace tfxm::report {

// One threshold of the config, over all models and slices it applies to.
struct Check {
  enum class State {
    kPassed,
    kFailed,
    kNotChecked,  // No slice, or no metric, that it applies to; the outcome says which.
  };
  // One value that the threshold was applied to.
  struct Outcome {
    Slice slice;
    Key key;
    std::optional<double> value;
    bool passed = false;
    std::string reason;  // "0.7056 is below 0.97"; empty if it passed.
  };
  State state = State::kNotChecked;
  std::string metric;             // As the config names it: "AUC".
  std::string requirement;        // "at least 0.97"; "change to the baseline at least +0.3".
  std::string applies_to;         // "every slice", "slices by region", "region: east − Overall".
  std::vector<Outcome> outcomes;  // Failed ones first, each in the order of slices.
};

// Failures are those of the evaluation's own validation: it decides. A threshold passed where a value it applies to
// exists and the validation has no failure for it. Failures that match no threshold of the config are appended as
// checks of their own, as are slices that the validation misses.
std::vector<Check> ThresholdChecks(const Evaluation& evaluation);

// "at least 0.5 and at most 0.9", "change to the baseline at most −0.1 and at most −5 %".
std::string RequirementText(const tensorflow_model_analysis::MetricThreshold& threshold);
// "Overall", "slices by region", "region: east", "slices by SQL …".
std::string SlicingSpecText(const tensorflow_model_analysis::SlicingSpec& spec);
std::string SlicingSpecText(const tensorflow_model_analysis::CrossSlicingSpec& spec);

}  // namespace tfxm::report

#endif  // TFXM_REPORT_EVALUATION_CHECKS_H_
