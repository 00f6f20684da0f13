// SPDX-License-Identifier: Apache-2.0

// Tuner: calls the module's tuner_fn, has its tuner search, and writes down what is best.
#include "tfx/proto/tuner.pb.h"
#include "tfxm/components/executor.h"
#include "tfxm/components/modules/python_module.h"
#include "tfxm/components/trainer/fn_args.h"
#include "tfxm/components/trainer/python_run_fn.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"

namespace tfxm {
namespace {

class TunerExecutor : public Executor {
 public:
  absl::Status Do(const ArtifactDict& inputs, const Properties& exec_properties, const ExecutorContext& context,
                  ArtifactDict* outputs) override {
    ASSIGN_OR_RETURN(const std::string module_file, StringProperty(exec_properties, "module_file"));
    if (!IsPythonModule(module_file)) {
      return absl::UnimplementedError(
          absl::StrCat("module file ", module_file, ": a tuner_fn is written in Python, with KerasTuner (.py)"));
    }
    tfx::components::tuner::TuneArgs tune_args;
    RETURN_IF_ERROR(
        Annotate(io::ParseJson(StringPropertyOr(exec_properties, "tune_args", "{}"), &tune_args), "tune_args"));
    if (tune_args.num_parallel_trials() > 1) {
      return absl::UnimplementedError(absl::StrCat("tune_args asks for ", tune_args.num_parallel_trials(),
                                                   " parallel trials; tfxm, as TFX's own Tuner, runs one at a time"));
    }
    ASSIGN_OR_RETURN(const Artifact* best, SingleArtifact(outputs, "best_hyperparameters"));
    PythonRunFn tuner_fn{.function = "tuner_fn", .module_file = module_file};
    ASSIGN_OR_RETURN(tuner_fn.fn_args, MakeFnArgs("Tuner", inputs, exec_properties));
    tuner_fn.fn_args.working_dir = context.tmp_dir;
    tuner_fn.fn_args.checkpoint_dir = context.checkpoint_dir;
    tuner_fn.custom_config = StringPropertyOr(exec_properties, "custom_config", "");
    tuner_fn.best_hyperparameters = io::JoinPath(best->uri, kBestHyperparametersFile);
    // An IR of an older TFX has no such output.
    if (outputs->count("tuner_results") > 0) {
      ASSIGN_OR_RETURN(const Artifact* results, SingleArtifact(outputs, "tuner_results"));
      tuner_fn.tuner_results = io::JoinPath(results->uri, "tuner_results.json");
    }
    return CallRunFn(tuner_fn, context);
  }
};

TFXM_REGISTER(ExecutorRegistry, "tfx.components.tuner.executor.Executor",
              [] { return std::make_unique<TunerExecutor>(); });

}  // namespace
}  // namespace tfxm
