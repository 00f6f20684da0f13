// SPDX-License-Identifier: Apache-2.0

#include "tfxm/components/modules/python_process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "absl/status/status.h"
#include "tfxm/util/process/process.h"
#include "tfxm/util/status_macros.h"

namespace tfxm {
namespace {

constexpr size_t kMaxLine = 64 << 20;  // Of a traceback or a report. A child that writes no line end is cut off.

// Both ends of a way to the child. Writing to one that nobody reads is no signal here (MSG_NOSIGNAL), as it would be
// with a pipe.
absl::StatusOr<Pipe> MakeSockets() {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
    return absl::ErrnoToStatus(errno, "cannot make a socket");
  }
  return Pipe{FileDescriptor(ends[0]), FileDescriptor(ends[1])};
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

// What a child writes, line by line.
class Reader {
 public:
  using OnLine = std::function<std::string(absl::string_view line)>;
  Reader(int pipe, const OnLine& on_line) : pipe_(pipe), on_line_(on_line) { fcntl(pipe, F_SETFL, O_NONBLOCK); }
  bool is_open() const { return open_; }
  // What there is now; answers go to `writer`.
  void Read(Writer* writer) {
    char buffer[65536];
    ssize_t n = 0;
    while (open_ && ((n = read(pipe_, buffer, sizeof(buffer))) > 0 || (n < 0 && errno == EINTR))) {
      if (n > 0 && unread_.size() < kMaxLine) unread_.append(buffer, n);
      size_t begin = 0;
      for (size_t end; (end = unread_.find('\n', begin)) != std::string::npos; begin = end + 1) {
        writer->Add(on_line_(absl::string_view(unread_).substr(begin, end - begin)));
      }
      unread_.erase(0, begin);
    }
    if (n == 0) open_ = false;
  }

 private:
  const int pipe_;
  const OnLine& on_line_;
  std::string unread_;
  bool open_ = true;
};

}  // namespace

absl::StatusOr<int> TalkToProcess(const std::vector<std::string>& argv, const std::vector<std::string>& environment,
                                  absl::string_view input,
                                  const std::function<std::string(absl::string_view line)>& on_line) {
  ASSIGN_OR_RETURN(Pipe to_child, MakeSockets());
  ASSIGN_OR_RETURN(Pipe from_child, MakePipe());
  const FileDescriptor null(open("/dev/null", O_RDONLY | O_CLOEXEC));
  ASSIGN_OR_RETURN(const pid_t child, Spawn(argv, {.environment = environment,
                                                   .files = {{STDIN_FILENO, null.get()},
                                                             {kLinesToEngineFd, from_child.write.get()},
                                                             {kLinesFromEngineFd, to_child.read.get()}}}));
  to_child.read.Close();
  from_child.write.Close();
  Writer writer(to_child.write.get());
  writer.Add(input);
  Reader reader(from_child.read.get(), on_line);
  bool ended = false;
  int wait_status = 0;
  while (true) {
    // What the child wrote before it ended is still in the pipe: one more reading after the end.
    reader.Read(&writer);
    if (ended) return wait_status;
    if (writer.wants_to_write()) writer.Write();
    const pid_t waited = waitpid(child, &wait_status, WNOHANG);
    if (waited == child || (waited < 0 && errno != EINTR)) {
      ended = true;
      continue;
    }
    pollfd fds[2] = {{.fd = reader.is_open() ? from_child.read.get() : -1, .events = POLLIN, .revents = 0},
                     {.fd = writer.wants_to_write() ? to_child.write.get() : -1, .events = POLLOUT, .revents = 0}};
    poll(fds, 2, reader.is_open() ? 20 : 2);  // Milliseconds until the next look whether it has ended.
  }
}

}  // namespace tfxm
