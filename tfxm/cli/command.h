// One command of the tfxm program: a short file each, which parses flags and calls the library.
#ifndef TFXM_CLI_COMMAND_H_
#define TFXM_CLI_COMMAND_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "tfxm/util/flags.h"
#include "tfxm/util/registry.h"

namespace tfxm::cli {

class Command {
 public:
  virtual ~Command() = default;
  // Declares the flags; they refer to members of this object.
  virtual Flags MakeFlags() = 0;
  // Runs with the parsed flags; `arguments` are those that are no flags. The status's message is what the user reads.
  virtual absl::Status Run(const std::vector<std::string>& arguments) = 0;
};

using CommandRegistry = Registry<Command>;

}  // namespace tfxm::cli

#endif  // TFXM_CLI_COMMAND_H_
