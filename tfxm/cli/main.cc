// SPDX-License-Identifier: Apache-2.0

// The tfxm program.
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <exception>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "tfxm/cli/command.h"
#include "tfxm/compute/pass.h"
#include "tfxm/orchestration/executor/executor_process.h"
#include "tfxm/util/files/clean_up.h"
#include "tfxm/util/plugin.h"
#include "tfxm/util/process/process.h"
#include "tfxm/util/text/text.h"

namespace tfxm::cli {
namespace {

struct Entry {
  const char* name;
  const char* summary;
  const char* plugin = nullptr;  // The library the command is in, if it needs libtensorflow_cc.
};

constexpr Entry kCommands[] = {
    {"new", "write a pipeline for a CSV file, to start from"},
    {"run", "compile (once) and run a pipeline file, or run a built pipeline"},
    {"compile", "compile module files ahead of a run"},
    {"evaluate", "evaluate any number of models on data, with TFMA's EvalConfig or without one"},
    {"show", "print an evaluation: a table, JSON or CSV"},
    {"report", "make one HTML file of evaluations, to be opened offline"},
    {"rewrite", "turn a SavedModel into a TFLite file, quantized or not, and prove it", "cli_tensorflow"},
    {"transform", "apply a module's preprocessing_fn to tf.Examples", "cli_transform"},
    {"inspect", "what is in a TFLite file: signatures, ops, sizes, memory"},
    {"verify", "whether a pushed model is what was pushed: its files against their hashes"},
    {"convert", "turn CSV, Parquet, JSON Lines or TFRecord files into tf.Examples in splits"},
    {"head", "print the first examples of TFRecord or CSV files"},
    {"stats", "statistics of tf.Examples or CSV"},
    {"schema", "infer a schema from tf.Examples, CSV or statistics"},
    {"validate", "anomalies of tf.Examples, CSV or statistics against a schema"},
    {"pass", "a pass over data that many processes share: plan, map, reduce"},
    {"kfp-executor", "one node of a pipeline, in a container of Kubeflow Pipelines"},
    {"lineage", "what a metadata store knows: executions, artifacts, where a model comes from"},
    {"bless", "bless a model by hand, with a reason, to be the baseline from now on"},
    {"clean", "remove the artifacts of old runs"},
};

std::string Help() {
  std::string help =
      "tfxm: TFX for mobile. Takes data and a model to train to a TFLite file that is known to be as good as the model.\n\n"
      "Usage: tfxm COMMAND [flags]\n\nCommands:\n";
  for (const Entry& entry : kCommands) absl::StrAppendFormat(&help, "  %-12s %s\n", entry.name, entry.summary);
  return help +
         "\n`tfxm help COMMAND` explains one of them. A first run:\n"
         "  tfxm run examples/mnist/mnist_pipeline_native_keras.cc --data_root=DIR --output=runs/mnist\n"
         "\nExit status:\n"
         "    0  done\n"
         "    1  done, and the answer is no: a threshold is missed, there are anomalies, a rewritten model is outside of\n"
         "       its limits, a file is not what was pushed\n"
         "    2  called wrongly; nothing was done\n"
         "    3  failed\n"
         "  130  interrupted (Ctrl-C); 143: ended by SIGTERM\n";
}

std::string ExitStatusHelp(const Command& command) {
  const std::string no = command.No();
  return absl::StrCat("\nExit status: 0 done; ", no.empty() ? "" : absl::StrCat("1 ", no, "; "),
                      "2 called wrongly; 3 failed; 130, 143 interrupted.\n");
}

bool UseColor() {
  const char* const term = getenv("TERM");
  return isatty(STDERR_FILENO) && getenv("NO_COLOR") == nullptr && term != nullptr && std::strcmp(term, "dumb") != 0;
}

int Fail(absl::string_view message, int exit_status) {
  std::fflush(stdout);  // What was printed before comes first.
  // Names and data of others may be in it.
  std::fprintf(stderr, "%s%s\n", UseColor() ? "\033[31mtfxm:\033[0m " : "tfxm: ", PrintableLines(message).c_str());
  return exit_status;
}

int End(const absl::Status& status) {
  const absl::Status written = FlushStandardOutput();
  if (!status.ok()) return Fail(status.message(), ExitStatusOf(status));
  return written.ok() ? kExitDone : Fail(written.message(), kExitFailed);
}

const Entry* Find(absl::string_view name) {
  for (const Entry& entry : kCommands) {
    if (name == entry.name) return &entry;
  }
  return nullptr;
}

int NoCommand(const std::string& name) {
  std::vector<std::string> names;
  for (const Entry& entry : kCommands) names.push_back(entry.name);
  const std::string near = NearestNames(name, names);
  return Fail(absl::StrCat("no command ", name, near.empty() ? "" : absl::StrCat("; did you mean ", near),
                           "? See tfxm --help."),
              kExitUsage);
}

int RunCommand(const Entry& entry, const std::vector<std::string>& arguments) {
  if (entry.plugin != nullptr) {
    if (absl::Status loaded = LoadPlugin(entry.plugin); !loaded.ok()) return Fail(loaded.message(), kExitFailed);
  }
  absl::StatusOr<std::unique_ptr<Command>> command = CommandRegistry::Get().Create(entry.name);
  if (!command.ok()) return Fail(command.status().message(), kExitFailed);
  Flags flags = (*command)->MakeFlags();
  if (absl::Status parsed = flags.Parse(arguments); !parsed.ok()) {
    return Fail(absl::StrCat(entry.name, ": ", parsed.message(), "\nSee tfxm ", entry.name, " --help."), kExitUsage);
  }
  if (flags.help_requested()) return End(Print(flags.Help() + ExitStatusHelp(**command)));
  if (absl::Status threads = compute::CheckNumThreads(); !threads.ok()) return Fail(threads.message(), kExitUsage);
  return End((*command)->Run(flags.positional()));
}

int Main(std::vector<std::string> arguments) {
  if (arguments.empty()) {
    std::fputs(Help().c_str(), stderr);
    return kExitUsage;
  }
  const std::string name = arguments[0];
  if (name == "--version" || name == "version") {
    if (arguments.size() > 1) return Fail(absl::StrCat(name, " takes nothing more"), kExitUsage);
    return End(Print("tfxm " TFXM_VERSION "\n"));
  }
  if (name == "--help" || name == "-h" || name == "help") {
    if (arguments.size() == 1) return End(Print(Help()));
    arguments = {arguments[1], "--help"};
  }
  const Entry* const entry = Find(arguments[0]);
  if (entry == nullptr) return NoCommand(arguments[0]);
  return RunCommand(*entry, {arguments.begin() + 1, arguments.end()});
}

}  // namespace
}  // namespace tfxm::cli

int main(int argc, char** argv) {
  int exit_code;
  if (tfxm::MaybeRunExecutor(argc, argv, &exit_code)) return exit_code;
  tfxm::OpenStandardStreams();
  if (!tfxm::DieWithParentOfEnvironment()) {
    return tfxm::cli::Fail("the process that has started this one, which TFXM_PARENT names, has ended",
                           tfxm::kExitFailed);
  }
  tfxm::HandleInterrupts();
  try {
    return tfxm::cli::Main(std::vector<std::string>(argv + 1, argv + argc));
  } catch (const std::bad_alloc&) {
    return tfxm::cli::Fail("there is not enough memory", tfxm::kExitFailed);
  } catch (const std::exception& error) {  // Of a library: tfxm itself throws nothing.
    return tfxm::cli::Fail(error.what(), tfxm::kExitFailed);
  }
}
