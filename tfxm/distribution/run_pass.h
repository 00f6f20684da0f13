// SPDX-License-Identifier: Apache-2.0

// A whole pass by the workers of a launcher: plan, map, reduce.
//
//   ASSIGN_OR_RETURN(const auto step, StatisticsPass::Make(request));
//   RETURN_IF_ERROR(RunPass(request, launcher, {.program = "/usr/bin/tfxm"}, step.get()));
//   ASSIGN_OR_RETURN(const auto statistics, step->Statistics());
#ifndef TFXM_DISTRIBUTION_RUN_PASS_H_
#define TFXM_DISTRIBUTION_RUN_PASS_H_

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "tfxm/distribution/launcher.h"
#include "tfxm/distribution/step.h"
#include "tfxm/distribution/worker_pool.h"
#include "tfxm/proto/pass.pb.h"

namespace tfxm::distribution {

struct RunPassOptions {
  std::string program;  // The tfxm that workers run: its path, the same for all of them.
  // Where the plan and the parts are as long as the pass goes on: a folder that all workers see. Empty: that for
  // temporary files, for processes of this machine; this one otherwise.
  std::string work_dir;
  // Called by this thread, many times a second. `num_examples`: those of the shards that are done.
  std::function<void(const PoolProgress& progress, int64_t num_examples)> progress;
};

// REQUIRES: the launcher is not of threads, and the thread lives as long as the pass. After an error the step is of no
// use. Nothing stays in work_dir.
absl::Status RunPass(PassRequest request, const Launcher& launcher, const RunPassOptions& options, Step* step);

}  // namespace tfxm::distribution

#endif  // TFXM_DISTRIBUTION_RUN_PASS_H_
