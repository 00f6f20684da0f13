// SPDX-License-Identifier: Apache-2.0

#include "tfxm/orchestration/executor/executor_process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "tfxm/orchestration/executor/executor_protocol.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"

namespace tfxm {
namespace {

constexpr size_t kLogLines = 12;

absl::Status SystemError(absl::string_view what) {
  return absl::InternalError(absl::StrCat(what, ": ", std::strerror(errno)));
}

// Between fork and exec: only async-signal-safe calls. Never returns.
[[noreturn]] void BecomeExecutor(pid_t parent, int null_fd, int log_fd, int progress_fd, char* const* argv) {
  setpgid(0, 0);  // A group of its own: Ctrl-C is the orchestrator's to handle, and its compilers die with it.
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(127);  // It died before the line above.
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  signal(SIGPIPE, SIG_DFL);
  // Past the three standard ones and the target, so that dup2 overwrites none of them.
  const int progress = fcntl(progress_fd, F_DUPFD, 10);
  dup2(null_fd, STDIN_FILENO);
  dup2(log_fd, STDOUT_FILENO);
  dup2(log_fd, STDERR_FILENO);
  dup2(progress, kProgressFd);
  close(progress);
  execv("/proc/self/exe", argv);
  _exit(127);
}

std::string LastLogLines(const std::string& path) {
  std::string tail;
  if (const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC); fd >= 0) {
    const off_t size = lseek(fd, 0, SEEK_END);
    const off_t begin = std::max<off_t>(0, size - 8192);
    tail.resize(size - begin);
    const ssize_t n = pread(fd, tail.data(), tail.size(), begin);
    tail.resize(std::max<ssize_t>(n, 0));
    close(fd);
  }
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
  const int log_fd = open(log_path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0644);
  if (log_fd < 0) return SystemError(absl::StrCat("cannot write ", log_path));
  const int null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
  int progress[2];
  if (pipe2(progress, O_CLOEXEC) != 0) {
    close(log_fd);
    close(null_fd);
    return SystemError("cannot make a pipe");
  }
  fcntl(progress[0], F_SETFL, O_NONBLOCK);

  std::string name = absl::StrCat("tfxm:", request.node_id), flag = absl::StrCat(kExecutorFlag, dir);
  char* const argv[] = {name.data(), flag.data(), nullptr};
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid == 0) BecomeExecutor(parent, null_fd, log_fd, progress[1], argv);
  const int fork_error = errno;
  close(log_fd);
  close(null_fd);
  close(progress[1]);
  if (pid < 0) {
    close(progress[0]);
    errno = fork_error;
    return SystemError(absl::StrCat("cannot start a process for ", request.node_id));
  }
  setpgid(pid, pid);  // In both processes, so that it is done whoever is first.
  return std::unique_ptr<ExecutorProcess>(new ExecutorProcess(dir, pid, progress[0]));
}

ExecutorProcess::~ExecutorProcess() {
  if (!ended_) {
    Signal(SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  if (fd_ >= 0) close(fd_);
}

void ExecutorProcess::Signal(int signal) {
  if (!ended_) kill(-pid_, signal);
}

// True at the end of the pipe.
bool ExecutorProcess::ReadProgress(absl::FunctionRef<void(absl::string_view, double)> on_progress) {
  char buffer[4096];
  ssize_t n;
  while ((n = read(fd_, buffer, sizeof(buffer))) > 0) unread_.append(buffer, n);
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
  const bool pipe_closed = fd_ >= 0 && ReadProgress(on_progress);
  pid_t waited = waitpid(pid_, &wait_status_, WNOHANG);
  // The pipe closes a moment before an ending process can be waited for. If it only closed the pipe, there is no more
  // to poll.
  for (int i = 0; pipe_closed && waited == 0 && i < 50; ++i) {
    usleep(1000);
    waited = waitpid(pid_, &wait_status_, WNOHANG);
  }
  if (waited != pid_) {
    if (pipe_closed) close(std::exchange(fd_, -1));
    return false;
  }
  ended_ = true;
  if (fd_ >= 0) ReadProgress(on_progress);
  kill(-pid_, SIGKILL);  // What it has started and left behind.
  return true;
}

absl::StatusOr<ArtifactDict> ExecutorProcess::Finish() {
  const bool exited = WIFEXITED(wait_status_);
  if (exited && WEXITSTATUS(wait_status_) == 0 && HasExecutionResult(dir_)) return ReadExecutionResult(dir_);
  const std::string log = LastLogLines(ExecutorLogPath(dir_));
  if (WIFSIGNALED(wait_status_)) {
    const int signal = WTERMSIG(wait_status_);
    return absl::InternalError(absl::StrCat("its process was ended by signal ", signal, " (SIG", sigabbrev_np(signal),
                                            ", ", strsignal(signal), "): ", Meaning(signal), log));
  }
  const int code = WEXITSTATUS(wait_status_);
  if (code == kResultNotWritten)
    return absl::InternalError(absl::StrCat("its result could not be written: is the disk full?", log));
  if (code == 127 && log.empty()) return absl::InternalError("its process could not be started");
  return absl::InternalError(absl::StrCat("its process ended with exit status ", code,
                                          " before the executor was done: something in it called exit()", log));
}

}  // namespace tfxm
