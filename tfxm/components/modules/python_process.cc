// SPDX-License-Identifier: Apache-2.0

#include "tfxm/components/modules/python_process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace tfxm {
namespace {

constexpr size_t kMaxLine = 64 << 20;  // Of a traceback or a report. A child that writes no line end is cut off.

struct Pipe {
  int ends[2] = {-1, -1};
  ~Pipe() {
    CloseEnd(0);
    CloseEnd(1);
  }
  bool Make() { return pipe2(ends, O_CLOEXEC) == 0; }
  // Writing to one that nobody reads is no signal here (MSG_NOSIGNAL), as it would be with a pipe.
  bool MakeSocket() { return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0; }
  void CloseEnd(int i) {
    if (ends[i] >= 0) close(ends[i]);
    ends[i] = -1;
  }
};

// This process's environment with some of it replaced; the pointers are into both.
std::vector<char*> Environment(const std::vector<std::string>& environment) {
  std::vector<char*> variables;
  for (const std::string& variable : environment) variables.push_back(const_cast<char*>(variable.c_str()));
  for (char** own = environ; *own != nullptr; ++own) {
    const absl::string_view name = absl::string_view(*own).substr(0, absl::string_view(*own).find('=') + 1);
    if (std::none_of(environment.begin(), environment.end(),
                     [&](const std::string& variable) { return absl::StartsWith(variable, name); })) {
      variables.push_back(*own);
    }
  }
  variables.push_back(nullptr);
  return variables;
}

// A child that reads nothing must not block this process for ever: what does not fit is written when it has read.
class Writer {
 public:
  explicit Writer(int socket) : socket_(socket) {}
  void Add(absl::string_view text) { pending_.append(text); }
  bool wants_to_write() const { return !pending_.empty(); }
  void Write() {
    const ssize_t n = send(socket_, pending_.data(), pending_.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n > 0) pending_.erase(0, n);
    if (n < 0 && errno != EAGAIN && errno != EINTR) pending_.clear();  // Nobody reads any more.
  }

 private:
  const int socket_;
  std::string pending_;
};

// Between fork and exec: only async-signal-safe calls. Never returns.
[[noreturn]] void Become(pid_t parent, const Pipe& to_child, const Pipe& from_child, const Pipe& failure, char** argv,
                         char** environment) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  sigset_t none;  // What HandleInterrupts blocks here is for the program to decide.
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  signal(SIGPIPE, SIG_DFL);
  if (getppid() != parent) _exit(127);  // It died before the first line.
  // Past the targets, so that dup2 overwrites none of them.
  const int out = fcntl(from_child.ends[1], F_DUPFD_CLOEXEC, 10);
  const int in = fcntl(to_child.ends[0], F_DUPFD_CLOEXEC, 10);
  const int tell = fcntl(failure.ends[1], F_DUPFD_CLOEXEC, 10);
  const int null = open("/dev/null", O_RDONLY);
  dup2(null, STDIN_FILENO);
  dup2(out, kLinesToEngineFd);
  dup2(in, kLinesFromEngineFd);
  execvpe(argv[0], argv, environment);
  const int error = errno;
  [[maybe_unused]] const ssize_t written = write(tell, &error, sizeof(error));
  _exit(127);
}

}  // namespace

absl::StatusOr<int> TalkToProcess(const std::vector<std::string>& argv, const std::vector<std::string>& environment,
                                  absl::string_view input,
                                  const std::function<std::string(absl::string_view line)>& on_line) {
  std::vector<char*> arguments;
  for (const std::string& argument : argv) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  std::vector<char*> variables = Environment(environment);
  Pipe to_child, from_child, failure;  // The last is closed by a successful exec, or tells its errno.
  if (!to_child.MakeSocket() || !from_child.Make() || !failure.Make()) {
    return absl::ErrnoToStatus(errno, "cannot make a pipe");
  }
  const pid_t parent = getpid();
  const pid_t child = fork();
  if (child == 0) Become(parent, to_child, from_child, failure, arguments.data(), variables.data());
  const int fork_error = errno;
  to_child.CloseEnd(0);
  from_child.CloseEnd(1);
  failure.CloseEnd(1);
  if (child < 0) return absl::ErrnoToStatus(fork_error, absl::StrCat("cannot start ", argv[0]));
  fcntl(from_child.ends[0], F_SETFL, O_NONBLOCK);
  Writer writer(to_child.ends[1]);
  writer.Add(input);
  std::string unread;
  bool open = true, ended = false;
  int wait_status = 0;
  while (true) {
    // What the child wrote before it ended is still in the pipe: one more reading after the end.
    char buffer[65536];
    ssize_t n = 0;
    while (open && ((n = read(from_child.ends[0], buffer, sizeof(buffer))) > 0 || (n < 0 && errno == EINTR))) {
      if (n > 0 && unread.size() < kMaxLine) unread.append(buffer, n);
      size_t begin = 0;
      for (size_t end; (end = unread.find('\n', begin)) != std::string::npos; begin = end + 1) {
        writer.Add(on_line(absl::string_view(unread).substr(begin, end - begin)));
      }
      unread.erase(0, begin);
    }
    if (n == 0) open = false;
    if (ended) break;
    if (writer.wants_to_write()) writer.Write();
    const pid_t waited = waitpid(child, &wait_status, WNOHANG);
    if (waited == child || (waited < 0 && errno != EINTR)) {
      ended = true;
      continue;
    }
    pollfd fds[2] = {{.fd = open ? from_child.ends[0] : -1, .events = POLLIN, .revents = 0},
                     {.fd = writer.wants_to_write() ? to_child.ends[1] : -1, .events = POLLOUT, .revents = 0}};
    poll(fds, 2, open ? 20 : 2);  // Milliseconds until the next look whether it has ended.
  }
  int exec_error = 0;
  if (read(failure.ends[0], &exec_error, sizeof(exec_error)) == sizeof(exec_error)) {
    return absl::ErrnoToStatus(exec_error, absl::StrCat("cannot start ", argv[0]));
  }
  return wait_status;
}

}  // namespace tfxm
