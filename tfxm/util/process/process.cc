// SPDX-License-Identifier: Apache-2.0

#include "tfxm/util/process/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "tfxm/util/status_macros.h"

namespace tfxm {
namespace {

constexpr int kExecFailed = 127;
// Files are moved past the numbers they are to have in the child before any of them gets its own.
constexpr int kFirstSpareFile = 64;

// In the child: true unless this process's parent has ended before the child could ask to die with it.
bool DieWith(pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  return getppid() == parent;
}

// Null-terminated, as exec takes it.
std::vector<char*> Pointers(const std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  for (const std::string& string : strings) pointers.push_back(const_cast<char*>(string.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

std::vector<char*> Environment(const std::vector<std::string>& changes) {
  std::vector<char*> variables = Pointers(changes);
  variables.pop_back();
  for (char** own = environ; *own != nullptr; ++own) {
    const absl::string_view name = absl::string_view(*own).substr(0, absl::string_view(*own).find('=') + 1);
    if (std::none_of(changes.begin(), changes.end(),
                     [&](const std::string& change) { return absl::StartsWith(change, name); })) {
      variables.push_back(*own);
    }
  }
  variables.push_back(nullptr);
  return variables;
}

// What a child does between fork and exec: only calls that are safe in a copy of a process with threads.
struct Exec {
  const char* program;
  char* const* arguments;
  char* const* variables;
  std::vector<std::pair<int, int>> files;  // As in SpawnOptions; the second is changed.
  bool own_group;
  int failure;  // Closed by a successful exec, or gets its errno.

  [[noreturn]] void Run(pid_t parent) {
    if (own_group) setpgid(0, 0);
    if (!DieWith(parent)) _exit(kExecFailed);
    sigset_t none;  // What this process blocks (HandleInterrupts) is for the program to decide.
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    signal(SIGPIPE, SIG_DFL);
    failure = fcntl(failure, F_DUPFD_CLOEXEC, kFirstSpareFile);
    for (auto& [number, file] : files) file = fcntl(file, F_DUPFD_CLOEXEC, kFirstSpareFile);
    for (auto& [number, file] : files) dup2(file, number);
    execvpe(program, arguments, variables);
    const int error = errno;
    [[maybe_unused]] const ssize_t written = write(failure, &error, sizeof(error));
    _exit(kExecFailed);
  }
};

}  // namespace

absl::StatusOr<Pipe> MakePipe() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return absl::ErrnoToStatus(errno, "cannot make a pipe");
  return Pipe{FileDescriptor(ends[0]), FileDescriptor(ends[1])};
}

absl::StatusOr<pid_t> Spawn(const std::vector<std::string>& argv, const SpawnOptions& options) {
  ASSIGN_OR_RETURN(Pipe failure, MakePipe());
  const std::vector<char*> arguments = Pointers(argv), variables = Environment(options.environment);
  const std::string& program = options.program.empty() ? argv[0] : options.program;
  Exec exec{program.c_str(),   arguments.data(),   variables.data(), {options.files.begin(), options.files.end()},
            options.own_group, failure.write.get()};
  const pid_t parent = getpid(), child = fork();
  if (child == 0) exec.Run(parent);
  if (child < 0) return absl::ErrnoToStatus(errno, absl::StrCat("cannot start ", argv[0]));
  if (options.own_group) setpgid(child, child);  // In both processes, so that it is done whoever is first.
  failure.write.Close();
  int error = 0;
  const std::string errno_bytes = ReadAll(failure.read.get());
  if (errno_bytes.size() != sizeof(error)) return child;
  WaitFor(child);
  memcpy(&error, errno_bytes.data(), sizeof(error));
  return absl::ErrnoToStatus(error, absl::StrCat("cannot start ", argv[0]));
}

absl::StatusOr<pid_t> Fork(absl::FunctionRef<int()> child) {
  const pid_t parent = getpid(), pid = fork();
  if (pid == 0) _exit(DieWith(parent) ? child() : kExecFailed);
  if (pid < 0) return absl::ErrnoToStatus(errno, "cannot start a process");
  return pid;
}

bool DieWithParentOfEnvironment() {
  const char* const named = getenv("TFXM_PARENT");
  if (named == nullptr) return true;
  pid_t parent = 0;
  const bool alive = absl::SimpleAtoi(named, &parent) && DieWith(parent);
  unsetenv("TFXM_PARENT");
  return alive;
}

int WaitFor(pid_t pid) {
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

std::string DescribeExit(int wait_status) {
  if (!WIFSIGNALED(wait_status)) return absl::StrCat("exit status ", WEXITSTATUS(wait_status));
  const int signal = WTERMSIG(wait_status);
  const char* name = sigabbrev_np(signal);
  return absl::StrCat("signal ", signal, " (", name == nullptr ? "" : absl::StrCat("SIG", name, ", "),
                      strsignal(signal), ")");
}

std::string ReadAll(int fd) {
  std::string all;
  char block[1 << 16];
  ssize_t n;
  while ((n = read(fd, block, sizeof(block))) > 0 || (n < 0 && errno == EINTR)) {
    if (n > 0) all.append(block, static_cast<size_t>(n));
  }
  return all;
}

std::string ReadTail(int fd, int64_t most_bytes) {
  const int64_t size = lseek(fd, 0, SEEK_END);
  lseek(fd, std::max<int64_t>(0, size - most_bytes), SEEK_SET);
  std::string tail = ReadAll(fd);
  if (size > most_bytes) tail.erase(0, tail.find('\n') + 1);
  return tail;
}

bool WriteAll(int fd, absl::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    bytes.remove_prefix(n);
  }
  return true;
}

}  // namespace tfxm
