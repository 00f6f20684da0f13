// SIGINT, SIGTERM and SIGHUP as something to poll() for.
#ifndef TFXM_ORCHESTRATION_INTERRUPTS_H_
#define TFXM_ORCHESTRATION_INTERRUPTS_H_

#include <signal.h>

namespace tfxm {

// While it lives, these signals are counted instead of ending the process. One at a time.
class Interrupts {
 public:
  Interrupts();
  ~Interrupts();
  Interrupts(const Interrupts&) = delete;
  Interrupts& operator=(const Interrupts&) = delete;

  // Readable after a signal.
  int fd() const;
  // How many there were until now. Makes fd() unreadable.
  int Count();
  // The first of them; 0 if there was none.
  int signal() const;

 private:
  struct sigaction before_[3];
};

}  // namespace tfxm

#endif  // TFXM_ORCHESTRATION_INTERRUPTS_H_
