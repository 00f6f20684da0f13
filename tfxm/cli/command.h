// SPDX-License-Identifier: Apache-2.0

// One command of the tfxm program: a short file each, which parses flags and calls the library.
#ifndef TFXM_CLI_COMMAND_H_
#define TFXM_CLI_COMMAND_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "tfxm/util/exit_status.h"
#include "tfxm/util/flags.h"
#include "tfxm/util/registry.h"
#include "tfxm/util/standard_output.h"

namespace tfxm::cli {

class Command {
 public:
  virtual ~Command() = default;
  // Declares the flags, which refer to members of this object, and how many arguments there may be.
  virtual Flags MakeFlags() = 0;
  // What exit status 1 says about the command's answer; empty if it has none. For --help.
  virtual std::string No() const { return ""; }
  // Runs with the parsed flags; `arguments` are those that are not flags. The status's message is what the user reads,
  // and it says with which exit status the program ends (util/exit_status.h).
  virtual absl::Status Run(const std::vector<std::string>& arguments) = 0;
};

using CommandRegistry = Registry<Command>;

// Before any work: whether a file can be written as --flag=path. A UsageError if its folder is not there, if it is a
// folder itself, or if it is one of the `inputs`, which a command never touches. OK if `path` is empty.
absl::Status CheckOutputFile(absl::string_view flag, absl::string_view path, const std::vector<std::string>& inputs);

// A line on standard error: what a person should know, and no reason to end.
void Warn(absl::string_view text);

}  // namespace tfxm::cli

#endif  // TFXM_CLI_COMMAND_H_
