// SPDX-License-Identifier: Apache-2.0

#include "tfxm/orchestration/pipeline_main.h"

#include <cstdio>
#include <limits>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "tfxm/components/executor.h"
#include "tfxm/compute/pass.h"
#include "tfxm/distribution/launcher_flags.h"
#include "tfxm/dsl/compiler.h"
#include "tfxm/dsl/json.h"
#include "tfxm/orchestration/executor/executor_process.h"
#include "tfxm/orchestration/interrupts.h"
#include "tfxm/orchestration/kubeflow/pipeline_spec.h"
#include "tfxm/orchestration/local_dag_runner.h"
#include "tfxm/orchestration/run/display.h"
#include "tfxm/orchestration/run/pipeline_paths.h"
#include "tfxm/util/exit_status.h"
#include "tfxm/util/flags.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"
#include "tfxm/util/text/text.h"

namespace tfxm {
namespace {

// As it was given; --name alone is one that is true or false.
std::string Argument(const std::string& name, const std::string& value, bool is_bool) {
  return absl::StrCat("--", name, is_bool && value.empty() ? "" : "=", value);
}

// The value of a flag of the pipeline, which declare(name, flags, &value) adds. If it is not one, CheckArgs says so.
template <typename T, typename Declare>
T GetValue(const PipelineArgs& args, const std::string& name, T otherwise, Declare declare) {
  const auto value = std::make_shared<T>(otherwise);
  const auto add = [=](Flags* flags) { declare(name, flags, value.get()); };
  constexpr bool kIsBool = std::is_same_v<T, bool>;
  args.asked[name] = {absl::StrCat(otherwise), kIsBool, add};
  const auto it = args.values.find(name);
  if (it == args.values.end()) return otherwise;
  Flags flags("", "");
  add(&flags);
  return flags.Parse({Argument(name, it->second, kIsBool)}).ok() ? *value : otherwise;
}

// The flags that every pipeline has.
struct CommonFlags {
  bool cache = true, explain_cache = false, print_ir = false, allow_empty_splits = false, fail_unless_blessed = false;
  bool kfp = false;
  std::string kfp_image = absl::StrCat("tfxm:", TFXM_VERSION);
  int max_parallel_nodes = LocalDagRunnerOptions().max_parallel_nodes;
  std::string from_nodes, to_nodes;
  distribution::LauncherFlags launcher;

  void Declare(PipelineArgs* args, Flags* flags) {
    flags->Add("data_root", &args->data_root, "DIR", "the data");
    flags->Add("output", &args->output, "DIR", "where everything that the run leaves goes");
    flags->Add("cache", &cache, "use the results of earlier runs; --nocache runs every node again");
    flags->Add("explain_cache", &explain_cache,
               "say for each node why the results of an earlier run were used, or were not");
    flags->Add("allow_empty_splits", &allow_empty_splits, "go on with splits that no example falls into");
    flags->Add("fail_unless_blessed", &fail_unless_blessed,
               "end with status 1 if a model is not blessed; without it that is an answer like any other");
    flags->Add("max_parallel_nodes", &max_parallel_nodes, "N", "nodes that run at a time; 0: one for each core")
        .AtLeast(0);
    flags->Add(
        "from_nodes", &from_nodes, "NODES",
        "run only these nodes (comma-separated) and those that come after them; what they need of others is what "
        "those have made last");
    flags->Add("to_nodes", &to_nodes, "NODES", "run only these nodes and those that come before them");
    launcher.AddTo(flags);
    flags
        ->Add("print_ir", &print_ir,
              "print the pipeline's intermediate representation (TFX's pipeline.proto, as JSON) and do nothing; "
              "--print_ir=kfp prints the pipeline of Kubeflow Pipelines v2")
        .set = [this](const Flags::Flag&, const std::string& text) {
      kfp = text == "kfp";
      return kfp || absl::SimpleAtob(text, &print_ir) ? "" : "kfp, true or false";
    };
    flags->Add("kfp_image", &kfp_image, "IMAGE", "of --print_ir=kfp: what its containers are made of");
  }
};

int Report(const std::string& program, absl::string_view message, int exit_code) {
  std::fprintf(stderr, "%s: %s\n", program.c_str(),
               PrintableLines(message).c_str());  // It may quote what others wrote.
  return exit_code;
}

// A flag that neither this file nor CreatePipeline knows, or whose value does not fit.
absl::Status CheckArgs(const PipelineArgs& args) {
  PipelineArgs ignored;
  CommonFlags common;
  Flags flags("", "");
  common.Declare(&ignored, &flags);
  for (const auto& [name, asked] : args.asked) asked.declare(&flags);
  std::vector<std::string> arguments;
  for (const auto& [name, value] : args.values) {
    const auto asked = args.asked.find(name);
    arguments.push_back(Argument(name, value, asked != args.asked.end() && asked->second.is_bool));
  }
  return flags.Parse(arguments);
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

// FAILED_PRECONDITION names a node that does not bless its model, or says that none blesses any.
absl::Status CheckBlessed(const RunResult& result) {
  bool any = false;
  for (const NodeResult& node : result.nodes) {
    const auto blessings = node.outputs.find("blessing");
    if (blessings == node.outputs.end()) continue;
    for (const Artifact& blessing : blessings->second) {
      if (IntPropertyOr(blessing.custom_properties, "blessed", 0) != 1) {
        return absl::FailedPreconditionError(
            absl::StrCat("--fail_unless_blessed: ", node.node_id, " has not blessed its model"));
      }
      any = true;
    }
  }
  if (any) return absl::OkStatus();
  return absl::FailedPreconditionError("--fail_unless_blessed: no node of this pipeline has blessed a model");
}

std::string Help(const Flags& flags, const PipelineArgs& args, const absl::StatusOr<Pipeline>& pipeline) {
  std::string text = flags.Help();
  if (!args.asked.empty()) text += "\nFlags of this pipeline:\n";
  for (const auto& [name, asked] : args.asked) {
    const std::string& otherwise = asked.default_text;
    absl::StrAppend(&text, "  --", name, "=VALUE  (default: ", otherwise.empty() ? "empty" : otherwise, ")\n");
  }
  if (!pipeline.ok()) return text;
  absl::StrAppend(&text, "\nNodes of ", pipeline->pipeline_name, ":\n");
  for (const Node& node : pipeline->components) absl::StrAppend(&text, "  ", node.id(), "\n");
  return text;
}

// On stdout, until it is done or a signal ends it.
absl::StatusOr<RunResult> Run(const Pipeline& pipeline, bool explain_cache, LocalDagRunnerOptions options) {
  const std::unique_ptr<Display> display = NewDisplay(stdout, explain_cache);
  Cancellation cancellation;
  const Interrupts interrupts(&cancellation);
  options.display = display.get();
  options.cancellation = &cancellation;
  return LocalDagRunner(options).Run(pipeline);
}

int PrintKubeflow(const std::string& program, const Pipeline& pipeline, const std::string& image) {
  const auto spec = KubeflowPipelineSpec(pipeline, {.image = image});
  if (!spec.ok()) return Report(program, spec.status().message(), kExitFailed);
  std::puts(spec->c_str());
  return 0;
}

int PrintIr(const std::string& program, const Pipeline& pipeline) {
  const auto ir = CompilePipeline(pipeline);
  if (!ir.ok()) return Report(program, ir.status().message(), kExitFailed);
  std::puts(ToTfxJson(*ir).c_str());
  return 0;
}

}  // namespace

std::string PipelineArgs::Get(const std::string& name, const std::string& otherwise) const {
  return GetValue(*this, name, otherwise, [](const std::string& flag, Flags* flags, std::string* value) {
    flags->Add(flag, value, "TEXT", "");
  });
}
int64_t PipelineArgs::GetInt(const std::string& name, int64_t otherwise, int64_t least, int64_t most) const {
  return GetValue(*this, name, otherwise, [=](const std::string& flag, Flags* flags, int64_t* value) {
    Flags::Flag& declared = flags->Add(flag, value, "N", "");
    if (least > std::numeric_limits<int64_t>::min()) declared.AtLeast(static_cast<double>(least));
    if (most < std::numeric_limits<int64_t>::max()) declared.max = static_cast<double>(most);
  });
}
double PipelineArgs::GetDouble(const std::string& name, double otherwise) const {
  return GetValue(*this, name, otherwise,
                  [](const std::string& flag, Flags* flags, double* value) { flags->Add(flag, value, "X", ""); });
}
bool PipelineArgs::GetBool(const std::string& name, bool otherwise) const {
  return GetValue(*this, name, otherwise,
                  [](const std::string& flag, Flags* flags, bool* value) { flags->Add(flag, value, ""); });
}

int RunPipelineMain(int argc, char** argv,
                    const std::function<absl::StatusOr<Pipeline>(const PipelineArgs& args)>& create_pipeline,
                    const PipelineMainOptions& options) {
  int exit_code = 0;
  if (MaybeRunExecutor(argc, argv, &exit_code)) return exit_code;
  const std::string program = io::Basename(argv[0]);
  PipelineArgs args;
  args.output = absl::StrCat("runs/", program);
  CommonFlags common;
  Flags flags(absl::StrCat(program, " --data_root=DIR [--output=DIR] [--name=value …]"),
              "Runs the pipeline. What has been done before and has not changed is taken from the cache.");
  common.Declare(&args, &flags);
  std::vector<std::pair<std::string, std::string>> others;
  flags.CollectUnknown(&others);
  absl::Status parsed = flags.Parse(std::vector<std::string>(argv + 1, argv + argc));
  if (const absl::Status threads = compute::CheckNumThreads(); parsed.ok() && !threads.ok()) {
    return Report(program, threads.message(), kExitUsage);
  }
  args.values.insert(others.begin(), others.end());
  if (!parsed.ok()) return Report(program, absl::StrCat(parsed.message(), ". See --help."), kExitUsage);
  if (!args.data_root.empty()) args.data_root = io::AbsolutePath(args.data_root);
  args.output = io::AbsolutePath(args.output);
  LocalDagRunnerOptions runner_options;
  runner_options.enable_cache = common.cache;
  runner_options.max_parallel_nodes = common.max_parallel_nodes;
  runner_options.from_nodes = absl::StrSplit(common.from_nodes, ',', absl::SkipEmpty());
  runner_options.to_nodes = absl::StrSplit(common.to_nodes, ',', absl::SkipEmpty());

  const absl::StatusOr<Pipeline> pipeline = create_pipeline(args);
  if (flags.help_requested()) {
    std::fputs(Help(flags, args, pipeline).c_str(), stdout);
    return 0;
  }
  if (const absl::Status status = CheckArgs(args); !status.ok()) {
    return Report(program, absl::StrCat(status.message(), ". See --help."), kExitUsage);
  }
  if (!pipeline.ok()) return Report(program, pipeline.status().message(), kExitFailed);
  if (const absl::Status status = CheckNoKeys(*pipeline); !status.ok()) {
    return Report(program, status.message(), kExitFailed);
  }
  if (common.kfp) return PrintKubeflow(program, *pipeline, common.kfp_image);
  if (common.print_ir) return PrintIr(program, *pipeline);
  if (const absl::Status status = CheckDataRoot(*pipeline, args); !status.ok()) {
    return Report(program, status.message(), kExitUsage);
  }
  if (common.allow_empty_splits) {
    for (const Node& node : pipeline->components) {
      if (node.spec().exec_properties.count("input_config") > 0) {
        node.with_exec_property("allow_empty_splits", int64_t{1});
      }
    }
  }
  if (options.before_run != nullptr) {
    const absl::Status before = options.before_run(args);
    if (!before.ok()) return Report(program, before.message(), ExitStatusOf(before));
  }
  runner_options.launcher = common.launcher.Get(pipeline->launcher);
  const absl::StatusOr<RunResult> result = Run(*pipeline, common.explain_cache, runner_options);
  if (!result.ok()) return Report(program, result.status().message(), ExitStatusOf(result.status()));
  absl::Status after;
  if (options.after_run != nullptr) after = options.after_run(args, *result);
  if (!after.ok()) Report(program, after.message(), kExitFailed);
  if (result->interrupted) return 128 + result->signal;
  if (!result->ok() || !after.ok()) return kExitFailed;
  if (!common.fail_unless_blessed) return kExitDone;
  const absl::Status blessed = CheckBlessed(*result);
  return blessed.ok() ? kExitDone : Report(program, blessed.message(), kExitNo);
}

}  // namespace tfxm
