// SPDX-License-Identifier: Apache-2.0

// The flags of the commands whose pass over the data can be many processes': --launcher and what goes with it.
#ifndef TFXM_CLI_FLAGS_LAUNCHER_FLAGS_H_
#define TFXM_CLI_FLAGS_LAUNCHER_FLAGS_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tfxm/distribution/launcher.h"
#include "tfxm/distribution/step.h"
#include "tfxm/util/flags.h"

namespace tfxm::cli {

class LauncherFlags {
 public:
  void AddTo(Flags* flags);

  // --launcher, or $TFXM_LAUNCHER (and $TFXM_HOSTS). A UsageError if the flags do not fit.
  absl::StatusOr<distribution::Launcher> Get() const;
  // Whether --launcher was given: it is refused where data cannot be read so, while the variable then has no effect.
  bool given() const { return !launcher_.empty(); }
  // RunPass with this program's workers; on a terminal it shows how far it is.
  absl::Status Run(const distribution::PassRequest& request, const distribution::Launcher& launcher,
                   distribution::Step* step) const;

 private:
  std::string launcher_, hosts_, work_dir_;
  int workers_ = 0;
  double shard_timeout_ = 0;
};

}  // namespace tfxm::cli

#endif  // TFXM_CLI_FLAGS_LAUNCHER_FLAGS_H_
