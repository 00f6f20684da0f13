// SPDX-License-Identifier: Apache-2.0

// What each evaluated model costs, in a file beside the evaluation: model_facts.json, which
// tfxm/proto/sidecars.proto describes.
#ifndef TFXM_MODEL_ANALYSIS_OUTPUT_MODEL_FACTS_H_
#define TFXM_MODEL_ANALYSIS_OUTPUT_MODEL_FACTS_H_

#include <string>

#include "absl/status/status.h"
#include "tfxm/model_analysis/evaluate.h"

namespace tfxm::model_analysis {

// Everything in ModelSummary::cost. Models that are predictions in the examples have no facts; no file is written if no
// model has any. Latency and speed are measurements: unlike everything else in an evaluation's directory they are not
// the same from run to run.
absl::Status WriteModelFacts(const EvaluationResult& result, const std::string& directory);

}  // namespace tfxm::model_analysis

#endif  // TFXM_MODEL_ANALYSIS_OUTPUT_MODEL_FACTS_H_
