// SPDX-License-Identifier: Apache-2.0

// Text with gaps.
//
//   FillTemplate("Hello @name@\n%if guest\nWelcome.\n%else\nAgain!\n%end\n", {{"name", "Ada"}});  // Hello Ada\nAgain!\n
//
// @name@ is replaced by the value of that name. Lines between "%if name" and "%end" are there if the value is not empty,
// those after a "%else" if it is; conditions are not nested.
#ifndef TFXM_CLI_NEW_TEXT_TEMPLATE_H_
#define TFXM_CLI_NEW_TEXT_TEMPLATE_H_

#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace tfxm::cli {

// INTERNAL names a gap without a value, and a condition that is not closed. A condition without a value is false.
absl::StatusOr<std::string> FillTemplate(absl::string_view text, const std::map<std::string, std::string>& values);

}  // namespace tfxm::cli

#endif  // TFXM_CLI_NEW_TEXT_TEMPLATE_H_
