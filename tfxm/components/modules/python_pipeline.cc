// SPDX-License-Identifier: Apache-2.0

#include "tfxm/components/modules/python_pipeline.h"

#include <unistd.h>

#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "tfxm/util/process/environment.h"
#include "tfxm/util/process/python_part.h"
#include "tfxm/util/status_macros.h"

namespace tfxm {
namespace {

constexpr char kLauncher[] = "run_pipeline.py";

}  // namespace

absl::StatusOr<std::vector<std::string>> PythonPipelineCommand(absl::string_view file) {
  const std::string python = Python();
  if (FindProgram(python).empty()) {
    return absl::FailedPreconditionError(
        absl::StrCat("there is no Python (", python, ") to run ", file,
                     " with; install Python 3.10 to 3.13 and then "
                     "protobuf and absl-py for it, or say with TFXM_PYTHON=/path/to/python3 where one is"));
  }
  ASSIGN_OR_RETURN(const std::string launcher, FindPythonPart(kLauncher));
  char program[4096];
  const ssize_t size = readlink("/proc/self/exe", program, sizeof(program));
  if (size > 0) setenv("TFXM_ENGINE", std::string(program, static_cast<size_t>(size)).c_str(), /*overwrite=*/1);
  return std::vector<std::string>{python, launcher, std::string(file)};
}

}  // namespace tfxm
