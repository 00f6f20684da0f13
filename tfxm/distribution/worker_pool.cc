// SPDX-License-Identifier: Apache-2.0

#include "tfxm/distribution/worker_pool.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <mutex>
#include <thread>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "tfxm/compute/pass.h"
#include "tfxm/util/exit_status.h"
#include "tfxm/util/files/clean_up.h"
#include "tfxm/util/io.h"
#include "tfxm/util/process/process.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::distribution {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds kTick(10);
// What workers have to end by themselves after SIGTERM, which srun and ssh pass on, before they are killed.
constexpr milliseconds kGrace(2000);
constexpr int64_t kMostLogBytes = 2000;

Clock::duration Seconds(double seconds) {
  return std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
}

// The process groups that are running, which an interruption ends from another thread.
class Groups {
 public:
  Groups() : at_interruption_([this] { End(); }) {}
  ~Groups() {
    at_interruption_.Cancel();
    End();
  }

  // CANCELLED once they are being ended.
  absl::StatusOr<pid_t> Start(const std::vector<std::string>& argv, const SpawnOptions& options) {
    const std::lock_guard lock(mutex_);
    if (ending_) return absl::CancelledError("interrupted");
    ASSIGN_OR_RETURN(const pid_t pid, Spawn(argv, options));
    pids_.push_back(pid);
    return pid;
  }
  // Whether the process has ended, and how; kills what it has left of its group.
  bool Ended(pid_t pid, int* wait_status) {
    const std::lock_guard lock(mutex_);
    // The leader stays a zombie until its group is killed, so that the number is not another's by then.
    siginfo_t info{};
    if (waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == 0)
      return false;
    kill(-pid, SIGKILL);
    *wait_status = WaitFor(pid);
    pids_.erase(std::find(pids_.begin(), pids_.end(), pid));
    return true;
  }
  void Signal(pid_t pid, int signal) {
    const std::lock_guard lock(mutex_);
    if (std::find(pids_.begin(), pids_.end(), pid) != pids_.end()) kill(-pid, signal);
  }

 private:
  void End() {
    const std::lock_guard lock(mutex_);
    ending_ = true;
    for (const pid_t pid : pids_) kill(-pid, SIGTERM);
    for (const auto end = Clock::now() + kGrace; Clock::now() < end && AnyRuns();) std::this_thread::sleep_for(kTick);
    for (const pid_t pid : pids_) kill(-pid, SIGKILL);
    for (const pid_t pid : pids_) WaitFor(pid);
    pids_.clear();
  }
  bool AnyRuns() const {
    return std::any_of(pids_.begin(), pids_.end(), [](pid_t pid) {
      siginfo_t info{};
      return waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == 0;
    });
  }

  std::mutex mutex_;
  std::vector<pid_t> pids_;
  bool ending_ = false;
  CleanUp at_interruption_;
};

struct Worker {
  int job = 0, slot = 0;
  pid_t pid = 0;
  Clock::time_point started;
  std::string log;
  bool timed_out = false;
  Clock::time_point kill_at = Clock::time_point::max();
};

struct State {
  bool done = false;
  int failures = 0, starts = 0, num_running = 0;
  Clock::time_point not_before;  // The next attempt.
  int last_slot = -1;            // Of the last failure.
};

// One Run.
class Pool {
 public:
  Pool(const Launcher& launcher, const std::string& log_dir, const std::vector<Job>& jobs)
      : launcher_(launcher), log_dir_(log_dir), jobs_(jobs), states_(jobs.size()), busy_(launcher.num_workers) {
    if (launcher.kind == Launcher::Kind::kProcesses) {
      // Together as many threads as this process would have had.
      const int threads = std::max(1, compute::NumThreads() / launcher.num_workers);
      environment_.push_back(absl::StrCat("TFXM_NUM_THREADS=", threads));
    }
  }

  absl::Status Run(const std::function<absl::Status(int)>& job_done,
                   const std::function<void(const PoolProgress&)>& progress) {
    for (size_t next = 0; next < jobs_.size();) {
      RETURN_IF_ERROR(StartAll());
      RETURN_IF_ERROR(CollectEnded());
      for (; next < jobs_.size() && states_[next].done; ++next) RETURN_IF_ERROR(job_done(static_cast<int>(next)));
      if (progress) progress(Progress());
      if (next < jobs_.size()) std::this_thread::sleep_for(kTick);
    }
    return absl::OkStatus();
  }

 private:
  PoolProgress Progress() const {
    return {.num_jobs = static_cast<int>(jobs_.size()),
            .num_done = num_done_,
            .num_running = static_cast<int>(workers_.size()),
            .num_failed = num_failed_};
  }

  absl::Status StartAll() {
    const auto now = Clock::now();
    for (size_t job = first_not_started_; job < jobs_.size() && HasRoom(); ++job) {
      if (states_[job].done || states_[job].num_running > 0 || now < states_[job].not_before) continue;
      RETURN_IF_ERROR(Start(static_cast<int>(job)));
    }
    while (first_not_started_ < jobs_.size() && states_[first_not_started_].done) ++first_not_started_;
    if (HasRoom()) RETURN_IF_ERROR(StartBesideStragglers());
    return absl::OkStatus();
  }

  bool HasRoom() const { return workers_.size() < busy_.size(); }

  absl::Status StartBesideStragglers() {
    if (num_done_ * 2 < static_cast<int>(jobs_.size())) return absl::OkStatus();
    std::vector<Clock::duration> sorted = durations_;
    const auto middle = sorted.begin() + static_cast<int64_t>(sorted.size() / 2);
    std::nth_element(sorted.begin(), middle, sorted.end());
    const auto least =
        std::max(sorted.empty() ? Clock::duration(0) : 2 * *middle, Seconds(launcher_.straggler_seconds));
    std::vector<int> slow;
    for (const Worker& worker : workers_) {
      if (states_[worker.job].num_running == 1 && !worker.timed_out && Clock::now() - worker.started > least) {
        slow.push_back(worker.job);
      }
    }
    for (const int job : slow) {
      if (HasRoom()) RETURN_IF_ERROR(Start(job));
    }
    return absl::OkStatus();
  }

  // A free one, if there is a choice not on the host that failed last.
  int FindSlot(int last_slot) const {
    int found = -1;
    for (size_t slot = 0; slot < busy_.size(); ++slot) {
      if (busy_[slot]) continue;
      if (last_slot < 0 || Host(static_cast<int>(slot)) != Host(last_slot)) return static_cast<int>(slot);
      found = static_cast<int>(slot);
    }
    return found;
  }
  std::string Host(int slot) const {
    return launcher_.hosts.empty() ? "" : launcher_.hosts[static_cast<size_t>(slot) % launcher_.hosts.size()];
  }

  absl::Status Start(int job) {
    State& state = states_[job];
    Worker worker{.job = job, .slot = FindSlot(state.last_slot), .started = Clock::now()};
    worker.log = io::JoinPath(log_dir_, absl::StrCat("log-", job, "-", state.starts++));
    const FileDescriptor log(open(worker.log.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    if (log.get() < 0) return absl::ErrnoToStatus(errno, absl::StrCat("cannot write ", worker.log));
    const FileDescriptor nothing(open("/dev/null", O_RDONLY | O_CLOEXEC));
    ASSIGN_OR_RETURN(
        worker.pid,
        groups_.Start(WorkerCommand(launcher_, jobs_[job].command, Host(worker.slot)),
                      {.environment = environment_,
                       .files = {{STDIN_FILENO, nothing.get()}, {STDOUT_FILENO, log.get()}, {STDERR_FILENO, log.get()}},
                       .own_group = true}));
    ++state.num_running;
    busy_[worker.slot] = true;
    workers_.push_back(std::move(worker));
    return absl::OkStatus();
  }

  absl::Status CollectEnded() {
    for (size_t w = 0; w < workers_.size();) {
      Worker& worker = workers_[w];
      EndIfTooSlow(&worker);
      int wait_status = 0;
      if (!groups_.Ended(worker.pid, &wait_status)) {
        ++w;
        continue;
      }
      const Worker ended = std::move(worker);
      workers_.erase(workers_.begin() + static_cast<int64_t>(w));
      busy_[ended.slot] = false;
      --states_[ended.job].num_running;
      RETURN_IF_ERROR(Finish(ended, wait_status));
    }
    return absl::OkStatus();
  }

  // It took too long, or the other one of its job was quicker.
  void EndIfTooSlow(Worker* worker) {
    const auto now = Clock::now();
    const bool overdue =
        launcher_.shard_timeout_seconds > 0 && now - worker->started > Seconds(launcher_.shard_timeout_seconds);
    if ((overdue || states_[worker->job].done) && worker->kill_at == Clock::time_point::max()) {
      worker->timed_out = overdue;
      worker->kill_at = now + kGrace;
      groups_.Signal(worker->pid, SIGTERM);
    } else if (now > worker->kill_at) {
      groups_.Signal(worker->pid, SIGKILL);
    }
  }

  absl::Status Finish(const Worker& worker, int wait_status) {
    State& state = states_[worker.job];
    if (state.done) return absl::OkStatus();  // Another one was quicker.
    std::string why;
    if (wait_status == 0) {
      const absl::Status good = jobs_[worker.job].check();
      if (good.ok()) {
        state.done = true;
        ++num_done_;
        durations_.push_back(Clock::now() - worker.started);
        io::RemoveAll(worker.log).IgnoreError();
        return absl::OkStatus();
      }
      why = std::string(good.message());
    } else if (worker.timed_out) {
      why = absl::StrFormat("it took longer than %g s", launcher_.shard_timeout_seconds);
    } else {
      why = DescribeExit(wait_status);
      const FileDescriptor log(open(worker.log.c_str(), O_RDONLY | O_CLOEXEC));
      const std::string output(absl::StripAsciiWhitespace(log.get() < 0 ? "" : ReadTail(log.get(), kMostLogBytes)));
      if (!output.empty()) absl::StrAppend(&why, ": ", absl::StripPrefix(output, "tfxm: "));
    }
    ++num_failed_;
    ++state.failures;
    state.last_slot = worker.slot;
    const bool called_wrongly = WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == kExitUsage;
    if (launcher_.max_attempts == 1) return absl::AbortedError(absl::StrCat(jobs_[worker.job].name, ": ", why));
    if (called_wrongly || state.failures >= launcher_.max_attempts) {
      return absl::AbortedError(
          absl::StrCat(jobs_[worker.job].name, ": ", state.failures, " worker(s) failed at it, the last with ", why));
    }
    state.not_before =
        Clock::now() + Seconds(launcher_.backoff_seconds * static_cast<double>(1 << std::min(state.failures - 1, 10)));
    return absl::OkStatus();
  }

  const Launcher& launcher_;
  const std::string& log_dir_;
  const std::vector<Job>& jobs_;
  std::vector<std::string> environment_;
  std::vector<State> states_;  // By job.
  std::vector<bool> busy_;     // By slot.
  std::vector<Worker> workers_;
  std::vector<Clock::duration> durations_;
  size_t first_not_started_ = 0;
  int num_done_ = 0, num_failed_ = 0;
  Groups groups_;  // Ends what is running before the rest goes.
};

}  // namespace

absl::Status WorkerPool::Run(const std::vector<Job>& jobs, const std::function<absl::Status(int)>& job_done,
                             const std::function<void(const PoolProgress&)>& progress) {
  Pool pool(launcher_, log_dir_, jobs);
  return pool.Run(job_done, progress);
}

}  // namespace tfxm::distribution
