// SPDX-License-Identifier: Apache-2.0

// What a pipeline's author wants to see when a run has ended: its models side by side.
#ifndef TFXM_ORCHESTRATION_RUN_RUN_SUMMARY_H_
#define TFXM_ORCHESTRATION_RUN_RUN_SUMMARY_H_

#include "absl/status/status.h"
#include "tfxm/orchestration/run/run_result.h"

namespace tfxm {

struct PipelineArgs;

// Whether WriteRunSummary may write into args.output: a UsageError names a file of one of its names that it has not
// made. A report or a page of statistics is known by what is in it, a comparison by the report beside it.
absl::Status CheckRunSummary(const PipelineArgs& args);

// Prints a table of all evaluated models, the first Evaluator's as the reference, why models are not blessed, and where
// models were pushed to. Leaves the table as comparison.txt and comparison.json and everything as report.html in
// args.output, and what the data look like as statistics.html (statistics_pages.h). After a run in which nodes failed, the report says which and why.
absl::Status WriteRunSummary(const PipelineArgs& args, const RunResult& result);

}  // namespace tfxm

#endif  // TFXM_ORCHESTRATION_RUN_RUN_SUMMARY_H_
