// SPDX-License-Identifier: Apache-2.0

// The flags of programs whose passes over the data can be many processes': --launcher and what goes with it.
//
//   LauncherFlags launcher_flags;
//   launcher_flags.AddTo(&flags);
//   …
//   ASSIGN_OR_RETURN(const Launcher launcher, ParseLauncher(launcher_flags.Get()));
#ifndef TFXM_DISTRIBUTION_LAUNCHER_FLAGS_H_
#define TFXM_DISTRIBUTION_LAUNCHER_FLAGS_H_

#include "tfxm/distribution/launcher.h"
#include "tfxm/util/flags.h"

namespace tfxm::distribution {

class LauncherFlags {
 public:
  void AddTo(Flags* flags);
  // --launcher; else $TFXM_LAUNCHER (and $TFXM_HOSTS); else `otherwise`. The other flags count whatever it is.
  LauncherOptions Get(LauncherOptions otherwise = {}) const;
  // Whether --launcher was given: it is refused where data cannot be read so, while the variable then has no effect.
  bool given() const { return !given_.launcher.empty(); }

 private:
  LauncherOptions given_;
};

}  // namespace tfxm::distribution

#endif  // TFXM_DISTRIBUTION_LAUNCHER_FLAGS_H_
