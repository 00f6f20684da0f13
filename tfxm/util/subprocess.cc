// SPDX-License-Identifier: Apache-2.0

#include "tfxm/util/subprocess.h"

#include <sys/wait.h>
#include <unistd.h>

#include "tfxm/util/process/process.h"
#include "tfxm/util/status_macros.h"

namespace tfxm {

absl::StatusOr<SubprocessResult> RunSubprocess(const std::vector<std::string>& argv,
                                               const std::vector<std::string>& environment) {
  ASSIGN_OR_RETURN(Pipe output, MakePipe());
  const int write = output.write.get();
  ASSIGN_OR_RETURN(const pid_t child, Spawn(argv, {.environment = environment,
                                                   .files = {{STDOUT_FILENO, write}, {STDERR_FILENO, write}}}));
  output.write.Close();
  SubprocessResult result;
  result.output = ReadAll(output.read.get());
  const int status = WaitFor(child);
  result.exit_code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  return result;
}

}  // namespace tfxm
