// SPDX-License-Identifier: Apache-2.0

// What a compiler says about a module file, said so that the mistake is seen in three lines.
#ifndef TFXM_COMPONENTS_MODULES_COMPILER_MESSAGES_H_
#define TFXM_COMPONENTS_MODULES_COMPILER_MESSAGES_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace tfxm {

// `output` of g++ or clang++ without the errors that can be told in other words, which come first: an option that a
// struct of tfxm does not have (with the nearest, and those that it has), text where a DataType is expected, a header
// that is not included, a function that returns something else than its component expects. `include_dirs`: where
// tfxm's headers are, from which all this is known.
std::string ExplainCompilerOutput(absl::string_view output, const std::vector<std::string>& include_dirs);

}  // namespace tfxm

#endif  // TFXM_COMPONENTS_MODULES_COMPILER_MESSAGES_H_
