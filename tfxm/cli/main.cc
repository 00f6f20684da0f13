// The tfxm program.
#include <unistd.h>

#include <cstdio>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "tfxm/cli/command.h"
#include "tfxm/orchestration/executor_process.h"
#include "tfxm/util/plugin.h"

namespace tfxm::cli {
namespace {

struct Entry {
  const char* name;
  const char* summary;
  const char* plugin = nullptr;  // The library the command is in, if it needs libtensorflow_cc.
};

constexpr Entry kCommands[] = {
    {"run", "compile (once) and run a pipeline file, or run a built pipeline"},
    {"compile", "compile module files ahead of a run"},
    {"evaluate", "evaluate any number of models on data, with TFMA's EvalConfig"},
    {"show", "print an evaluation: a table, JSON or CSV"},
    {"report", "make one HTML file of evaluations, to be opened offline"},
    {"rewrite", "turn a SavedModel into a TFLite file, quantized or not, and prove it", "cli_tensorflow"},
    {"inspect", "what is in a TFLite file: signatures, ops, sizes, memory"},
    {"stats", "statistics of tf.Examples"},
    {"schema", "infer a schema from tf.Examples or their statistics"},
    {"validate", "anomalies of tf.Examples against a schema"},
    {"lineage", "what a metadata store knows: executions, artifacts, where a model comes from"},
    {"bless", "bless a model by hand, with a reason, to be the baseline from now on"},
    {"clean", "remove the artifacts of old runs"},
};

std::string Help() {
  std::string help =
      "tfxm: TFX for mobile. Takes data and a model to train to a TFLite file that is known to be as good as the "
      "model.\n\n"
      "Usage: tfxm COMMAND [flags]\n\nCommands:\n";
  for (const Entry& entry : kCommands) absl::StrAppendFormat(&help, "  %-10s %s\n", entry.name, entry.summary);
  return help +
         "\n`tfxm COMMAND --help` explains one of them. A first run:\n"
         "  tfxm run examples/mnist/mnist_pipeline_native_keras.cc --data_root=DIR --output=runs/mnist\n";
}

bool UseColor() { return isatty(STDERR_FILENO) && getenv("NO_COLOR") == nullptr; }

int Fail(absl::string_view message, int exit_code) {
  std::fprintf(stderr, "%s%s\n", UseColor() ? "\033[31mtfxm:\033[0m " : "tfxm: ", std::string(message).c_str());
  return exit_code;
}

// 0: done; 1: it failed; 2: it was called wrongly.
int Main(const std::vector<std::string>& arguments) {
  if (arguments.empty() || arguments[0] == "--help" || arguments[0] == "-h" || arguments[0] == "help") {
    std::fputs(Help().c_str(), arguments.empty() ? stderr : stdout);
    return arguments.empty() ? 2 : 0;
  }
  if (arguments[0] == "--version" || arguments[0] == "version") {
    std::puts("tfxm " TFXM_VERSION);
    return 0;
  }
  const std::string& name = arguments[0];
  std::vector<std::string> names;
  const Entry* entry = nullptr;
  for (const Entry& candidate : kCommands) {
    names.push_back(candidate.name);
    if (name == candidate.name) entry = &candidate;
  }
  if (entry == nullptr) {
    const std::string near = NearestNames(name, names);
    return Fail(absl::StrCat("no command ", name, near.empty() ? "" : absl::StrCat("; did you mean ", near),
                             "? See tfxm --help."),
                2);
  }
  if (entry->plugin != nullptr) {
    if (absl::Status loaded = LoadPlugin(entry->plugin); !loaded.ok()) return Fail(loaded.message(), 1);
  }
  absl::StatusOr<std::unique_ptr<Command>> command = CommandRegistry::Get().Create(name);
  if (!command.ok()) return Fail(command.status().message(), 1);
  Flags flags = (*command)->MakeFlags();
  if (absl::Status parsed = flags.Parse({arguments.begin() + 1, arguments.end()}); !parsed.ok()) {
    return Fail(absl::StrCat(name, ": ", parsed.message(), "\n", "See tfxm ", name, " --help."), 2);
  }
  if (flags.help_requested()) {
    std::fputs(flags.Help().c_str(), stdout);
    return 0;
  }
  const absl::Status status = (*command)->Run(flags.positional());
  if (!status.ok()) return Fail(status.message(), absl::IsInvalidArgument(status) && status.message().empty() ? 2 : 1);
  return 0;
}

}  // namespace
}  // namespace tfxm::cli

int main(int argc, char** argv) {
  int exit_code;
  if (tfxm::MaybeRunExecutor(argc, argv, &exit_code)) return exit_code;
  return tfxm::cli::Main(std::vector<std::string>(argv + 1, argv + argc));
}
