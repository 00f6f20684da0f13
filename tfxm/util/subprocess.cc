// SPDX-License-Identifier: Apache-2.0

#include "tfxm/util/subprocess.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace tfxm {

absl::StatusOr<SubprocessResult> RunSubprocess(const std::vector<std::string>& argv,
                                               const std::vector<std::string>& environment) {
  std::vector<char*> arguments, variables;
  for (const std::string& argument : argv) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  for (const std::string& variable : environment) variables.push_back(const_cast<char*>(variable.c_str()));
  for (char** own = environ; *own != nullptr; ++own) {
    const absl::string_view name = absl::string_view(*own).substr(0, absl::string_view(*own).find('=') + 1);
    if (std::none_of(environment.begin(), environment.end(),
                     [&](const std::string& variable) { return absl::StartsWith(variable, name); })) {
      variables.push_back(*own);
    }
  }
  variables.push_back(nullptr);
  int output[2], failure[2];  // The second is closed by a successful exec, or tells its errno.
  if (pipe2(output, O_CLOEXEC) != 0) return absl::ErrnoToStatus(errno, "cannot make a pipe");
  if (pipe2(failure, O_CLOEXEC) != 0) {
    close(output[0]), close(output[1]);
    return absl::ErrnoToStatus(errno, "cannot make a pipe");
  }
  const pid_t parent = getpid();
  const pid_t child = fork();
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    sigset_t none;  // What HandleInterrupts blocks here is for the program to decide.
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    if (getppid() == parent) {
      dup2(output[1], STDOUT_FILENO);
      dup2(output[1], STDERR_FILENO);
      execvpe(arguments[0], arguments.data(), variables.data());
    }
    const int error = errno;
    [[maybe_unused]] const ssize_t written = write(failure[1], &error, sizeof(error));
    _exit(127);
  }
  const int fork_error = errno;
  close(output[1]), close(failure[1]);
  SubprocessResult result;
  int exec_error = 0, wait_status = 0;
  if (child > 0) {
    char buffer[4096];
    ssize_t n;
    while ((n = read(output[0], buffer, sizeof(buffer))) > 0 || (n < 0 && errno == EINTR)) {
      if (n > 0) result.output.append(buffer, static_cast<size_t>(n));
    }
    if (read(failure[0], &exec_error, sizeof(exec_error)) != sizeof(exec_error)) exec_error = 0;
    while (waitpid(child, &wait_status, 0) < 0 && errno == EINTR) {
    }
  }
  close(output[0]), close(failure[0]);
  if (child < 0) return absl::ErrnoToStatus(fork_error, absl::StrCat("cannot start ", argv[0]));
  if (exec_error != 0) return absl::ErrnoToStatus(exec_error, absl::StrCat("cannot start ", argv[0]));
  result.exit_code = WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
  return result;
}

}  // namespace tfxm
