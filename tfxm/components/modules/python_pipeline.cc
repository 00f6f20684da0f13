// SPDX-License-Identifier: Apache-2.0

#include "tfxm/components/modules/python_pipeline.h"

#include <unistd.h>

#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "tfxm/components/modules/python_part.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"

namespace tfxm {
namespace {

constexpr char kLauncher[] = "run_pipeline.py";

bool IsProgram(const std::string& name) {
  if (name.find('/') != std::string::npos) return access(name.c_str(), X_OK) == 0;
  const char* const path = std::getenv("PATH");
  for (const absl::string_view folder : absl::StrSplit(path == nullptr ? "" : path, ':')) {
    if (access(io::JoinPath(folder, name).c_str(), X_OK) == 0) return true;
  }
  return false;
}

}  // namespace

absl::StatusOr<std::vector<std::string>> PythonPipelineCommand(absl::string_view file) {
  const std::string python = Python();
  if (!IsProgram(python)) {
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
