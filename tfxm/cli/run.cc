// tfxm run and tfxm compile
#include <errno.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>

#include "absl/strings/match.h"
#include "tfxm/cli/command.h"
#include "tfxm/components/module_file.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::cli {
namespace {

class RunCommand : public Command {
 public:
  Flags MakeFlags() override {
    Flags flags(
        "tfxm run PIPELINE [--data_root=DIR] [--output=DIR] [pipeline's own flags]",
        "Runs a pipeline. PIPELINE is a C++ file, compiled once and kept by content, or a program built of one (see\n"
        "tfxm_add_pipeline in docs), which needs no compiler. All flags go to the pipeline; `tfxm run PIPELINE -- "
        "--help`\n"
        "shows which it takes. The exit status is 0 if every node is complete or was cached.");
    flags.CollectUnknown(&pipeline_flags_);
    return flags;
  }

  absl::Status Run(const std::vector<std::string>& arguments) override {
    if (arguments.empty()) return absl::InvalidArgumentError("give a pipeline file: tfxm run PIPELINE.cc");
    std::string program = arguments[0];
    if (!io::Exists(program)) return absl::NotFoundError(absl::StrCat("there is no pipeline ", program));
    if (absl::EndsWith(program, ".cc") || absl::EndsWith(program, ".cpp")) {
      if (isatty(STDERR_FILENO)) std::fprintf(stderr, "compiling %s …\r", program.c_str());
      ASSIGN_OR_RETURN(program, CompileModule(program, /*program=*/true));
      if (isatty(STDERR_FILENO)) std::fprintf(stderr, "\033[K");
    }
    program = io::AbsolutePath(program);
    std::vector<std::string> command = {program};
    for (const auto& [name, value] : pipeline_flags_)
      command.push_back(absl::StrCat("--", name, value.empty() ? "" : "=", value));
    command.insert(command.end(), arguments.begin() + 1, arguments.end());
    std::vector<char*> argv;
    for (std::string& argument : command) argv.push_back(argument.data());
    argv.push_back(nullptr);
    execv(program.c_str(), argv.data());  // The pipeline takes this process's place: its exit status is the command's.
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot run ", program));
  }

 private:
  std::vector<std::pair<std::string, std::string>> pipeline_flags_;
};

class CompileCommand : public Command {
 public:
  Flags MakeFlags() override {
    return Flags("tfxm compile FILE.cc …",
                 "Compiles module files, so that a later run finds them compiled and needs no compiler.");
  }

  absl::Status Run(const std::vector<std::string>& arguments) override {
    for (const std::string& file : arguments) {
      ASSIGN_OR_RETURN(const std::string library, CompileModule(file));
      std::printf("%s\n", library.c_str());
    }
    return absl::OkStatus();
  }
};

TFXM_REGISTER(CommandRegistry, "run", [] { return std::make_unique<RunCommand>(); });
TFXM_REGISTER(CommandRegistry, "compile", [] { return std::make_unique<CompileCommand>(); });

}  // namespace
}  // namespace tfxm::cli
