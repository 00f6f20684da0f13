// SPDX-License-Identifier: Apache-2.0

// A child process that one talks to in lines.
#ifndef TFXM_COMPONENTS_MODULES_PYTHON_PROCESS_H_
#define TFXM_COMPONENTS_MODULES_PYTHON_PROCESS_H_

#include <sys/types.h>

#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace tfxm {

// Where the child finds its ends of the pipes.
inline constexpr int kLinesToEngineFd = 3;
inline constexpr int kLinesFromEngineFd = 4;

// Runs argv, looked up in PATH, until it ends, in this process's group and with its output. `input` is what it may read
// first; for each line that it writes, `on_line` returns what it may read next ("" for nothing). What the child leaves
// behind may hold the pipes open: the child's end is what counts. Returns its wait status; NOT_FOUND if there is no such
// program. `environment` as RunSubprocess's (util/subprocess.h).
absl::StatusOr<int> TalkToProcess(const std::vector<std::string>& argv, const std::vector<std::string>& environment,
                                  absl::string_view input,
                                  const std::function<std::string(absl::string_view line)>& on_line);

}  // namespace tfxm

#endif  // TFXM_COMPONENTS_MODULES_PYTHON_PROCESS_H_
