// What a pipeline's author wants to see when a run has ended: its models side by side.
#ifndef TFXM_ORCHESTRATION_RUN_SUMMARY_H_
#define TFXM_ORCHESTRATION_RUN_SUMMARY_H_

#include "absl/status/status.h"
#include "tfxm/orchestration/run_result.h"

namespace tfxm {

struct PipelineArgs;

// Prints a table of all evaluated models, the first Evaluator's as the reference, and where models were pushed to.
// Leaves the table as comparison.txt and comparison.json and everything as report.html in args.output. Nothing if the
// pipeline has no Evaluator.
absl::Status WriteRunSummary(const PipelineArgs& args, const RunResult& result);

}  // namespace tfxm

#endif  // TFXM_ORCHESTRATION_RUN_SUMMARY_H_
