// SPDX-License-Identifier: Apache-2.0

// SIGINT, SIGTERM and SIGHUP cancel a run. For programs: a library leaves signals alone.
#ifndef TFXM_ORCHESTRATION_INTERRUPTS_H_
#define TFXM_ORCHESTRATION_INTERRUPTS_H_

#include <signal.h>

#include "tfxm/orchestration/cancellation.h"

namespace tfxm {

// While it lives, these signals call `cancellation->Cancel` instead of ending the process, except those that the process
// was started to ignore (nohup). One at a time.
class Interrupts {
 public:
  explicit Interrupts(Cancellation* cancellation);
  ~Interrupts();
  Interrupts(const Interrupts&) = delete;
  Interrupts& operator=(const Interrupts&) = delete;

 private:
  struct sigaction before_[3];
};

}  // namespace tfxm

#endif  // TFXM_ORCHESTRATION_INTERRUPTS_H_
