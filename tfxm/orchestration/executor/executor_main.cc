// SPDX-License-Identifier: Apache-2.0

// The child's end of executor_process.h.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "tfxm/components/pass_step.h"
#include "tfxm/compute/pass.h"
#include "tfxm/orchestration/cache/cached_outputs.h"
#include "tfxm/orchestration/executor/executor_process.h"
#include "tfxm/orchestration/executor/executor_protocol.h"
#include "tfxm/orchestration/executor/run_executor.h"
#include "tfxm/util/exit_status.h"
#include "tfxm/util/files/clean_up.h"
#include "tfxm/util/files/file_hashes.h"
#include "tfxm/util/flags.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"
#include "tfxm/util/text/text.h"

namespace tfxm {
namespace {

// Writes lines of progress into the pipe, at most 20 a second, the last one always. A full pipe or none loses messages,
// never time.
class ProgressWriter {
 public:
  ProgressWriter() {
    struct stat info;
    connected_ = fstat(kProgressFd, &info) == 0 && S_ISFIFO(info.st_mode);
    if (!connected_) return;
    fcntl(kProgressFd, F_SETFD, FD_CLOEXEC);  // Programs that the executor starts must not hold the pipe open.
    fcntl(kProgressFd, F_SETFL, fcntl(kProgressFd, F_GETFL) | O_NONBLOCK);
  }

  void Report(absl::string_view message, double fraction) {
    std::lock_guard<std::mutex> lock(mutex_);
    pending_ = absl::StrFormat("%.4f %s", fraction, message.substr(0, 2000));
    for (char& c : pending_) {
      if (c == '\n' || c == '\r') c = ' ';
    }
    const auto now = std::chrono::steady_clock::now();
    if (now - last_ < std::chrono::milliseconds(50)) return;
    last_ = now;
    Write();
  }

  void Flush() {
    std::lock_guard<std::mutex> lock(mutex_);
    Write();
  }

 private:
  void Write() {
    if (!connected_ || pending_.empty()) return;
    pending_ += '\n';
    if (write(kProgressFd, pending_.data(), pending_.size()) >= 0) pending_.clear();
  }

  std::mutex mutex_;
  bool connected_ = false;
  std::string pending_;
  std::chrono::steady_clock::time_point last_{};
};

// Which files the artifacts consist of, for the cache and for `tfxm verify`.
absl::Status RecordFiles(ArtifactDict* outputs) {
  FileHashes hashes;
  for (auto& [key, artifacts] : *outputs) {
    for (Artifact& artifact : artifacts) RETURN_IF_ERROR(RecordFiles(&artifact, &hashes));
  }
  return absl::OkStatus();
}

// As `tfxm pass map`, in the program of any pipeline.
int WorkerMain(const std::vector<std::string>& arguments) {
  HandleInterrupts();
  int64_t shard = -1;
  std::string output;
  Flags flags("", "");
  flags.Add("shard", &shard, "I", "").AtLeast(0);
  flags.Add("output", &output, "PART", "").Required();
  flags.TakeArguments(1, 1, "give the plan");
  const auto run = [&]() -> absl::Status {
    RETURN_IF_ERROR(flags.Parse(arguments));
    RETURN_IF_ERROR(compute::CheckNumThreads());
    try {
      return MapShardOfPlan(flags.positional()[0], shard, output);
    } catch (const std::exception& e) {  // Of custom metrics.
      return absl::InternalError(absl::StrCat("an exception left the worker: ", e.what()));
    }
  };
  const absl::Status status = run();
  if (!status.ok()) std::fprintf(stderr, "%s\n", PrintableLines(status.message()).c_str());
  return ExitStatusOf(status);
}

int ExecutorMain(const std::string& dir) {
  // What the orchestrator does not know of ends with this process: workers, which are process groups of their own, and
  // what is being made outside the execution's folder (a module that is being compiled).
  HandleInterrupts();
  absl::StatusOr<ExecutionRequest> request = ReadExecutionRequest(dir);
  if (!request.ok()) {
    std::fprintf(stderr, "%s\n", request.status().ToString().c_str());
    return 1;
  }
  ProgressWriter progress;
  ArtifactDict outputs = request->outputs;
  absl::Status status = RunExecutor(
      *request, [&](absl::string_view message, double fraction) { progress.Report(message, fraction); }, &outputs);
  if (status.ok()) status = RecordFiles(&outputs);
  progress.Flush();
  if (!status.ok()) {
    std::fprintf(stderr, "%s\n", status.ToString().c_str());
    // What the executor left goes now: on a full disk it takes the place that its error needs.
    for (const auto& [key, artifacts] : request->outputs) {
      for (const Artifact& artifact : artifacts) io::RemoveAll(artifact.uri).IgnoreError();
    }
    io::RemoveAll(request->tmp_dir).IgnoreError();
  }
  const absl::Status written = WriteExecutionResult(dir, status, outputs);
  if (!written.ok()) std::fprintf(stderr, "%s\n", written.ToString().c_str());
  return written.ok() ? 0 : kResultNotWritten;
}

}  // namespace

bool MaybeRunExecutor(int argc, char** argv, int* exit_code) {
  if (argc > 1 && absl::string_view(argv[1]) == kPassMapFlag) {
    *exit_code = WorkerMain({argv + 2, argv + argc});
    std::fflush(nullptr);
    _exit(*exit_code);
  }
  if (argc != 2) return false;
  absl::string_view dir = argv[1];
  if (!absl::ConsumePrefix(&dir, kExecutorFlag)) return false;
  *exit_code = ExecutorMain(std::string(dir));
  // The work is done and written down: what the destructors of big libraries do now could only take time or go wrong.
  std::fflush(nullptr);
  _exit(*exit_code);
}

}  // namespace tfxm
