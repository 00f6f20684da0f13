// SPDX-License-Identifier: Apache-2.0

#include "tfxm/util/process/python_part.h"

#include "absl/strings/str_cat.h"
#include "tfxm/util/io.h"
#include "tfxm/util/plugin.h"
#include "tfxm/util/process/environment.h"

namespace tfxm {

std::string Python() { return EnvironmentOr("TFXM_PYTHON", "python3"); }

absl::StatusOr<std::string> FindPythonPart(absl::string_view script) {
  const std::string lib = LibraryDir();
  // In a build tree, installed, in a wheel.
  for (const char* folder : {"python/tfxm", "../share/tfxm/python/tfxm", "../../share/tfxm/python/tfxm", "../.."}) {
    const std::string path = io::JoinPath(lib, folder, script);
    if (io::Exists(path)) return io::AbsolutePath(path);
  }
  return absl::FailedPreconditionError(
      absl::StrCat("tfxm's Python part (", script, ") is not beside its libraries in ", lib, "; install tfxm anew"));
}

}  // namespace tfxm
