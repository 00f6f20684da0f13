// SPDX-License-Identifier: Apache-2.0

// What the environment of this process says.
//
//   const std::string compiler = FindProgram(EnvironmentOr("CXX", "g++"));
#ifndef TFXM_UTIL_PROCESS_ENVIRONMENT_H_
#define TFXM_UTIL_PROCESS_ENVIRONMENT_H_

#include <string>

#include "absl/strings/string_view.h"

namespace tfxm {

// The variable's value; `otherwise` if it is not set or empty.
std::string EnvironmentOr(const char* name, absl::string_view otherwise = "");

// The program that `name` stands for in PATH; a path stands for itself. Empty if there is none that may be run.
std::string FindProgram(const std::string& name);

}  // namespace tfxm

#endif  // TFXM_UTIL_PROCESS_ENVIRONMENT_H_
