// SPDX-License-Identifier: Apache-2.0

// Who makes a pass, and how far it is.
//
//   const Workers workers{.launcher = launcher, .command = {"/usr/bin/tfxm", "pass", "map"}};
#ifndef TFXM_DISTRIBUTION_WORKERS_H_
#define TFXM_DISTRIBUTION_WORKERS_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tfxm/distribution/launcher.h"
#include "tfxm/distribution/worker_pool.h"

namespace tfxm::distribution {

struct Workers {
  Launcher launcher;  // Of threads: this process alone.
  // What makes a part: a program, by a path that is the same for all workers, which takes what `tfxm pass map` takes
  // after these words.
  std::vector<std::string> command;

  bool are_threads() const { return launcher.kind == Launcher::Kind::kThreads; }
};

// Of this program, called with these words first.
absl::StatusOr<Workers> WorkersOfThisProgram(Launcher launcher, const std::vector<std::string>& words);

struct PassProgress {
  int64_t num_examples = 0;  // Of workers: those of the shards that are done.
  PoolProgress pool;         // Without any jobs where threads make the pass.
};
// "1000 examples", of workers "3 of 8 shards, 1000 examples, 2 workers".
std::string ToText(const PassProgress& progress);
// Called many times a second.
using OnProgress = std::function<void(const PassProgress& progress)>;

}  // namespace tfxm::distribution

#endif  // TFXM_DISTRIBUTION_WORKERS_H_
