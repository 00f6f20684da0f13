// SPDX-License-Identifier: Apache-2.0

// tfxm run and tfxm compile
#include <errno.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "absl/strings/match.h"
#include "tfxm/cli/command.h"
#include "tfxm/components/modules/module_file.h"
#include "tfxm/components/modules/python_pipeline.h"
#include "tfxm/orchestration/run_ir.h"
#include "tfxm/util/files/clean_up.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"
#include "tfxm/util/text/text.h"

namespace tfxm::cli {
namespace {

class RunCommand : public Command {
 public:
  Flags MakeFlags() override {
    Flags flags(
        "tfxm run PIPELINE|--ir=FILE [--data_root=DIR] [--output=DIR] [pipeline's own flags]",
        "Runs a pipeline. PIPELINE is a C++ file, compiled once and kept by content, a program built of one (see\n"
        "tfxm_add_pipeline in docs), which needs no compiler, or a Python file that is written for tfxm or for TFX. All\n"
        "flags go to the pipeline; `tfxm run PIPELINE -- --help` shows which it takes. A run is done if its nodes are\n"
        "all complete or were cached.");
    flags.Add("ir", &ir_, "FILE",
              "run TFX's intermediate representation of a pipeline, binary, text or JSON, as --print_ir prints it; its "
              "runtime parameters are flags");
    flags.PassUnknownOn(&pipeline_flags_);
    flags.TakeArguments(0, SIZE_MAX, kHow);
    return flags;
  }

  std::string No() const override { return "with --fail_unless_blessed, a model is not blessed"; }

  absl::Status Run(const std::vector<std::string>& arguments) override {
    if (!ir_.empty()) {
      if (!arguments.empty() && !absl::StartsWith(arguments[0], "-")) {
        return UsageError(absl::StrCat("give a pipeline or --ir, not both: ", arguments[0], " and --ir=", ir_));
      }
      pipeline_flags_.insert(pipeline_flags_.end(), arguments.begin(), arguments.end());
      StopHandlingInterrupts();
      ASSIGN_OR_RETURN(const int exit_status, RunPipelineIr(ir_, pipeline_flags_));
      std::exit(exit_status);  // As if the pipeline had taken this process's place: its exit status is the command's.
    }
    if (arguments.empty()) return UsageError(kHow);
    std::string program = arguments[0];
    if (!io::Exists(program)) return absl::NotFoundError(absl::StrCat("there is no pipeline ", program));
    if (absl::EndsWith(program, ".cc") || absl::EndsWith(program, ".cpp")) {
      ASSIGN_OR_RETURN(program, CompileModule(program, /*program=*/true, [&] {
                         if (isatty(STDERR_FILENO))
                           std::fprintf(stderr, "compiling %s …\n", PrintableText(program).c_str());
                       }));
    }
    std::vector<std::string> command = {io::AbsolutePath(program)};
    if (absl::EndsWith(program, ".py")) {
      ASSIGN_OR_RETURN(command, PythonPipelineCommand(command[0]));
    }
    command.insert(command.end(), pipeline_flags_.begin(), pipeline_flags_.end());
    command.insert(command.end(), arguments.begin() + 1, arguments.end());
    std::vector<char*> argv;
    for (std::string& argument : command) argv.push_back(argument.data());
    argv.push_back(nullptr);
    StopHandlingInterrupts();
    execvp(argv[0], argv.data());  // The pipeline takes this process's place: its exit status is the command's.
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot run ", command[0]));
  }

 private:
  static constexpr char kHow[] = "give a pipeline file before the flags: tfxm run PIPELINE.cc --data_root=DIR";
  std::string ir_;
  std::vector<std::string> pipeline_flags_;
};

class CompileCommand : public Command {
 public:
  Flags MakeFlags() override {
    Flags flags("tfxm compile FILE.cc …",
                "Compiles module files, so that a later run finds them compiled and needs no compiler.");
    flags.TakeArguments(1, SIZE_MAX, "give at least one module file: tfxm compile FILE.cc");
    return flags;
  }

  absl::Status Run(const std::vector<std::string>& arguments) override {
    for (const std::string& file : arguments) {
      ASSIGN_OR_RETURN(const std::string library, CompileModule(file));
      RETURN_IF_ERROR(Print(library + "\n"));
    }
    return absl::OkStatus();
  }
};

TFXM_REGISTER(CommandRegistry, "run", [] { return std::make_unique<RunCommand>(); });
TFXM_REGISTER(CommandRegistry, "compile", [] { return std::make_unique<CompileCommand>(); });

}  // namespace
}  // namespace tfxm::cli
