// SPDX-License-Identifier: Apache-2.0

#include "tfxm/distribution/launcher_flags.h"

#include <utility>

#include "absl/strings/match.h"
#include "tfxm/util/process/environment.h"

namespace tfxm::distribution {

void LauncherFlags::AddTo(Flags* flags) {
  flags->Add(
      "launcher", &given_.launcher, "WHAT",
      "who does the work: threads (the default), processes, processes:N, a command that starts a worker "
      "elsewhere, 'srun -n1 {command}' or 'ssh {host} {command}', or Apache Beam, 'beam --runner=…'; else $TFXM_LAUNCHER says so. The result is the "
      "same");
  flags->Add("hosts", &given_.hosts, "A,B,…", "--launcher with {host}: the hosts, a worker each; else $TFXM_HOSTS");
  flags
      ->Add("workers", &given_.workers, "N",
            "--launcher that is a command: how many at a time; 0: as many as hosts or cores")
      .Between(0, kMaxWorkers);
  flags->Add("work_dir", &given_.work_dir, "DIR",
             "--launcher: a folder that all workers see, for files that are gone at the end; else this one (of a "
             "pipeline: in its pipeline_root), or that of temporary files for processes of this machine");
  flags
      ->Add("shard_timeout", &given_.shard_timeout, "SECONDS",
            "--launcher: a worker that takes longer for its shard is ended, and another one begins; 0: none is")
      .AtLeast(0);
}

LauncherOptions LauncherFlags::Get(LauncherOptions otherwise) const {
  LauncherOptions options = std::move(otherwise);
  // Hosts and workers go with the command that they were given for.
  if (std::string launcher = given() ? given_.launcher : EnvironmentOr("TFXM_LAUNCHER"); !launcher.empty()) {
    options = {.launcher = std::move(launcher)};
  }
  if (!given_.hosts.empty()) options.hosts = given_.hosts;
  if (options.hosts.empty() && absl::StrContains(options.launcher, "{host}"))
    options.hosts = EnvironmentOr("TFXM_HOSTS");
  if (given_.workers > 0) options.workers = given_.workers;
  if (!given_.work_dir.empty()) options.work_dir = given_.work_dir;
  if (given_.shard_timeout > 0) options.shard_timeout = given_.shard_timeout;
  return options;
}

}  // namespace tfxm::distribution
