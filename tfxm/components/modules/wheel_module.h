// SPDX-License-Identifier: Apache-2.0

// A module that TFX has packed into a wheel: what its compiler makes of a module_file is a module_path, the module's name
// and the wheel.
//
//   ASSIGN_OR_RETURN(std::string module_file, UnpackModule("my_utils@/pipelines/_wheels/tfx_user_code_Trainer-0.0+1f…-py3-none-any.whl"));
#ifndef TFXM_COMPONENTS_MODULES_WHEEL_MODULE_H_
#define TFXM_COMPONENTS_MODULES_WHEEL_MODULE_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace tfxm {

// The module's file, beside all others of the wheel, unpacked once and kept by the wheel's content under
// $TFXM_CACHE/wheels. INVALID_ARGUMENT: it is not of that form, not a wheel, damaged, has no such module; has a file whose
// path leads out of its folder, a link, one path twice; or unpacks to more than 64 MiB or 10,000 files. Then nothing is
// kept. NOT_FOUND: there is no such file. FAILED_PRECONDITION: there is no Python to unpack it, or others could have put
// something where it is kept (util/files/cache_dir.h).
absl::StatusOr<std::string> UnpackModule(absl::string_view module_path);

}  // namespace tfxm

#endif  // TFXM_COMPONENTS_MODULES_WHEEL_MODULE_H_
