// SPDX-License-Identifier: Apache-2.0

#include "tfxm/rewriting/isolate.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <new>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "tfxm/rewriting/tflite_rewriter.h"
#include "tfxm/util/exit_status.h"
#include "tfxm/util/files/clean_up.h"
#include "tfxm/util/files/temporary.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"

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

// code, whether it is AnswerIsNo, length of the message, message, output.
struct Header {
  int32_t code;
  uint32_t answer_is_no;
  uint64_t message_size;
};

// The child has one pipe; where an allocation fails there is no way to hand it down.
int reply_fd = -1;

// No memory is left to make a message of; the code alone says it.
void OutOfMemory() {
  const Header header{static_cast<int32_t>(absl::StatusCode::kResourceExhausted), 0, 0};
  WriteAll(reply_fd, {reinterpret_cast<const char*>(&header), sizeof(header)});
  _exit(0);
}

// Bytes of data this process has now, as RLIMIT_DATA counts them.
int64_t DataBytes() {
  std::ifstream status("/proc/self/status");
  std::string word;
  while (status >> word) {
    if (int64_t kilobytes = 0; word == "VmData:" && status >> kilobytes) return kilobytes << 10;
  }
  return 0;
}

// Only in the child.
void PrepareChild(int fd, pid_t parent, int64_t memory_limit_bytes) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(1);
  reply_fd = fd;
  std::set_new_handler(OutOfMemory);
  if (memory_limit_bytes > 0) {
    const rlim_t bytes = DataBytes() + memory_limit_bytes;
    const rlimit limit{bytes, bytes};
    setrlimit(RLIMIT_DATA, &limit);
  }
}

// The last lines of a file.
std::string Tail(int fd) {
  constexpr off_t kBytes = 2000;
  const off_t size = lseek(fd, 0, SEEK_END);
  lseek(fd, std::max<off_t>(0, size - kBytes), SEEK_SET);
  std::string text = ReadAll(fd);
  if (size > kBytes) text.erase(0, text.find('\n') + 1);
  return text;
}

absl::Status NoMemory(absl::string_view what, int64_t memory_limit_bytes) {
  return absl::ResourceExhaustedError(absl::StrCat(
      what, " ran out of memory",
      memory_limit_bytes > 0 ? absl::StrFormat(" (its limit is %.0f MB)", memory_limit_bytes / 1e6) : std::string(),
      "; it needs several times the size of the model's weights: raise the limit, or convert on a larger machine"));
}

}  // namespace

absl::Status RunInChild(absl::string_view what, const std::function<absl::Status(std::string* output)>& work,
                        std::string* output, const ChildOptions& options) {
  output->clear();
  const int log_fd = options.quiet ? memfd_create("stderr", MFD_CLOEXEC) : -1;
  absl::Cleanup close_log = [&] {
    if (log_fd >= 0) close(log_fd);
  };
  int pipe_fds[2];
  if (pipe(pipe_fds) != 0) return absl::InternalError(absl::StrCat("pipe: ", std::strerror(errno)));
  std::fflush(nullptr);  // Or the child prints it again.
  const pid_t parent = getpid();
  const pid_t child = fork();
  if (child < 0) {
    const std::string error = std::strerror(errno);
    close(pipe_fds[0]);
    close(pipe_fds[1]);
    return absl::ResourceExhaustedError(absl::StrCat("no process for ", what, ": ", error));
  }
  if (child == 0) {
    close(pipe_fds[0]);
    if (log_fd >= 0) dup2(log_fd, STDERR_FILENO);
    PrepareChild(pipe_fds[1], parent, options.memory_limit_bytes);
    std::string text;
    const absl::Status status = work(&text);
    const Header header{static_cast<int32_t>(status.code()), ExitStatusOf(status) == kExitNo, status.message().size()};
    const bool written = WriteAll(pipe_fds[1], {reinterpret_cast<const char*>(&header), sizeof(header)}) &&
                         WriteAll(pipe_fds[1], status.message()) && WriteAll(pipe_fds[1], text);
    std::fflush(nullptr);
    _exit(written ? 0 : 1);  // Destructors belong to the parent.
  }
  close(pipe_fds[1]);
  std::string reply;
  int ended = 0;
  {
    CleanUp end_child([&] {
      kill(child, SIGKILL);
      waitpid(child, nullptr, 0);
      if (options.clean_up) options.clean_up();
    });
    reply = ReadAll(pipe_fds[0]);
    close(pipe_fds[0]);
    while (waitpid(child, &ended, 0) < 0 && errno == EINTR) {
    }
    end_child.Cancel();
  }
  Header header{};
  const bool replied = WIFEXITED(ended) && WEXITSTATUS(ended) == 0 && reply.size() >= sizeof(header);
  if (replied) std::memcpy(&header, reply.data(), sizeof(header));
  const absl::string_view rest = absl::string_view(reply).substr(replied ? sizeof(header) : reply.size());
  const bool no_memory =
      replied && header.code == static_cast<int32_t>(absl::StatusCode::kResourceExhausted) && header.message_size == 0;
  if (options.clean_up && (!replied || no_memory)) options.clean_up();
  if (no_memory) return NoMemory(what, options.memory_limit_bytes);
  const std::string printed =
      log_fd >= 0 ? absl::StrCat("; the last it printed:\n", Tail(log_fd)) : "; what it printed is above";
  if (WIFSIGNALED(ended)) {
    const int signal = WTERMSIG(ended);
    return absl::InternalError(absl::StrCat(what, " crashed: signal ", signal, " (", strsignal(signal), ")",
                                            signal == SIGKILL ? "; probably for want of memory" : "", printed));
  }
  if (!replied) {
    return absl::InternalError(absl::StrCat(what, " ended with exit status ", WEXITSTATUS(ended), printed));
  }
  *output = std::string(rest.substr(header.message_size));
  if (header.answer_is_no) return AnswerIsNo(rest.substr(0, header.message_size));
  return absl::Status(static_cast<absl::StatusCode>(header.code), rest.substr(0, header.message_size));
}

absl::Status RewriteInChild(absl::string_view src, absl::string_view dst, const RewriterOptions& options,
                            std::string* report, int64_t memory_limit_bytes, int report_width) {
  report->clear();
  // Before the work, so that it is not in vain.
  RETURN_IF_ERROR(CheckReplaceable(io::JoinPath(dst, options.filename), io::JoinPath(src, "saved_model.pb")));
  for (const auto& [copy, folder] :
       {std::pair{options.copy_assets, "assets"}, std::pair{options.copy_assets_extra, "assets.extra"}}) {
    const std::string from = io::JoinPath(src, folder);
    if (copy && io::IsDirectory(from)) RETURN_IF_ERROR(CheckReplaceable(io::JoinPath(dst, folder), from));
  }
  io::NewDirs output(dst);
  ChildOptions child_options{.memory_limit_bytes = memory_limit_bytes, .quiet = true};
  child_options.clean_up = [&] { io::RemoveAbandoned(dst, kRewritingDir); };
  const absl::Status status = RunInChild(
      absl::StrCat("the TFLite converter of ", src),
      [&](std::string* rendered) {
        TfliteRewriter rewriter(options);
        const absl::Status rewritten = RewriteKeepingSource(src, dst, rewriter, ModelType::kTfliteModel);
        *rendered = rewriter.report().Render(report_width);
        return rewritten;
      },
      report, child_options);
  if (status.ok()) output.Keep();
  return status;
}

}  // namespace tfxm
