// SPDX-License-Identifier: Apache-2.0

#include "tfxm/orchestration/executor/executor_process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "tfxm/orchestration/executor/executor_protocol.h"
#include "tfxm/util/io.h"
#include "tfxm/util/process/process.h"
#include "tfxm/util/status_macros.h"

namespace tfxm {
namespace {

constexpr size_t kLogLines = 12;

std::string LastLogLines(const std::string& path) {
  const FileDescriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  const std::string tail = file.get() >= 0 ? ReadTail(file.get(), 8192) : "";
  std::vector<std::string> lines = absl::StrSplit(absl::StripSuffix(tail, "\n"), '\n');
  if (lines.size() > kLogLines) lines.erase(lines.begin(), lines.end() - kLogLines);
  if (lines.size() == 1 && lines[0].empty()) return "";
  return absl::StrCat("\n  the log ends with:\n    ", absl::StrJoin(lines, "\n    "));
}

std::string Meaning(int signal) {
  switch (signal) {
    case SIGSEGV:
    case SIGBUS:
    case SIGILL:
    case SIGFPE: return "a bug in a module file or in native code";
    case SIGABRT: return "abort() was called: an assertion failed, or an exception was thrown on another thread";
    case SIGKILL:
      return "most likely the system ran out of memory (dmesg tells); use smaller batches or fewer nodes at a time";
    case SIGXCPU:
    case SIGXFSZ: return "a limit of this account (ulimit) was reached";
    default: return "someone else ended it";
  }
}

}  // namespace

std::string ExecutorLogPath(absl::string_view dir) { return io::JoinPath(dir, "executor.log"); }

absl::StatusOr<std::unique_ptr<ExecutorProcess>> ExecutorProcess::Start(const std::string& dir,
                                                                        const ExecutionRequest& request) {
  RETURN_IF_ERROR(io::RemoveAll(dir));
  RETURN_IF_ERROR(io::MakeDirs(dir));
  RETURN_IF_ERROR(WriteExecutionRequest(dir, request));
  const std::string log_path = ExecutorLogPath(dir);
  const FileDescriptor log(open(log_path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0644));
  if (log.get() < 0) return absl::ErrnoToStatus(errno, absl::StrCat("cannot write ", log_path));
  const FileDescriptor nothing(open("/dev/null", O_RDONLY | O_CLOEXEC));
  ASSIGN_OR_RETURN(Pipe progress, MakePipe());
  fcntl(progress.read.get(), F_SETFL, O_NONBLOCK);
  SpawnOptions options{.program = "/proc/self/exe"};
  options.files = {{STDIN_FILENO, nothing.get()},
                   {STDOUT_FILENO, log.get()},
                   {STDERR_FILENO, log.get()},
                   {kProgressFd, progress.write.get()}};
  options.own_group = true;  // Ctrl-C is the orchestrator's to handle, and the process's compilers end with it.
  ASSIGN_OR_RETURN(const pid_t pid,
                   Spawn({absl::StrCat("tfxm:", request.node_id), absl::StrCat(kExecutorFlag, dir)}, options));
  return std::unique_ptr<ExecutorProcess>(new ExecutorProcess(dir, pid, std::move(progress.read)));
}

ExecutorProcess::~ExecutorProcess() {
  if (!ended_) {
    Signal(SIGKILL);
    WaitFor(pid_);
  }
}

void ExecutorProcess::Signal(int signal) {
  if (!ended_) kill(-pid_, signal);
}

// True at the end of the pipe.
bool ExecutorProcess::ReadProgress(absl::FunctionRef<void(absl::string_view, double)> on_progress) {
  char buffer[4096];
  ssize_t n;
  while ((n = read(fd_.get(), buffer, sizeof(buffer))) > 0) unread_.append(buffer, n);
  const size_t end = unread_.rfind('\n');
  if (end != std::string::npos) {
    const absl::string_view lines = absl::string_view(unread_).substr(0, end);
    const absl::string_view line = lines.substr(lines.rfind('\n') + 1);
    const std::pair<absl::string_view, absl::string_view> parts = absl::StrSplit(line, absl::MaxSplits(' ', 1));
    double fraction = -1;
    if (absl::SimpleAtod(parts.first, &fraction)) on_progress(parts.second, fraction);
    unread_.erase(0, end + 1);
  }
  return n == 0;
}

bool ExecutorProcess::Poll(absl::FunctionRef<void(absl::string_view, double)> on_progress) {
  if (ended_) return true;
  const bool pipe_closed = fd_.get() >= 0 && ReadProgress(on_progress);
  pid_t waited = waitpid(pid_, &wait_status_, WNOHANG);
  // The pipe closes a moment before an ending process can be waited for. If it only closed the pipe, there is no more
  // to poll.
  for (int i = 0; pipe_closed && waited == 0 && i < 50; ++i) {
    usleep(1000);
    waited = waitpid(pid_, &wait_status_, WNOHANG);
  }
  if (waited != pid_) {
    if (pipe_closed) fd_.Close();
    return false;
  }
  ended_ = true;
  if (fd_.get() >= 0) ReadProgress(on_progress);
  kill(-pid_, SIGKILL);  // What it has started and left behind.
  return true;
}

absl::StatusOr<ArtifactDict> ExecutorProcess::Finish() {
  const bool exited = WIFEXITED(wait_status_);
  if (exited && WEXITSTATUS(wait_status_) == 0 && HasExecutionResult(dir_)) return ReadExecutionResult(dir_);
  const std::string log = LastLogLines(ExecutorLogPath(dir_));
  if (WIFSIGNALED(wait_status_)) {
    return absl::InternalError(absl::StrCat("its process was ended by ", DescribeExit(wait_status_), ": ",
                                            Meaning(WTERMSIG(wait_status_)), log));
  }
  const int code = WEXITSTATUS(wait_status_);
  if (code == kResultNotWritten)
    return absl::InternalError(absl::StrCat("its result could not be written: is the disk full?", log));
  return absl::InternalError(absl::StrCat("its process ended with ", DescribeExit(wait_status_),
                                          " before the executor was done: something in it called exit()", log));
}

}  // namespace tfxm
