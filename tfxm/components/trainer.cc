// SPDX-License-Identifier: Apache-2.0

// Trainer: calls the module's run_fn and sees that it left a model.
#include "google/protobuf/struct.pb.h"
#include "tfx/proto/trainer.pb.h"
#include "tfxm/components/executor.h"
#include "tfxm/components/modules/module_file.h"
#include "tfxm/components/modules/python_module.h"
#include "tfxm/components/python_run_fn.h"
#include "tfxm/components/splits.h"
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

// The members of a JSON object; what is not a string stays JSON.
absl::StatusOr<std::map<std::string, std::string>> JsonMembers(absl::string_view json) {
  google::protobuf::Struct object;
  RETURN_IF_ERROR(io::ParseJson(json, &object));
  std::map<std::string, std::string> members;
  for (const auto& [name, value] : object.fields()) {
    if (value.has_string_value()) {
      members[name] = value.string_value();
    } else {
      ASSIGN_OR_RETURN(members[name], io::ToJson(value));
    }
  }
  return members;
}

std::string HyperparametersFile(const ArtifactDict& inputs) {
  const auto it = inputs.find("hyperparameters");
  if (it == inputs.end() || it->second.empty()) return "";
  return io::JoinPath(it->second[0].uri, "best_hyperparameters.txt");
}

// A KerasTuner HyperParameters file: {"space": …, "values": {name: value}}; or just the values.
absl::StatusOr<std::map<std::string, std::string>> ReadHyperparameters(const std::string& path) {
  ASSIGN_OR_RETURN(const std::string json, io::ReadFile(path));
  google::protobuf::Struct object;
  RETURN_IF_ERROR(Annotate(io::ParseJson(json, &object), path));
  const auto values = object.fields().find("values");
  if (values == object.fields().end()) return JsonMembers(json);
  ASSIGN_OR_RETURN(const std::string members, io::ToJson(values->second));
  return JsonMembers(members);
}

template <typename SplitArgs>
absl::StatusOr<std::vector<std::string>> FilesOf(const Artifact& examples, const SplitArgs& args,
                                                 const std::string& default_split) {
  std::vector<std::string> splits(args.splits().begin(), args.splits().end());
  if (splits.empty()) splits = {default_split};
  return FilesOfSplits(
      examples, splits,
      absl::StrCat("say which the Trainer takes with .", default_split, "_args = {.splits = {\"…\"}}"));
}

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
    ASSIGN_OR_RETURN(FnArgs fn_args, MakeFnArgs(inputs, exec_properties));
    fn_args.working_dir = context.tmp_dir;
    fn_args.checkpoint_dir = context.checkpoint_dir;
    fn_args.serving_model_dir = io::JoinPath(model->uri, kServingModelDir);
    fn_args.eval_model_dir = io::JoinPath(model->uri, "Format-TFMA");
    fn_args.model_run_dir = model_run->uri;

    if (IsPythonModule(module_file)) {
      RETURN_IF_ERROR(RunInPython(module_file, fn_args, inputs, exec_properties, context));
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
    RETURN_IF_ERROR(Annotate((*run_fn)(fn_args), absl::StrCat("run_fn of ", module_file)));
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

  static absl::StatusOr<FnArgs> MakeFnArgs(const ArtifactDict& inputs, const Properties& exec_properties) {
    FnArgs fn_args;
    ASSIGN_OR_RETURN(const Artifact* examples, SingleArtifact(inputs, "examples"));
    tfx::components::trainer::TrainArgs train_args;
    tfx::components::trainer::EvalArgs eval_args;
    RETURN_IF_ERROR(
        Annotate(io::ParseJson(StringPropertyOr(exec_properties, "train_args", "{}"), &train_args), "train_args"));
    RETURN_IF_ERROR(
        Annotate(io::ParseJson(StringPropertyOr(exec_properties, "eval_args", "{}"), &eval_args), "eval_args"));
    ASSIGN_OR_RETURN(fn_args.train_files, FilesOf(*examples, train_args, "train"));
    ASSIGN_OR_RETURN(fn_args.eval_files, FilesOf(*examples, eval_args, "eval"));
    fn_args.train_steps = train_args.num_steps();
    fn_args.eval_steps = eval_args.num_steps();
    fn_args.data_accessor = MakeDataAccessor();
    const auto uri = [&](const std::string& key) {
      const auto it = inputs.find(key);
      return it == inputs.end() || it->second.empty() ? std::string() : it->second[0].uri;
    };
    fn_args.transform_graph_path = fn_args.transform_output = uri("transform_graph");
    if (!uri("schema").empty()) fn_args.schema_path = fn_args.schema_file = io::JoinPath(uri("schema"), kSchemaFile);
    if (!uri("base_model").empty()) fn_args.base_model = io::JoinPath(uri("base_model"), kServingModelDir);
    if (const std::string path = HyperparametersFile(inputs); !path.empty()) {
      ASSIGN_OR_RETURN(fn_args.hyperparameters, ReadHyperparameters(path));
    }
    const std::string custom_config = StringPropertyOr(exec_properties, "custom_config", "");
    if (!custom_config.empty()) {
      absl::StatusOr<std::map<std::string, std::string>> members = JsonMembers(custom_config);
      RETURN_IF_ERROR(Annotate(members.status(), "custom_config"));
      fn_args.custom_config = *std::move(members);
    }
    return fn_args;
  }
};

TFXM_REGISTER(ExecutorRegistry, "tfx.components.trainer.executor.GenericExecutor",
              [] { return std::make_unique<TrainerExecutor>(); });

}  // namespace
}  // namespace tfxm
