#include "tfxm/orchestration/pipeline_main.h"

#include <cstdio>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "tfxm/dsl/compiler.h"
#include "tfxm/dsl/json.h"
#include "tfxm/orchestration/executor_process.h"
#include "tfxm/orchestration/local_dag_runner.h"
#include "tfxm/util/flags.h"
#include "tfxm/util/io.h"
#include "tfxm/util/registry.h"
#include "tfxm/util/status_macros.h"

namespace tfxm {
namespace {

constexpr int kFailed = 1, kWrongFlag = 2, kInterrupted = 130;

template <typename T, typename Parse>
T GetValue(const PipelineArgs& args, const std::string& name, T otherwise, Parse parse) {
  args.asked[name] = absl::StrCat(otherwise);
  const auto it = args.values.find(name);
  T value;
  if (it == args.values.end()) return otherwise;
  if (parse(it->second, &value)) return value;
  args.malformed.insert(name);
  return otherwise;
}

int Report(const std::string& program, absl::string_view message, int exit_code) {
  std::fprintf(stderr, "%s: %s\n", program.c_str(), std::string(message).c_str());
  return exit_code;
}

// A flag that neither this file nor CreatePipeline knows, or whose value is no number.
absl::Status CheckArgs(const PipelineArgs& args) {
  for (const std::string& name : args.malformed) {
    return absl::InvalidArgumentError(
        absl::StrCat("--", name, "=", args.values.at(name), ": expected a value like ", args.asked.at(name)));
  }
  for (const auto& [name, value] : args.values) {
    if (args.asked.count(name) > 0) continue;
    std::vector<std::string> known = {"--data_root",          "--output",   "--nocache",
                                      "--max_parallel_nodes", "--print_ir", "--help"};
    for (const auto& [other, otherwise] : args.asked) known.push_back("--" + other);
    const std::string near = NearestNames("--" + name, known);
    return absl::InvalidArgumentError(absl::StrCat(
        "unknown flag --", name, near.empty() ? "" : absl::StrCat("; did you mean ", near, "?"), " See --help."));
  }
  return absl::OkStatus();
}

// The first node that was given no data.
absl::Status CheckDataRoot(const Pipeline& pipeline, const PipelineArgs& args) {
  if (!args.data_root.empty()) return absl::OkStatus();
  for (const Node& node : pipeline.components) {
    const auto it = node.spec().exec_properties.find("input_base");
    if (it != node.spec().exec_properties.end() && it->second == PropertyValue("")) {
      return absl::InvalidArgumentError(
          absl::StrCat("--data_root=DIR is missing: the data that ", node.id(), " reads"));
    }
  }
  return absl::OkStatus();
}

std::string Help(const Flags& flags, const PipelineArgs& args, const absl::StatusOr<Pipeline>& pipeline) {
  std::string text = flags.Help();
  if (!args.asked.empty()) text += "\nFlags of this pipeline:\n";
  for (const auto& [name, otherwise] : args.asked) {
    absl::StrAppend(&text, "  --", name, "=VALUE  (default: ", otherwise.empty() ? "empty" : otherwise, ")\n");
  }
  if (!pipeline.ok()) return text;
  absl::StrAppend(&text, "\nNodes of ", pipeline->pipeline_name, ":\n");
  for (const Node& node : pipeline->components) absl::StrAppend(&text, "  ", node.id(), "\n");
  return text;
}

int PrintIr(const std::string& program, const Pipeline& pipeline) {
  const auto ir = CompilePipeline(pipeline);
  if (!ir.ok()) return Report(program, ir.status().message(), kFailed);
  std::puts(ToTfxJson(*ir).c_str());
  return 0;
}

}  // namespace

std::string PipelineArgs::Get(const std::string& name, const std::string& otherwise) const {
  return GetValue(*this, name, otherwise, [](const std::string& text, std::string* value) {
    *value = text;
    return true;
  });
}
int64_t PipelineArgs::GetInt(const std::string& name, int64_t otherwise) const {
  return GetValue(*this, name, otherwise,
                  [](const std::string& text, int64_t* value) { return absl::SimpleAtoi(text, value); });
}
double PipelineArgs::GetDouble(const std::string& name, double otherwise) const {
  return GetValue(*this, name, otherwise,
                  [](const std::string& text, double* value) { return absl::SimpleAtod(text, value); });
}
bool PipelineArgs::GetBool(const std::string& name, bool otherwise) const {
  return GetValue(*this, name, otherwise, [](const std::string& text, bool* value) {
    *value = true;  // --name alone.
    return text.empty() || absl::SimpleAtob(text, value);
  });
}

int RunPipelineMain(int argc, char** argv,
                    const std::function<absl::StatusOr<Pipeline>(const PipelineArgs& args)>& create_pipeline,
                    const PipelineMainOptions& options) {
  int exit_code = 0;
  if (MaybeRunExecutor(argc, argv, &exit_code)) return exit_code;
  const std::string program = io::Basename(argv[0]);
  PipelineArgs args;
  args.output = absl::StrCat("runs/", program);
  bool cache = true, print_ir = false;
  LocalDagRunnerOptions runner_options;
  Flags flags(absl::StrCat(program, " --data_root=DIR [--output=DIR] [--name=value …]"),
              "Runs the pipeline. What has been done before and has not changed is taken from the cache.");
  flags.Add("data_root", &args.data_root, "DIR", "the data");
  flags.Add("output", &args.output, "DIR", "where everything that the run leaves goes");
  flags.Add("cache", &cache, "use the results of earlier runs; --nocache runs every node again");
  flags.Add("max_parallel_nodes", &runner_options.max_parallel_nodes, "N",
            "nodes that run at a time; 0: one for each core");
  flags.Add("print_ir", &print_ir,
            "print the pipeline's intermediate representation (TFX's pipeline.proto, as JSON) and do nothing");
  std::vector<std::pair<std::string, std::string>> others;
  flags.CollectUnknown(&others);
  absl::Status parsed = flags.Parse(std::vector<std::string>(argv + 1, argv + argc));
  if (parsed.ok() && !flags.positional().empty()) {
    parsed =
        absl::InvalidArgumentError(absl::StrCat("\"", flags.positional()[0], "\" is no flag; flags are --name=value"));
  }
  if (!parsed.ok()) return Report(program, absl::StrCat(parsed.message(), " See --help."), kWrongFlag);
  args.values.insert(others.begin(), others.end());
  if (!args.data_root.empty()) args.data_root = io::AbsolutePath(args.data_root);
  args.output = io::AbsolutePath(args.output);
  runner_options.enable_cache = cache;

  const absl::StatusOr<Pipeline> pipeline = create_pipeline(args);
  if (flags.help_requested()) {
    std::fputs(Help(flags, args, pipeline).c_str(), stdout);
    return 0;
  }
  if (const absl::Status status = CheckArgs(args); !status.ok()) return Report(program, status.message(), kWrongFlag);
  if (!pipeline.ok()) return Report(program, pipeline.status().message(), kFailed);
  if (print_ir) return PrintIr(program, *pipeline);
  if (const absl::Status status = CheckDataRoot(*pipeline, args); !status.ok()) {
    return Report(program, status.message(), kWrongFlag);
  }
  const absl::StatusOr<RunResult> result = LocalDagRunner(runner_options).Run(*pipeline);
  if (!result.ok()) return Report(program, result.status().message(), kFailed);
  if (result->interrupted) return kInterrupted;
  if (!result->ok()) return kFailed;
  if (options.after_run != nullptr) {
    if (const absl::Status status = options.after_run(args, *result); !status.ok()) {
      return Report(program, status.message(), kFailed);
    }
  }
  return 0;
}

}  // namespace tfxm
