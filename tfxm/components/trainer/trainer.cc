// SPDX-License-Identifier: Apache-2.0

// Trainer: calls the module's run_fn and sees that it left a model.
#include "tfxm/components/executor.h"
#include "tfxm/components/modules/module_file.h"
#include "tfxm/components/modules/python_module.h"
#include "tfxm/components/trainer/fn_args.h"
#include "tfxm/components/trainer/python_run_fn.h"
#include "tfxm/litert/flatbuffer.h"
#include "tfxm/metadata/artifact_layout.h"
#include "tfxm/nn/callbacks/callbacks.h"
#include "tfxm/nn/fn_args.h"
#include "tfxm/nn/internal/num_threads.h"
#include "tfxm/saved_model/saved_model.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"

namespace tfxm {
namespace {

absl::Status CheckModel(const std::string& dir, absl::string_view module_file) {
  const std::string tflite = io::JoinPath(dir, "tflite");
  if (io::Exists(tflite)) return litert::ModelFile::Read(tflite).status();
  if (SavedModel::IsSavedModel(dir)) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(
      "run_fn of ", module_file, " saved no model: there is neither saved_model.pb nor a file `tflite` in ",
      "fn_args.serving_model_dir; save the model there, or rewrite it into there"));
}

class TrainerExecutor : public Executor {
 public:
  absl::Status Do(const ArtifactDict& inputs, const Properties& exec_properties, const ExecutorContext& context,
                  ArtifactDict* outputs) override {
    ASSIGN_OR_RETURN(const std::string module_file, StringProperty(exec_properties, "module_file"));
    ASSIGN_OR_RETURN(Artifact* const model, SingleArtifact(outputs, "model"));
    ASSIGN_OR_RETURN(const Artifact* model_run, SingleArtifact(outputs, "model_run"));
    ASSIGN_OR_RETURN(FnArgs fn_args, MakeFnArgs("Trainer", inputs, exec_properties));
    fn_args.working_dir = context.tmp_dir;
    fn_args.checkpoint_dir = context.checkpoint_dir;
    fn_args.serving_model_dir = io::JoinPath(model->uri, kServingModelDir);
    fn_args.eval_model_dir = io::JoinPath(model->uri, kEvalModelDir);
    fn_args.model_run_dir = model_run->uri;

    if (IsPythonModule(module_file)) {
      RETURN_IF_ERROR(WithEmptySplits(RunInPython(module_file, fn_args, inputs, exec_properties, context), fn_args));
      return CheckModel(fn_args.serving_model_dir, module_file);
    }
    const int64_t num_threads = IntPropertyOr(exec_properties, "num_threads", nn::kDefaultNumThreads);
    if (num_threads < 1 || num_threads > 1024) {
      return absl::InvalidArgumentError(absl::StrCat("num_threads is ", num_threads, "; expected 1 to 1024"));
    }
    nn::SetDefaultNumThreads(static_cast<int>(num_threads));
    model->custom_properties["num_threads"] = num_threads;
    context.progress("compiling the module file", -1);
    ASSIGN_OR_RETURN(const ModuleFile module, ModuleFile::Load(module_file));
    using RunFn = absl::Status(const FnArgs&);
    absl::StatusOr<RunFn*> run_fn = module.Function<RunFn>("run_fn");
    if (!run_fn.ok() && module.HasFunction<RunFn>("RunFn")) run_fn = module.Function<RunFn>("RunFn");
    RETURN_IF_ERROR(run_fn.status());
    nn::SetProgressListener(context.progress);
    RETURN_IF_ERROR(WithEmptySplits(Annotate((*run_fn)(fn_args), absl::StrCat("run_fn of ", module_file)), fn_args));
    return CheckModel(fn_args.serving_model_dir, module_file);
  }

 private:
  static absl::Status RunInPython(const std::string& module_file, const FnArgs& fn_args, const ArtifactDict& inputs,
                                  const Properties& exec_properties, const ExecutorContext& context) {
    PythonRunFn run_fn{.module_file = module_file, .fn_args = fn_args};
    run_fn.custom_config = StringPropertyOr(exec_properties, "custom_config", "");
    if (const std::string path = HyperparametersFile(inputs); !path.empty()) {
      ASSIGN_OR_RETURN(run_fn.hyperparameters, io::ReadFile(path));
    }
    if (exec_properties.count("num_threads") > 0) {
      run_fn.num_threads = IntPropertyOr(exec_properties, "num_threads", 1);
    }
    return CallRunFn(run_fn, context);
  }
};

TFXM_REGISTER(ExecutorRegistry, "tfx.components.trainer.executor.GenericExecutor",
              [] { return std::make_unique<TrainerExecutor>(); });

}  // namespace
}  // namespace tfxm
