// SPDX-License-Identifier: Apache-2.0

// The argument METADATA_DB of several commands.
#ifndef TFXM_CLI_FLAGS_STORE_ARGUMENT_H_
#define TFXM_CLI_FLAGS_STORE_ARGUMENT_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace tfxm::cli {

// A UsageError if the store's folder was meant; it says the command as it should be.
absl::Status CheckStore(const std::string& path, absl::string_view command);

}  // namespace tfxm::cli

#endif  // TFXM_CLI_FLAGS_STORE_ARGUMENT_H_
