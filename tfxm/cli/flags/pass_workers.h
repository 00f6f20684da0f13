// SPDX-License-Identifier: Apache-2.0

// For the commands whose pass over the data can be many processes'.
//
//   ASSIGN_OR_RETURN(const distribution::Workers workers, PassWorkers(launcher_flags));
//   ProgressLine line;
//   ASSIGN_OR_RETURN(auto statistics, distribution::GenerateStatistics(files, options, workers, line.OfWorkers()));
#ifndef TFXM_CLI_FLAGS_PASS_WORKERS_H_
#define TFXM_CLI_FLAGS_PASS_WORKERS_H_

#include <string>

#include "absl/status/statusor.h"
#include "tfxm/distribution/launcher_flags.h"
#include "tfxm/distribution/workers.h"

namespace tfxm::cli {

// Of this program. A UsageError if the flags do not fit.
absl::StatusOr<distribution::Workers> PassWorkers(const distribution::LauncherFlags& flags);

// A line on a terminal that is written over as things go on, and is gone at the end.
class ProgressLine {
 public:
  ProgressLine();
  ~ProgressLine();
  // Shows how far workers are; nothing where threads do the work.
  distribution::OnProgress OfWorkers();

 private:
  const bool on_a_terminal_;
  std::string shown_;
};

}  // namespace tfxm::cli

#endif  // TFXM_CLI_FLAGS_PASS_WORKERS_H_
