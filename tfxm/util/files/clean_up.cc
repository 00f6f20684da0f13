// SPDX-License-Identifier: Apache-2.0

#include "tfxm/util/files/clean_up.h"

#include <pthread.h>
#include <signal.h>

#include <map>
#include <mutex>
#include <thread>
#include <utility>

namespace tfxm {
namespace {

struct Pending {
  // Recursive: what is undone may itself clean up.
  std::recursive_mutex mutex;
  int64_t last_id = 0;
  std::map<int64_t, std::function<void()>> undo;
};

Pending& Get() {
  static Pending* const pending = new Pending;  // Never destroyed: threads may outlive main().
  return *pending;
}

// Holding the lock, so that an interruption waits for its end. Nothing if it has been called or cancelled.
void Undo(int64_t id) {
  Pending& pending = Get();
  const std::lock_guard lock(pending.mutex);
  const auto it = pending.undo.find(id);
  if (it == pending.undo.end()) return;
  const std::function<void()> undo = std::move(it->second);
  pending.undo.erase(it);
  undo();
}

void WaitForInterrupt(sigset_t signals) {
  int signal = 0;
  while (sigwait(&signals, &signal) != 0) {
  }
  Pending& pending = Get();
  pending.mutex.lock();  // And never unlocked: whoever would start or finish something now waits for the end.
  while (!pending.undo.empty()) Undo(pending.undo.rbegin()->first);
  struct sigaction action{};
  action.sa_handler = SIG_DFL;
  sigaction(signal, &action, nullptr);
  sigset_t only;
  sigemptyset(&only);
  sigaddset(&only, signal);
  pthread_sigmask(SIG_UNBLOCK, &only, nullptr);
  raise(signal);
}

}  // namespace

CleanUp::CleanUp(std::function<void()> undo) {
  Pending& pending = Get();
  const std::lock_guard lock(pending.mutex);
  id_ = ++pending.last_id;
  pending.undo.emplace(id_, std::move(undo));
}

CleanUp::~CleanUp() { Undo(id_); }

void CleanUp::Cancel() {
  Pending& pending = Get();
  const std::lock_guard lock(pending.mutex);
  pending.undo.erase(id_);
}

NoInterruption::NoInterruption() { Get().mutex.lock(); }
NoInterruption::~NoInterruption() { Get().mutex.unlock(); }

void HandleInterrupts() {
  sigset_t signals;
  sigemptyset(&signals);
  bool any = false;
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    struct sigaction before{};
    // As of a program in the background, or under nohup.
    if (sigaction(signal, nullptr, &before) == 0 && before.sa_handler == SIG_IGN) continue;
    sigaddset(&signals, signal);
    any = true;
  }
  if (!any) return;
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::thread(WaitForInterrupt, signals).detach();
}

void StopHandlingInterrupts() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&signals, signal);
  pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
}

}  // namespace tfxm
