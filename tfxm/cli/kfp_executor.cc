// SPDX-License-Identifier: Apache-2.0

// tfxm kfp-executor
#include <set>

#include "absl/strings/str_split.h"
#include "tfxm/cli/command.h"
#include "tfxm/orchestration/kubeflow/kubeflow_executor.h"

namespace tfxm::cli {
namespace {

std::set<std::string> Names(const std::string& text) { return absl::StrSplit(text, ',', absl::SkipEmpty()); }

class KfpExecutorCommand : public Command {
 public:
  Flags MakeFlags() override {
    Flags flags("tfxm kfp-executor --executor_class_path=NAME --executor_input='{…}'",
                "Runs one node of a pipeline as a container of Kubeflow Pipelines v2 does: what tfxm run PIPELINE\n"
                "--print_ir=kfp makes of a pipeline calls it. Reads an ExecutorInput, writes an ExecutorOutput.");
    flags.Add("node_id", &execution_.node_id, "ID", "the node's, for messages");
    flags.Add("executor_class_path", &execution_.executor, "NAME", "the executor").Required();
    flags.Add("executor_input", &input_, "JSON", "Kubeflow's ExecutorInput").Required();
    flags.Add("double_parameters", &doubles_, "NAMES", "the parameters that are numbers with a fraction");
    flags.Add("declared_properties", &declared_, "NAMES", "the properties of the artifacts' types");
    flags.Add("code", &code_, "HASH", "of the module file, for Kubeflow's cache; not looked at");
    return flags;
  }

  absl::Status Run(const std::vector<std::string>& arguments) override {
    execution_.double_parameters = Names(doubles_);
    execution_.declared_properties = Names(declared_);
    return RunKubeflowExecutor(execution_, input_);
  }

 private:
  KubeflowExecution execution_;
  std::string input_, doubles_, declared_, code_;
};

TFXM_REGISTER(CommandRegistry, "kfp-executor", [] { return std::make_unique<KfpExecutorCommand>(); });

}  // namespace
}  // namespace tfxm::cli
