// SPDX-License-Identifier: Apache-2.0

#include "tfxm/orchestration/interrupts.h"

#include <atomic>

namespace tfxm {
namespace {

constexpr int kSignals[] = {SIGINT, SIGTERM, SIGHUP};
std::atomic<Cancellation*> to_cancel{nullptr};

void OnSignal(int number) {
  if (Cancellation* const cancellation = to_cancel) cancellation->Cancel(number);
}

}  // namespace

Interrupts::Interrupts(Cancellation* cancellation) {
  to_cancel = cancellation;
  struct sigaction action{};
  action.sa_handler = OnSignal;
  action.sa_flags = SA_RESTART;
  for (int i = 0; i < 3; ++i) {
    sigaction(kSignals[i], nullptr, &before_[i]);
    if (before_[i].sa_handler != SIG_IGN) sigaction(kSignals[i], &action, nullptr);
  }
}

Interrupts::~Interrupts() {
  for (int i = 0; i < 3; ++i) sigaction(kSignals[i], &before_[i], nullptr);
  to_cancel = nullptr;
}

}  // namespace tfxm
