// SPDX-License-Identifier: Apache-2.0

// Which Python runs what is written in it, and where tfxm's own part for it lies.
#ifndef TFXM_UTIL_PROCESS_PYTHON_PART_H_
#define TFXM_UTIL_PROCESS_PYTHON_PART_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace tfxm {

// $TFXM_PYTHON, which the package's launcher sets to the one that it runs in, else "python3".
std::string Python();

// The path of a file of python/tfxm: beside the libraries in a build tree, where tfxm is installed, and in a wheel.
// FAILED_PRECONDITION if it is nowhere.
absl::StatusOr<std::string> FindPythonPart(absl::string_view script);

}  // namespace tfxm

#endif  // TFXM_UTIL_PROCESS_PYTHON_PART_H_
