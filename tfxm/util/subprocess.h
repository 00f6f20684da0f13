// SPDX-License-Identifier: Apache-2.0

// Runs another program to its end. No shell is involved: arguments reach the program as they are.
//
//   ASSIGN_OR_RETURN(SubprocessResult result, RunSubprocess({"g++", "-c", path}));
//   if (result.exit_code != 0) return absl::InvalidArgumentError(result.output);
#ifndef TFXM_UTIL_SUBPROCESS_H_
#define TFXM_UTIL_SUBPROCESS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace tfxm {

struct SubprocessResult {
  int exit_code = 0;   // 128 + the signal's number if a signal ended it, as shells report it.
  std::string output;  // Standard output and error, interleaved.
};

// Looks argv[0] up in PATH. NOT_FOUND if there is no such program. The child dies with this process. `environment`:
// "NAME=value", beside this process's own or in place of what that has of the name.
absl::StatusOr<SubprocessResult> RunSubprocess(const std::vector<std::string>& argv,
                                               const std::vector<std::string>& environment = {});

}  // namespace tfxm

#endif  // TFXM_UTIL_SUBPROCESS_H_
