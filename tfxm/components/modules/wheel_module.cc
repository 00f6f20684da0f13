// SPDX-License-Identifier: Apache-2.0

#include "tfxm/components/modules/wheel_module.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "tfxm/util/files/cache_dir.h"
#include "tfxm/util/files/clean_up.h"
#include "tfxm/util/files/fingerprint.h"
#include "tfxm/util/files/temporary.h"
#include "tfxm/util/io.h"
#include "tfxm/util/process/python_part.h"
#include "tfxm/util/status_macros.h"
#include "tfxm/util/subprocess.h"

namespace tfxm {
namespace {

constexpr char kUnpacking[] = ".unpacking-";
// What unpack_wheel.py ends with if the wheel is at fault, after one line that says how.
constexpr int kBadWheel = 4;

bool IsModuleName(absl::string_view name) {
  return !name.empty() && name.front() != '.' && name.back() != '.' &&
         std::all_of(name.begin(), name.end(),
                     [](char c) { return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '.'; });
}

absl::Status Unpack(const std::string& wheel, const std::string& folder) {
  ASSIGN_OR_RETURN(const std::string script, FindPythonPart("unpack_wheel.py"));
  const std::string python = Python();
  // -I: neither the working directory nor the environment says what it imports.
  const absl::StatusOr<SubprocessResult> result = RunSubprocess({python, "-I", script, wheel, folder});
  if (absl::IsNotFound(result.status())) {
    return absl::FailedPreconditionError(absl::StrCat("there is no Python (", python, ") to unpack ", wheel,
                                                      " with; say with TFXM_PYTHON=/path/to/python3 where one is"));
  }
  RETURN_IF_ERROR(result.status());
  if (result->exit_code == 0) return absl::OkStatus();
  const std::string said(absl::StripAsciiWhitespace(result->output));
  if (result->exit_code == kBadWheel) return absl::InvalidArgumentError(absl::StrCat(wheel, ": ", said));
  return absl::InternalError(absl::StrCat(wheel, " could not be unpacked: ", said));
}

}  // namespace

absl::StatusOr<std::string> UnpackModule(absl::string_view module_path) {
  const size_t at = module_path.find('@');
  const absl::string_view name = module_path.substr(0, at);
  if (at == absl::string_view::npos || !IsModuleName(name) || at + 1 == module_path.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat("module_path is \"", module_path,
                     "\"; expected MODULE@FILE.whl, as TFX's compiler writes it, or give a "
                     "module_file"));
  }
  const std::string wheel = io::AbsolutePath(absl::StripPrefix(module_path.substr(at + 1), "file://"));
  ASSIGN_OR_RETURN(const std::string digest, FingerprintPath(wheel));
  ASSIGN_OR_RETURN(const std::string wheels, MakeCacheDir("wheels"));
  const std::string target = io::JoinPath(wheels, digest.substr(0, 24));
  if (!io::Exists(target)) {
    ASSIGN_OR_RETURN(const auto making, io::TempDir::Make(wheels, kUnpacking));
    const std::string folder = io::JoinPath(making->path(), "wheel");
    RETURN_IF_ERROR(Unpack(wheel, folder));
    const NoInterruption until_it_is_in_place;
    // Of two processes that unpacked it at once, the other may have been first.
    absl::Status moved = io::Rename(folder, target);
    if (!moved.ok() && !io::Exists(target)) return moved;
  }
  RETURN_IF_ERROR(CheckOnlyOurs(target));
  std::string module = io::JoinPath(target, absl::StrCat(absl::StrReplaceAll(name, {{".", "/"}}), ".py"));
  if (!io::Exists(module)) {
    return absl::InvalidArgumentError(absl::StrCat(wheel, " has no module ", name));
  }
  return module;
}

}  // namespace tfxm
