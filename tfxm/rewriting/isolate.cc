#include "tfxm/rewriting/isolate.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "tfxm/rewriting/tflite_rewriter.h"

namespace tfxm {
namespace {

bool WriteAll(int fd, absl::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    bytes.remove_prefix(n);
  }
  return true;
}

std::string ReadAll(int fd) {
  std::string out;
  char block[65536];
  while (true) {
    const ssize_t n = read(fd, block, sizeof(block));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return out;
    out.append(block, n);
  }
}

// code, length of the message, message, output.
struct Header {
  int32_t code;
  uint32_t message_size;
};

}  // namespace

absl::Status RunInChild(absl::string_view what, const std::function<absl::Status(std::string* output)>& work,
                        std::string* output) {
  int pipe_fds[2];
  if (pipe(pipe_fds) != 0) return absl::InternalError(absl::StrCat("pipe: ", std::strerror(errno)));
  std::fflush(nullptr);  // Or the child prints it again.
  const pid_t child = fork();
  if (child < 0) {
    const std::string error = std::strerror(errno);
    close(pipe_fds[0]);
    close(pipe_fds[1]);
    return absl::ResourceExhaustedError(absl::StrCat("no process for ", what, ": ", error));
  }
  if (child == 0) {
    close(pipe_fds[0]);
    std::string text;
    const absl::Status status = work(&text);
    const Header header{static_cast<int32_t>(status.code()), static_cast<uint32_t>(status.message().size())};
    const bool written = WriteAll(pipe_fds[1], {reinterpret_cast<const char*>(&header), sizeof(header)}) &&
                         WriteAll(pipe_fds[1], status.message()) && WriteAll(pipe_fds[1], text);
    std::fflush(nullptr);
    _exit(written ? 0 : 1);  // Destructors belong to the parent.
  }
  close(pipe_fds[1]);
  const std::string reply = ReadAll(pipe_fds[0]);
  close(pipe_fds[0]);
  int ended = 0;
  while (waitpid(child, &ended, 0) < 0 && errno == EINTR) {
  }
  if (WIFSIGNALED(ended)) {
    return absl::InternalError(
        absl::StrCat(what, " crashed: signal ", WTERMSIG(ended), " (", strsignal(WTERMSIG(ended)), ")",
                     WTERMSIG(ended) == SIGKILL ? "; probably for want of memory" : "", "; what it printed is above"));
  }
  Header header;
  if (WEXITSTATUS(ended) != 0 || reply.size() < sizeof(header)) {
    return absl::InternalError(
        absl::StrCat(what, " ended with exit status ", WEXITSTATUS(ended), "; what it printed is above"));
  }
  std::memcpy(&header, reply.data(), sizeof(header));
  const absl::string_view rest = absl::string_view(reply).substr(sizeof(header));
  *output = std::string(rest.substr(header.message_size));
  return absl::Status(static_cast<absl::StatusCode>(header.code), rest.substr(0, header.message_size));
}

absl::Status RewriteInChild(absl::string_view src, absl::string_view dst, const RewriterOptions& options,
                            std::string* report) {
  return RunInChild(
      "the TFLite converter",
      [&](std::string* output) {
        TfliteRewriter rewriter(options);
        const absl::Status status = RewriteSavedModel(src, dst, rewriter, ModelType::kTfliteModel);
        *output = rewriter.report().Render();
        return status;
      },
      report);
}

}  // namespace tfxm
