// SPDX-License-Identifier: Apache-2.0

// Other processes: how they are started, talked to and waited for. To run a program to its end, see subprocess.h.
//
//   ASSIGN_OR_RETURN(Pipe answers, MakePipe());
//   ASSIGN_OR_RETURN(const pid_t child, Spawn({"sort", path}, {.files = {{STDOUT_FILENO, answers.write.get()}}}));
//   answers.write.Close();  // Or the end of what the child writes is never seen.
//   const std::string sorted = ReadAll(answers.read.get());
//   const int status = WaitFor(child);
//   if (status != 0) return absl::InternalError(absl::StrCat("sort ended with ", DescribeExit(status)));
//
// A child dies with the thread that started it. A program that is started blocks no signals, whatever this process does.
#ifndef TFXM_UTIL_PROCESS_PROCESS_H_
#define TFXM_UTIL_PROCESS_PROCESS_H_

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tfxm/util/files/file_descriptor.h"

namespace tfxm {

struct Pipe {
  FileDescriptor read, write;
};
absl::StatusOr<Pipe> MakePipe();

struct SpawnOptions {
  std::string program;  // The file that is run; empty: argv[0], looked up in PATH.
  // "NAME=value", beside this process's own variables or in place of what that has of the name.
  std::vector<std::string> environment;
  std::map<int, int> files;  // By the number it has in the child, a file of this process.
  // A process group of its own: kill(-pid, …) reaches what it has started as well, and Ctrl-C does not reach it.
  bool own_group = false;
};

// Starts a program. NOT_FOUND if there is no such program.
absl::StatusOr<pid_t> Spawn(const std::vector<std::string>& argv, const SpawnOptions& options = {});

// Runs `child`, which returns an exit status, in a copy of this process, and ends that without destructors. REQUIRES:
// what `child` calls works although the other threads of this process are missing in the copy.
absl::StatusOr<pid_t> Fork(absl::FunctionRef<int()> child);

// For a program that is to end with the one that has started it, killed or not: from now on this process is killed when
// the one that $TFXM_PARENT names, its parent, ends. False if that has ended already. Nothing if the variable is not set;
// it is not there afterwards. REQUIRES: there are no other threads yet.
bool DieWithParentOfEnvironment();

// Waits for the process's end and returns its status, as waitpid does.
int WaitFor(pid_t pid);

// "exit status 3", "signal 11 (SIGSEGV, Segmentation fault)", for what WaitFor returns.
std::string DescribeExit(int wait_status);

// To the end of the file.
std::string ReadAll(int fd);
// The last lines of a file, whole ones as far as there are, in at most `most_bytes`.
std::string ReadTail(int fd, int64_t most_bytes);
// False if not all of it could be written.
bool WriteAll(int fd, absl::string_view bytes);

}  // namespace tfxm

#endif  // TFXM_UTIL_PROCESS_PROCESS_H_
