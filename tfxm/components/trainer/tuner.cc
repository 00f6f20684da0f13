// SPDX-License-Identifier: Apache-2.0

// Tuner: calls the module's tuner_fn, has its tuner search, and writes down what is best.
#include "tfxm/nn/tuner/tuner.h"

#include <algorithm>
#include <utility>
#include <variant>
#include <vector>

#include "tfx/proto/tuner.pb.h"
#include "tfxm/components/executor.h"
#include "tfxm/components/modules/module_file.h"
#include "tfxm/components/modules/python_module.h"
#include "tfxm/components/trainer/fn_args.h"
#include "tfxm/components/trainer/python_run_fn.h"
#include "tfxm/nn/callbacks/callbacks.h"
#include "tfxm/nn/internal/num_threads.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"
#include "tfxm/util/text/json_writer.h"

namespace tfxm {
namespace {

class TunerExecutor : public Executor {
 public:
  absl::Status Do(const ArtifactDict& inputs, const Properties& exec_properties, const ExecutorContext& context,
                  ArtifactDict* outputs) override {
    ASSIGN_OR_RETURN(const std::string module_file, StringProperty(exec_properties, "module_file"));
    tfx::components::tuner::TuneArgs tune_args;
    RETURN_IF_ERROR(
        Annotate(io::ParseJson(StringPropertyOr(exec_properties, "tune_args", "{}"), &tune_args), "tune_args"));
    if (tune_args.num_parallel_trials() > 1) {
      return absl::UnimplementedError(absl::StrCat("tune_args asks for ", tune_args.num_parallel_trials(),
                                                   " parallel trials; tfxm, as TFX's own Tuner, runs one at a time"));
    }
    ASSIGN_OR_RETURN(FnArgs fn_args, MakeFnArgs("Tuner", inputs, exec_properties));
    fn_args.working_dir = context.tmp_dir;
    fn_args.checkpoint_dir = context.checkpoint_dir;
    ASSIGN_OR_RETURN(const Artifact* best, SingleArtifact(outputs, "best_hyperparameters"));
    const std::string best_file = io::JoinPath(best->uri, kBestHyperparametersFile);
    std::string results_file;  // An IR of an older TFX has no such output.
    if (outputs->count("tuner_results") > 0) {
      ASSIGN_OR_RETURN(const Artifact* results, SingleArtifact(outputs, "tuner_results"));
      results_file = io::JoinPath(results->uri, "tuner_results.json");
    }
    if (!IsPythonModule(module_file)) return Search(module_file, fn_args, context, best_file, results_file);
    PythonRunFn tuner_fn{.function = "tuner_fn", .module_file = module_file, .fn_args = std::move(fn_args)};
    tuner_fn.custom_config = StringPropertyOr(exec_properties, "custom_config", "");
    tuner_fn.best_hyperparameters = best_file;
    tuner_fn.tuner_results = results_file;
    return CallRunFn(tuner_fn, context);
  }

 private:
  // In C++: the files are those that KerasTuner's trials become (python/tfxm/runtime/tuner.py).
  static absl::Status Search(const std::string& module_file, const FnArgs& fn_args, const ExecutorContext& context,
                             const std::string& best_file, const std::string& results_file) {
    nn::SetDefaultNumThreads(nn::kDefaultNumThreads);
    context.progress("compiling the module file", -1);
    ASSIGN_OR_RETURN(const ModuleFile module, ModuleFile::Load(module_file));
    using TunerFn = absl::StatusOr<TunerFnResult>(const FnArgs&);
    ASSIGN_OR_RETURN(TunerFn* const tuner_fn, module.Function<TunerFn>("tuner_fn"));
    const std::string where = absl::StrCat("tuner_fn of ", module_file);
    const absl::StatusOr<TunerFnResult> result = tuner_fn(fn_args);
    RETURN_IF_ERROR(Annotate(result.status(), where));
    const absl::StatusOr<std::vector<nn::Trial>> trials = result->tuner.Search([&](int64_t number, int64_t most) {
      const std::string trial = absl::StrCat("trial ", number, "/", most);
      const double begin = static_cast<double>(number - 1) / static_cast<double>(most);
      context.progress(trial, begin);
      nn::SetProgressListener([&context, trial, begin, most](absl::string_view message, double fraction) {
        context.progress(absl::StrCat(trial, ": ", message),
                         begin + std::max(0.0, fraction) / static_cast<double>(most));
      });
    });
    RETURN_IF_ERROR(Annotate(trials.status(), where));
    RETURN_IF_ERROR(io::WriteFile(best_file, trials->front().hyperparameters.ToJson()));
    if (results_file.empty()) return absl::OkStatus();
    JsonWriter json;
    json.BeginArray();
    for (const nn::Trial& trial : *trials) {
      json.BeginObject().Key("trial_id").String(trial.trial_id).Key("score").Real(trial.score);
      for (const auto& [name, value] : trial.hyperparameters.values()) {
        json.Key(name);
        if (const auto* text = std::get_if<std::string>(&value)) json.String(*text);
        if (const auto* number = std::get_if<int64_t>(&value)) json.Integer(*number);
        if (const auto* real = std::get_if<double>(&value)) json.Real(*real);
        if (const auto* truth = std::get_if<bool>(&value)) json.Bool(*truth);
      }
      json.End();
    }
    json.End();
    return io::WriteFile(results_file, std::move(json).Take());
  }
};

TFXM_REGISTER(ExecutorRegistry, "tfx.components.tuner.executor.Executor",
              [] { return std::make_unique<TunerExecutor>(); });

}  // namespace
}  // namespace tfxm
