// SPDX-License-Identifier: Apache-2.0

// A whole pass by the workers of a launcher: plan, map, reduce.
//
//   ASSIGN_OR_RETURN(const auto step, StatisticsPass::Make(request));
//   RETURN_IF_ERROR(RunPass(request, {launcher, {"/usr/bin/tfxm", "pass", "map"}}, step.get()));
//   ASSIGN_OR_RETURN(const auto statistics, step->Statistics());
#ifndef TFXM_DISTRIBUTION_RUN_PASS_H_
#define TFXM_DISTRIBUTION_RUN_PASS_H_

#include "absl/status/status.h"
#include "tfxm/distribution/step.h"
#include "tfxm/distribution/workers.h"
#include "tfxm/proto/pass.pb.h"

namespace tfxm::distribution {

// The plan and the parts go into launcher.work_dir; without one into the folder for temporary files if the workers are
// processes of this machine, else into the current one. Nothing stays there. After an error the step is of no use.
// REQUIRES: the launcher is not of threads, and this thread lives as long as the pass.
absl::Status RunPass(PassRequest request, const Workers& workers, Step* step, const OnProgress& progress = nullptr);

}  // namespace tfxm::distribution

#endif  // TFXM_DISTRIBUTION_RUN_PASS_H_
