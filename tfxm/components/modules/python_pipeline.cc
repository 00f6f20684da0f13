// SPDX-License-Identifier: Apache-2.0

#include "tfxm/components/modules/python_pipeline.h"

#include <unistd.h>

#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "tfxm/util/io.h"
#include "tfxm/util/plugin.h"

namespace tfxm {
namespace {

constexpr char kLauncher[] = "run_pipeline.py";

// Empty if it is nowhere.
std::string FindLauncher() {
  const std::string lib = LibraryDir();
  // In a build tree, installed, in a wheel.
  for (const char* folder : {"python/tfxm", "../share/tfxm/python/tfxm", "../../share/tfxm/python/tfxm", "../.."}) {
    const std::string path = io::JoinPath(lib, folder, kLauncher);
    if (io::Exists(path)) return io::AbsolutePath(path);
  }
  return "";
}

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
  const char* const given = std::getenv("TFXM_PYTHON");
  const std::string python = given != nullptr && *given != '\0' ? given : "python3";
  if (!IsProgram(python)) {
    return absl::FailedPreconditionError(
        absl::StrCat("there is no Python (", python, ") to run ", file,
                     " with; install Python 3.10 to 3.13 and then "
                     "tfxm (pip install tfxm), or say with TFXM_PYTHON=/path/to/python3 where one is"));
  }
  const std::string launcher = FindLauncher();
  if (launcher.empty()) {
    return absl::FailedPreconditionError(absl::StrCat(
        "tfxm's Python part (", kLauncher, ") is not beside its libraries in ", LibraryDir(), "; install tfxm anew"));
  }
  char program[4096];
  const ssize_t size = readlink("/proc/self/exe", program, sizeof(program));
  if (size > 0) setenv("TFXM_ENGINE", std::string(program, static_cast<size_t>(size)).c_str(), /*overwrite=*/1);
  return std::vector<std::string>{python, launcher, std::string(file)};
}

}  // namespace tfxm
