// SPDX-License-Identifier: Apache-2.0

#include "tfxm/orchestration/run_ir.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tfxm/components/executor.h"
#include "tfxm/components/modules/python_module.h"
#include "tfxm/components/modules/wheel_module.h"
#include "tfxm/dsl/ir_loader.h"
#include "tfxm/orchestration/pipeline_main.h"
#include "tfxm/orchestration/resolver/resolver.h"
#include "tfxm/util/status_macros.h"

namespace tfxm {
namespace {

namespace ir = ::tfx::orchestration;

// Makes each a flag, also where loading ends with an error before it comes to it.
void AskForRuntimeParameters(const ir::Pipeline& pipeline, const PipelineArgs& args) {
  const auto ask = [&](const ir::Value& value) {
    if (!value.has_runtime_parameter()) return;
    const ml_metadata::Value& otherwise = value.runtime_parameter().default_value();
    args.Get(value.runtime_parameter().name(), otherwise.has_int_value()      ? absl::StrCat(otherwise.int_value())
                                               : otherwise.has_double_value() ? absl::StrCat(otherwise.double_value())
                                                                              : otherwise.string_value());
  };
  ask(pipeline.runtime_spec().pipeline_root());
  for (const auto& entry : pipeline.nodes()) {
    for (const auto& [name, value] : entry.pipeline_node().parameters().parameters()) ask(value);
  }
}

// An executor that is none of the engine's is one in Python, if it has a Python class's name.
absl::Status SetPythonExecutors(const Pipeline& pipeline) {
  for (const Node& node : pipeline.components) {
    const NodeSpec& spec = node.spec();
    // TFX's own, unless its file is named: its examples have components that are called tfx.examples.….
    const bool of_family = spec.executor_file.empty() &&
                           (absl::StartsWith(spec.executor, "tfx.") || absl::StartsWith(spec.executor, "tfxm."));
    if (spec.kind != NodeKind::kComponent || !spec.plugin.empty() || of_family ||
        !absl::StrContains(spec.executor, '.') || ExecutorRegistry::Get().Has(spec.executor)) {
      continue;
    }
    if (spec.executor_file.empty() && absl::StartsWith(spec.executor, "__main__.")) {
      return absl::InvalidArgumentError(
          absl::StrCat("node ", spec.id, ": its executor ", spec.executor,
                       " is in a script that the IR does not name; run the pipeline's file itself: tfxm run FILE.py"));
    }
    node.with_exec_property(kExecutorClassPath, spec.executor);
    if (!spec.json_parameters.empty()) {
      node.with_exec_property(kExecutorJsonParameters, absl::StrJoin(spec.json_parameters, ","));
    }
    if (spec.executor_file.empty()) {
      node.with_enable_cache(false);  // Whether its code has changed nobody knows.
    } else {
      node.with_exec_property(kExecutorModuleFile, spec.executor_file);
    }
    node.with_executor(kPythonExecutor);
  }
  return absl::OkStatus();
}

// TFX's compiler packs each module_file into a wheel and names that instead.
absl::Status UnpackModules(const Pipeline& pipeline) {
  for (const Node& node : pipeline.components) {
    const std::string module_path = StringPropertyOr(node.spec().exec_properties, "module_path", "");
    if (module_path.empty()) continue;
    const absl::StatusOr<std::string> module_file = UnpackModule(module_path);
    RETURN_IF_ERROR(Annotate(module_file.status(), absl::StrCat("node ", node.id())));
    node.with_exec_property("module_file", *module_file).with_exec_property("module_path", "null");
  }
  return absl::OkStatus();
}

// Plugins are not asked: loading one takes longer than the check is worth, and what is in them is known (dsl).
absl::Status CheckNodes(const Pipeline& pipeline) {
  for (const Node& node : pipeline.components) {
    const NodeSpec& spec = node.spec();
    if (spec.kind == NodeKind::kResolver) {
      const std::string strategy = StringPropertyOr(spec.exec_properties, "strategy_class", "");
      if (IsResolverStrategy(strategy)) continue;
      return absl::UnimplementedError(
          absl::StrCat("node ", spec.id, ": tfxm's Resolver has no strategy \"", strategy, "\""));
    }
    if (spec.kind != NodeKind::kComponent || !spec.plugin.empty() || ExecutorRegistry::Get().Has(spec.executor)) {
      continue;
    }
    const std::string near = NearestNames(spec.executor, ExecutorRegistry::Get().Names());
    return absl::UnimplementedError(absl::StrCat("node ", spec.id, ": tfxm has no executor \"", spec.executor, "\"",
                                                 near.empty() ? "" : absl::StrCat("; it has ", near)));
  }
  return absl::OkStatus();
}

absl::StatusOr<Pipeline> CreatePipeline(const ir::Pipeline& pipeline, const PipelineArgs& args, bool unpack_modules) {
  AskForRuntimeParameters(pipeline, args);
  if (!args.data_root.empty()) {
    return absl::InvalidArgumentError("--data_root: the pipeline says itself where its data is; it has no such flag");
  }
  ASSIGN_OR_RETURN(Pipeline loaded, LoadPipeline(pipeline, [&](const std::string& name, const std::string& otherwise) {
                     return args.Get(name, otherwise);
                   }));
  RETURN_IF_ERROR(SetPythonExecutors(loaded));
  RETURN_IF_ERROR(CheckNodes(loaded));
  RETURN_IF_ERROR(OrderNodes(loaded).status());
  if (unpack_modules) RETURN_IF_ERROR(UnpackModules(loaded));
  return loaded;
}

}  // namespace

absl::StatusOr<int> RunPipelineIr(const std::string& path, const std::vector<std::string>& flags) {
  ASSIGN_OR_RETURN(const ir::Pipeline pipeline, ReadPipelineIr(path));
  std::string name = pipeline.pipeline_info().id();
  if (name.empty()) name = "pipeline";
  // There the wheels are unpacked where the node runs.
  const bool for_kubeflow = std::find(flags.begin(), flags.end(), "--print_ir=kfp") != flags.end();
  std::vector<std::string> arguments = {name};
  arguments.insert(arguments.end(), flags.begin(), flags.end());
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  return RunPipelineMain(static_cast<int>(argv.size()), argv.data(),
                         [&](const PipelineArgs& args) { return CreatePipeline(pipeline, args, !for_kubeflow); });
}

}  // namespace tfxm
