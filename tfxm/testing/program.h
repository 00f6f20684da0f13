// SPDX-License-Identifier: Apache-2.0

// The program tfxm, for tests that call it as its user does.
//
//   const SubprocessResult result = RunProgram({"stats", "--csv=" + csv});
#ifndef TFXM_TESTING_PROGRAM_H_
#define TFXM_TESTING_PROGRAM_H_

#include <cstdlib>
#include <string>
#include <vector>

#include "tfxm/util/io.h"
#include "tfxm/util/subprocess.h"

namespace tfxm {

// That of the build under test ($TFXM_BINARY_DIR), by an absolute path.
inline std::string Program() {
  const char* const dir = std::getenv("TFXM_BINARY_DIR");
  return io::AbsolutePath(io::JoinPath(dir == nullptr ? "build" : dir, "tfxm"));
}

// Its status and everything it said.
inline SubprocessResult RunProgram(std::vector<std::string> arguments,
                                   const std::vector<std::string>& environment = {}) {
  arguments.insert(arguments.begin(), Program());
  return *RunSubprocess(arguments, environment);
}

}  // namespace tfxm

#endif  // TFXM_TESTING_PROGRAM_H_
