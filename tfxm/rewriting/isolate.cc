// SPDX-License-Identifier: Apache-2.0

#include "tfxm/rewriting/isolate.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <new>
#include <system_error>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "tfxm/rewriting/tflite_rewriter.h"
#include "tfxm/saved_model/saved_model_files.h"
#include "tfxm/util/exit_status.h"
#include "tfxm/util/files/clean_up.h"
#include "tfxm/util/files/temporary.h"
#include "tfxm/util/io.h"
#include "tfxm/util/process/process.h"
#include "tfxm/util/status_macros.h"

namespace tfxm {
namespace {

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
void PrepareChild(int fd, int64_t memory_limit_bytes) {
  reply_fd = fd;
  std::set_new_handler(OutOfMemory);
  if (memory_limit_bytes > 0) {
    const rlim_t bytes = DataBytes() + memory_limit_bytes;
    const rlimit limit{bytes, bytes};
    setrlimit(RLIMIT_DATA, &limit);
  }
}

absl::Status NoMemory(absl::string_view what, int64_t memory_limit_bytes) {
  return absl::ResourceExhaustedError(absl::StrCat(
      what, " ran out of memory",
      memory_limit_bytes > 0 ? absl::StrFormat(" (its limit, --memory_limit, is %.0f MB)", memory_limit_bytes / 1e6)
                             : std::string(),
      "; it needs some 200 MB and several times the size of the model's weights: ",
      memory_limit_bytes > 0 ? "raise the limit, or convert on a larger machine" : "convert on a larger machine"));
}

// What TensorFlow, the C++ library and the system say where there is no memory, or no thread for want of it.
bool TellsOfNoMemory(absl::string_view text) {
  for (const char* words : {"OOM when allocating", "bad_alloc", "out of memory", "Cannot allocate memory",
                            "pthread_create", "Resource temporarily unavailable"}) {
    if (absl::StrContains(text, words)) return true;
  }
  return false;
}

}  // namespace

absl::Status RunInChild(absl::string_view what, const std::function<absl::Status(std::string* output)>& work,
                        std::string* output, const ChildOptions& options) {
  output->clear();
  const FileDescriptor log(options.quiet ? memfd_create("stderr", MFD_CLOEXEC) : -1);
  ASSIGN_OR_RETURN(Pipe pipe, MakePipe());
  std::fflush(nullptr);  // Or the child prints it again.
  const absl::StatusOr<pid_t> forked = Fork([&] {
    pipe.read.Close();
    if (log.get() >= 0) dup2(log.get(), STDERR_FILENO);
    const int fd = pipe.write.get();
    PrepareChild(fd, options.memory_limit_bytes);
    std::string text;
    const absl::Status status = work(&text);
    const Header header{static_cast<int32_t>(status.code()), ExitStatusOf(status) == kExitNo, status.message().size()};
    const bool written = WriteAll(fd, {reinterpret_cast<const char*>(&header), sizeof(header)}) &&
                         WriteAll(fd, status.message()) && WriteAll(fd, text);
    std::fflush(nullptr);
    return written ? 0 : 1;
  });
  if (!forked.ok()) {
    return absl::ResourceExhaustedError(absl::StrCat("no process for ", what, ": ", forked.status().message()));
  }
  const pid_t child = *forked;
  pipe.write.Close();
  const auto clean_up = [&] {
    std::error_code none;  // Then there is nothing in it.
    // CopySavedModel uses /tmp where the other's name is a pattern.
    for (const std::string& folder : {std::filesystem::temp_directory_path(none).string(), std::string("/tmp")}) {
      io::RemoveTemporariesOf(child, folder);
    }
    if (options.clean_up) options.clean_up();
  };
  std::string reply;
  int ended = 0;
  {
    CleanUp end_child([&] {
      kill(child, SIGKILL);
      WaitFor(child);
      clean_up();
    });
    reply = ReadAll(pipe.read.get());
    ended = WaitFor(child);
    end_child.Cancel();
  }
  Header header{};
  const bool replied = WIFEXITED(ended) && WEXITSTATUS(ended) == 0 && reply.size() >= sizeof(header);
  if (replied) std::memcpy(&header, reply.data(), sizeof(header));
  const absl::string_view rest = absl::string_view(reply).substr(replied ? sizeof(header) : reply.size());
  const bool no_memory =
      replied && header.code == static_cast<int32_t>(absl::StatusCode::kResourceExhausted) && header.message_size == 0;
  if (!replied || no_memory) clean_up();
  if (no_memory) return NoMemory(what, options.memory_limit_bytes);
  const std::string printed = log.get() >= 0 ? absl::StrCat("; the last it printed:\n", ReadTail(log.get(), 2000))
                                             : "; what it printed is above";
  const bool limited = options.memory_limit_bytes > 0;
  if (!replied && limited && TellsOfNoMemory(printed)) return NoMemory(what, options.memory_limit_bytes);
  if (WIFSIGNALED(ended)) {
    return absl::InternalError(
        absl::StrCat(what, " crashed: ", DescribeExit(ended),
                     WTERMSIG(ended) == SIGKILL || limited ? "; probably for want of memory" : "",
                     limited ? " (--memory_limit may be too low: raise it)" : "", printed));
  }
  if (!replied) {
    return absl::InternalError(absl::StrCat(what, " ended with ", DescribeExit(ended), printed));
  }
  if (limited && (header.code == static_cast<int32_t>(absl::StatusCode::kResourceExhausted) ||
                  (header.code != 0 && TellsOfNoMemory(rest.substr(0, header.message_size))))) {
    return NoMemory(what, options.memory_limit_bytes);
  }
  *output = std::string(rest.substr(header.message_size));
  if (header.answer_is_no) return AnswerIsNo(rest.substr(0, header.message_size));
  return absl::Status(static_cast<absl::StatusCode>(header.code), rest.substr(0, header.message_size));
}

absl::Status RewriteInChild(absl::string_view src, absl::string_view dst, const RewriterOptions& options,
                            std::string* report, int64_t memory_limit_bytes, int report_width) {
  report->clear();
  // Before the work, so that it is not in vain.
  RETURN_IF_ERROR(CheckReplaceable(io::JoinPath(dst, options.filename), io::JoinPath(src, kSavedModelFile)));
  for (const std::string& folder : FoldersToCopy(src, options)) {
    RETURN_IF_ERROR(CheckReplaceable(io::JoinPath(dst, folder), io::JoinPath(src, folder)));
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
