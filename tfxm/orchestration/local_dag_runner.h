// SPDX-License-Identifier: Apache-2.0

// Runs a pipeline on this machine.
//
//   const std::unique_ptr<Display> display = NewDisplay(stdout);
//   LocalDagRunner runner({.display = display.get()});
//   absl::StatusOr<RunResult> result = runner.Run(pipeline);
//   if (!result.ok()) …            // It could not run at all: a mistake in the pipeline, a metadata store in use.
//   if (!result->ok()) …           // A node failed: result->nodes says which and why.
//
// Nodes whose inputs are ready run at the same time, each executor in a process of its own; those that most others wait
// for come first. If a node fails, those that need it are skipped and the others go on. A node with nothing new to do
// takes its former outputs from the cache, so running again after a failure, an interruption or a kill at any instant
// goes on where it was: what a killed run left half-done is cleared away first. Signals are the program's to handle:
// interrupts.h turns them into a Cancellation.
//
// The program must call MaybeRunExecutor (executor_process.h) first thing in main. One run at a time in a process, and
// one at a time on a metadata store.
#ifndef TFXM_ORCHESTRATION_LOCAL_DAG_RUNNER_H_
#define TFXM_ORCHESTRATION_LOCAL_DAG_RUNNER_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "tfxm/distribution/launcher.h"
#include "tfxm/dsl/pipeline.h"
#include "tfxm/orchestration/cancellation.h"
#include "tfxm/orchestration/run/display.h"
#include "tfxm/orchestration/run/run_result.h"

namespace tfxm {

struct LocalDagRunnerOptions {
  int max_parallel_nodes = 0;            // Executors at a time; 0: as many as there are cores.
  bool enable_cache = true;              // False: every node runs again, whatever the pipeline says.
  Display* display = nullptr;            // Null: nothing is shown.
  Cancellation* cancellation = nullptr;  // Null: nothing ends the run before it is done.
  // A partial run: only the nodes that are one of from_nodes or come after one, and are one of to_nodes or come before
  // one; empty: all. What they take from other nodes is what those have made last.
  std::vector<std::string> from_nodes = {};
  std::vector<std::string> to_nodes = {};
  // Without one, the pipeline's; without that, what the beam_pipeline_args of each node make of it.
  distribution::LauncherOptions launcher = {};
};

class LocalDagRunner {
 public:
  explicit LocalDagRunner(LocalDagRunnerOptions options = {}) : options_(std::move(options)) {}
  // A UsageError (util/exit_status.h) if from_nodes or to_nodes name what is not there, or the launcher is none; FAILED_PRECONDITION if a node
  // that a partial run leaves out has made nothing yet, or what it has made is not there any more.
  absl::StatusOr<RunResult> Run(const Pipeline& pipeline) const;

 private:
  LocalDagRunnerOptions options_;
};

}  // namespace tfxm

#endif  // TFXM_ORCHESTRATION_LOCAL_DAG_RUNNER_H_
