#include "tfxm/orchestration/interrupts.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <atomic>

namespace tfxm {
namespace {

constexpr int kSignals[] = {SIGINT, SIGTERM, SIGHUP};
std::atomic<int> interrupt_count{0}, first_signal{0};
int interrupt_pipe[2] = {-1, -1};

void OnSignal(int number) {
  const int saved = errno;
  int none = 0;
  first_signal.compare_exchange_strong(none, number, std::memory_order_relaxed);
  interrupt_count.fetch_add(1, std::memory_order_relaxed);
  (void)!write(interrupt_pipe[1], "x", 1);
  errno = saved;
}

}  // namespace

Interrupts::Interrupts() {
  interrupt_count = first_signal = 0;
  if (pipe2(interrupt_pipe, O_CLOEXEC | O_NONBLOCK) != 0) interrupt_pipe[0] = interrupt_pipe[1] = -1;
  struct sigaction action{};
  action.sa_handler = OnSignal;
  action.sa_flags = SA_RESTART;
  for (int i = 0; i < 3; ++i) sigaction(kSignals[i], &action, &before_[i]);
}

Interrupts::~Interrupts() {
  for (int i = 0; i < 3; ++i) sigaction(kSignals[i], &before_[i], nullptr);
  close(interrupt_pipe[0]);
  close(interrupt_pipe[1]);
}

int Interrupts::signal() const { return first_signal; }

int Interrupts::fd() const { return interrupt_pipe[0]; }

int Interrupts::Count() {
  char buffer[16];
  while (read(interrupt_pipe[0], buffer, sizeof(buffer)) > 0) {
  }
  return interrupt_count.load(std::memory_order_relaxed);
}

}  // namespace tfxm
