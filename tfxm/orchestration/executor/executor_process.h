// SPDX-License-Identifier: Apache-2.0

// The process in which an executor runs: the same program again, with a hidden argument. Both ends of it are here.
//
// A program that runs pipelines begins with
//
//   int main(int argc, char** argv) {
//     int exit_code;
//     if (tfxm::MaybeRunExecutor(argc, argv, &exit_code)) return exit_code;
//     …
//   }
//
// and the orchestrator does
//
//   ASSIGN_OR_RETURN(auto process, ExecutorProcess::Start(dir, request));
//   while (!process->Poll(on_progress)) …   // poll() on process->fd()
//   absl::StatusOr<ArtifactDict> outputs = process->Finish();
//
// A process of its own means that an executor may crash, exit or be killed without harm to the run, that it starts with
// a clean state, and that the orchestrator never loads TensorFlow. The process dies with the orchestrator, however that
// ends. Not thread safe; Start must be called on a thread that outlives the process.
#ifndef TFXM_ORCHESTRATION_EXECUTOR_EXECUTOR_PROCESS_H_
#define TFXM_ORCHESTRATION_EXECUTOR_EXECUTOR_PROCESS_H_

#include <sys/types.h>

#include <memory>
#include <string>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tfxm/orchestration/executor/execution_files.h"
#include "tfxm/util/process/process.h"

namespace tfxm {

// True if this process was started to run an executor, or as a worker of an executor's pass (ExecutorContext::workers),
// and has done that: the program must end with *exit_code. Loads the plugin,
// makes the output folders, runs the executor (an exception that leaves it is an INTERNAL error), writes the result.
bool MaybeRunExecutor(int argc, char** argv, int* exit_code);

class ExecutorProcess {
 public:
  // `dir` gets the request, the result and executor.log, which takes the process's standard output and error.
  static absl::StatusOr<std::unique_ptr<ExecutorProcess>> Start(const std::string& dir,
                                                                const ExecutionRequest& request);
  // Kills the process if it is running.
  ~ExecutorProcess();

  // Readable when there is progress or the process has ended; for poll(). -1 if it only can be polled from time to
  // time.
  int fd() const { return fd_.get(); }
  // Reports what the process has said since the last call (each message's last wins). True once it has ended.
  bool Poll(absl::FunctionRef<void(absl::string_view message, double fraction)> on_progress);
  // To the process and those that it has started.
  void Signal(int signal);
  // REQUIRES: Poll has returned true. The outputs; or the executor's own error; or INTERNAL with how the process ended,
  // what that means and the last lines of its log.
  absl::StatusOr<ArtifactDict> Finish();

 private:
  ExecutorProcess(std::string dir, pid_t pid, FileDescriptor fd)
      : dir_(std::move(dir)), pid_(pid), fd_(std::move(fd)) {}
  bool ReadProgress(absl::FunctionRef<void(absl::string_view, double)> on_progress);
  std::string dir_;
  pid_t pid_;
  FileDescriptor fd_;
  bool ended_ = false;
  int wait_status_ = 0;
  std::string unread_;
};

// The log of the execution in `dir`.
std::string ExecutorLogPath(absl::string_view dir);

}  // namespace tfxm

#endif  // TFXM_ORCHESTRATION_EXECUTOR_EXECUTOR_PROCESS_H_
