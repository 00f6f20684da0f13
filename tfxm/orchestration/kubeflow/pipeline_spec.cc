// SPDX-License-Identifier: Apache-2.0

#include "tfxm/orchestration/kubeflow/pipeline_spec.h"

#include <map>
#include <set>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "google/protobuf/struct.pb.h"
#include "tfxm/components/driver.h"
#include "tfxm/components/executor.h"
#include "tfxm/components/modules/module_file.h"
#include "tfxm/components/modules/python_module.h"
#include "tfxm/orchestration/kubeflow/condition_to_cel.h"
#include "tfxm/orchestration/kubeflow/kubeflow_executor.h"
#include "tfxm/util/status_macros.h"
#include "tfxm/util/text/json_writer.h"

namespace tfxm {
namespace {

// JSON, of which the writer orders the names.
using Object = google::protobuf::Struct;
using JsonValue = google::protobuf::Value;

JsonValue& At(Object* object, const std::string& name) { return (*object->mutable_fields())[name]; }
Object* In(Object* object, const std::string& name) { return At(object, name).mutable_struct_value(); }
void Set(Object* object, const std::string& name, absl::string_view text) {
  At(object, name).set_string_value(std::string(text));
}
void Append(Object* object, const std::string& name, absl::string_view text) {
  At(object, name).mutable_list_value()->add_values()->set_string_value(std::string(text));
}

template <typename... Parts>
absl::Status Unimplemented(const NodeSpec& spec, const Parts&... parts) {
  return absl::UnimplementedError(absl::StrCat("node ", spec.id, ": ", parts...));
}

// Names of Kubeflow's: lower case, digits and dashes.
std::string KubeflowName(absl::string_view name) {
  std::string out;
  for (const char c : name) {
    if (absl::ascii_isalnum(static_cast<unsigned char>(c))) {
      out += absl::ascii_tolower(static_cast<unsigned char>(c));
    } else if (!out.empty() && out.back() != '-') {
      out += '-';
    }
  }
  while (!out.empty() && out.back() == '-') out.pop_back();
  return out;
}

void SetProperty(const PropertyValue& value, JsonValue* out) {
  if (const auto* text = std::get_if<std::string>(&value)) {
    out->set_string_value(*text);
  } else {
    const auto* number = std::get_if<int64_t>(&value);
    out->set_number_value(number != nullptr ? static_cast<double>(*number) : std::get<double>(value));
  }
}

void AddMetadata(const OutputSpec& output, Object* out) {
  for (const Properties* properties : {&output.properties, &output.custom_properties}) {
    for (const auto& [name, value] : *properties) SetProperty(value, &At(In(out, "metadata"), name));
  }
}

const char* ParameterType(const PropertyValue& value) {
  return std::holds_alternative<int64_t>(value)  ? "NUMBER_INTEGER"
         : std::holds_alternative<double>(value) ? "NUMBER_DOUBLE"
                                                 : "STRING";
}

void SetArtifactType(const ArtifactType& type, Object* out) {
  Set(out, "schemaTitle", absl::StrCat(kArtifactTitlePrefix, type.name));
  Set(out, "schemaVersion", "0.0.1");
}

class Builder {
 public:
  Builder(const Pipeline& pipeline, const KubeflowOptions& options) : pipeline_(pipeline), options_(options) {}

  absl::StatusOr<std::string> Build() {
    ASSIGN_OR_RETURN(const std::vector<OrderedNode> nodes, OrderNodes(pipeline_));
    for (const OrderedNode& node : nodes) {
      std::vector<std::string> upstream;
      for (const int i : node.upstream) {
        const std::vector<std::string>& tasks = tasks_of_.at(nodes[i].spec->id);
        upstream.insert(upstream.end(), tasks.begin(), tasks.end());
      }
      if (node.spec->kind == NodeKind::kResolver) {
        RETURN_IF_ERROR(AddResolver(*node.spec));
      } else {
        RETURN_IF_ERROR(AddTask(*node.spec, upstream));
      }
    }
    const std::string name = KubeflowName(pipeline_.pipeline_name);
    if (name.empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat("pipeline ", pipeline_.pipeline_name, ": Kubeflow needs a name of letters and digits"));
    }
    Set(In(&spec_, "pipelineInfo"), "name", name);
    if (name != pipeline_.pipeline_name) Set(In(&spec_, "pipelineInfo"), "displayName", pipeline_.pipeline_name);
    Set(&spec_, "schemaVersion", "2.1.0");
    Set(&spec_, "sdkVersion", absl::StrCat("tfxm-", TFXM_VERSION));
    if (absl::StrContains(pipeline_.pipeline_root, "://")) Set(&spec_, "defaultPipelineRoot", pipeline_.pipeline_root);
    JsonWriter writer(/*indent=*/true);
    JsonValue value;
    *value.mutable_struct_value() = std::move(spec_);
    writer.Value(value);
    return std::move(writer).Take();
  }

 private:
  // What belongs to one task, made and linked with each other.
  struct Task {
    std::string name;
    Object *task, *component, *executor;
  };

  absl::StatusOr<Task> NewTask(const NodeSpec& spec, absl::string_view suffix) {
    Task task{.name = KubeflowName(absl::StrCat(spec.id, suffix))};
    const auto [it, is_new] = node_of_task_.emplace(task.name, spec.id);
    if (!is_new || task.name.empty()) {
      return absl::InvalidArgumentError(absl::StrCat("node ", spec.id, ": as a name of Kubeflow's its id is \"",
                                                     task.name, "\", as that of ", it->second,
                                                     " is; give it another with .with_id"));
    }
    tasks_of_[spec.id].push_back(task.name);
    const std::string component = absl::StrCat("comp-", task.name), executor = absl::StrCat("exec-", task.name);
    task.task = In(In(In(In(&spec_, "root"), "dag"), "tasks"), task.name);
    task.component = In(In(&spec_, "components"), component);
    task.executor = In(In(In(&spec_, "deploymentSpec"), "executors"), executor);
    Set(In(task.task, "taskInfo"), "name", task.name);
    Set(In(task.task, "componentRef"), "name", component);
    Set(task.component, "executorLabel", executor);
    return task;
  }

  void AddOutput(const NodeSpec& spec, const std::string& key, Task* task) {
    Object* const output = In(In(In(task->component, "outputDefinitions"), "artifacts"), key);
    SetArtifactType(spec.outputs.at(key).type, In(output, "artifactType"));
    AddMetadata(spec.outputs.at(key), output);
    outputs_[{spec.id, key}] = task->name;
  }

  absl::Status AddInputs(const NodeSpec& spec, Task* task) {
    for (const auto& [key, input] : spec.inputs) {
      std::vector<Channel> channels;
      for (const Channel& channel : input.channels) {
        if (channel) channels.push_back(channel);
      }
      if (channels.empty()) continue;
      if (channels.size() > 1) {
        return Unimplemented(spec, "takes ", channels.size(), " channels as \"", key,
                             "\"; in Kubeflow an input is one");
      }
      const Channel& channel = channels[0];
      if (channel.producer() == nullptr) {
        return Unimplemented(spec, "takes artifacts of former runs as \"", key,
                             "\"; Kubeflow has them from a Resolver only");
      }
      Object* const definition = In(In(In(task->component, "inputDefinitions"), "artifacts"), key);
      SetArtifactType(channel.type(), In(definition, "artifactType"));
      if (input.optional) At(definition, "isOptional").set_bool_value(true);
      Object* const from = In(In(In(In(task->task, "inputs"), "artifacts"), key), "taskOutputArtifact");
      Set(from, "producerTask", outputs_.at({channel.producer()->id, channel.output_key()}));
      Set(from, "outputArtifactKey", channel.output_key());
    }
    return absl::OkStatus();
  }

  void AddParameters(const NodeSpec& spec, Task* task) {
    for (const auto& [name, value] : spec.exec_properties) {
      Set(In(In(In(task->component, "inputDefinitions"), "parameters"), name), "parameterType", ParameterType(value));
      Object* const parameter = In(In(In(task->task, "inputs"), "parameters"), name);
      const auto runtime = spec.runtime_parameters.find(name);
      if (runtime == spec.runtime_parameters.end()) {
        SetProperty(value, &At(In(parameter, "runtimeValue"), "constant"));
        continue;
      }
      Set(parameter, "componentInputParameter", runtime->second);
      Object* const input = In(In(In(In(&spec_, "root"), "inputDefinitions"), "parameters"), runtime->second);
      Set(input, "parameterType", ParameterType(value));
      SetProperty(value, &At(input, "defaultValue"));
      At(input, "isOptional").set_bool_value(true);
    }
  }

  // Whether Kubeflow sees all that the result depends on; if so, a hash of the code.
  bool MayCache(const NodeSpec& spec, std::string* code) {
    if (!spec.enable_cache.value_or(pipeline_.enable_cache) || DriverRegistry::Get().Has(spec.executor)) return false;
    for (const char* const property : {"module_file", kExecutorModuleFile}) {
      const std::string path = StringPropertyOr(spec.exec_properties, property, "");
      if (path.empty()) continue;
      const absl::StatusOr<ModuleSources> sources = FindModuleSources(path);
      if (!sources.ok()) return false;
      code->append(sources->Fingerprint());
    }
    return true;
  }

  void AddContainer(const NodeSpec& spec, Task* task) {
    Object* const container = In(task->executor, "container");
    Set(container, "image", options_.image);
    for (const char* const word : {"tfxm", "kfp-executor"}) Append(container, "command", word);
    const auto add = [&](absl::string_view flag, absl::string_view value) {
      Append(container, "args", absl::StrCat("--", flag, "=", value));
    };
    add("node_id", spec.id);
    add("executor_class_path", spec.executor);
    // What JSON does not tell.
    std::vector<std::string> doubles;
    for (const auto& [name, value] : spec.exec_properties) {
      if (std::holds_alternative<double>(value)) doubles.push_back(name);
    }
    if (!doubles.empty()) add("double_parameters", absl::StrJoin(doubles, ","));
    std::set<std::string> declared;
    for (const auto& [key, input] : spec.inputs) {
      for (const Channel& channel : input.channels) {
        for (const auto& [name, type] : channel.type().properties) declared.insert(name);
      }
    }
    for (const auto& [key, output] : spec.outputs) {
      for (const auto& [name, type] : output.type.properties) declared.insert(name);
    }
    if (!declared.empty()) add("declared_properties", absl::StrJoin(declared, ","));
    std::string code;
    if (MayCache(spec, &code)) {
      At(In(task->task, "cachingOptions"), "enableCache").set_bool_value(true);
      if (!code.empty()) add("code", code);
    }
    Append(container, "args", "--executor_input");
    Append(container, "args", "{{$}}");
  }

  absl::Status AddTask(const NodeSpec& spec, const std::vector<std::string>& upstream) {
    if (spec.execution_options.execution_timeout_sec > 0) {
      return Unimplemented(spec, "has a time limit (execution_timeout_sec), which Kubeflow has not for one task");
    }
    ASSIGN_OR_RETURN(Task task, NewTask(spec, ""));
    RETURN_IF_ERROR(AddInputs(spec, &task));
    for (const auto& [key, output] : spec.outputs) AddOutput(spec, key, &task);
    for (const std::string& up : std::set<std::string>(upstream.begin(), upstream.end())) {
      Append(task.task, "dependentTasks", up);
    }
    std::vector<std::string> conditions;
    for (const auto& [id, condition] : spec.conditions) {
      const absl::StatusOr<std::string> cel = ConditionToCel(*condition);
      RETURN_IF_ERROR(Annotate(cel.status(), absl::StrCat("node ", spec.id)));
      conditions.push_back(*cel);
    }
    if (!conditions.empty()) Set(In(task.task, "triggerPolicy"), "condition", absl::StrJoin(conditions, " && "));
    if (spec.execution_options.max_execution_retries > 0) {
      At(In(task.task, "retryPolicy"), "maxRetryCount").set_number_value(spec.execution_options.max_execution_retries);
    }
    if (spec.kind == NodeKind::kImporter) {
      AddImporter(spec, &task);
    } else {
      AddParameters(spec, &task);
      AddContainer(spec, &task);
    }
    return absl::OkStatus();
  }

  static void AddImporter(const NodeSpec& spec, Task* task) {
    Object* const importer = In(task->executor, "importer");
    SetProperty(spec.exec_properties.at("artifact_uri"), &At(In(importer, "artifactUri"), "constant"));
    const OutputSpec& output = spec.outputs.begin()->second;
    SetArtifactType(output.type, In(importer, "typeSchema"));
    AddMetadata(output, importer);
    const auto reimport = spec.exec_properties.find("reimport");
    At(importer, "reimport")
        .set_bool_value(reimport != spec.exec_properties.end() && reimport->second == PropertyValue(int64_t{1}));
  }

  // As TFX's KubeflowV2DagRunner: a query for the newest artifacts of the types; for a blessed model one for the newest
  // blessing that says yes, and one for the model that it names.
  absl::Status AddResolver(const NodeSpec& spec) {
    const std::string strategy = StringPropertyOr(spec.exec_properties, "strategy_class", "");
    const auto query = [](const Task& task, const std::string& key, const ArtifactType& type, absl::string_view more) {
      Set(In(In(In(task.executor, "resolver"), "outputArtifactQueries"), key), "filter",
          absl::StrCat("schema_title=\"", kArtifactTitlePrefix, type.name, "\" AND state=LIVE", more));
    };
    if (absl::EndsWith(strategy, ".LatestArtifactStrategy")) {
      ASSIGN_OR_RETURN(Task task, NewTask(spec, ""));
      for (const auto& [key, output] : spec.outputs) {
        AddOutput(spec, key, &task);
        query(task, key, output.type, "");
      }
      return absl::OkStatus();
    }
    std::string model, blessing;
    for (const auto& [key, output] : spec.outputs) {
      if (output.type.name == "Model") model = key;
      if (output.type.name == "ModelBlessing") blessing = key;
    }
    if (!absl::EndsWith(strategy, ".LatestBlessedModelStrategy") || model.empty() || blessing.empty()) {
      return Unimplemented(spec, "Kubeflow has no query for a Resolver's strategy ", strategy,
                           "; it has for LatestArtifactStrategy and, of a Model and a ModelBlessing, for "
                           "LatestBlessedModelStrategy");
    }
    ASSIGN_OR_RETURN(Task blessings, NewTask(spec, "-model-blessing-resolver"));
    AddOutput(spec, blessing, &blessings);
    query(blessings, blessing, spec.outputs.at(blessing).type, " AND metadata.blessed.number_value=1");
    ASSIGN_OR_RETURN(Task models, NewTask(spec, "-model-resolver"));
    AddOutput(spec, model, &models);
    SetArtifactType(spec.outputs.at(blessing).type,
                    In(In(In(In(models.component, "inputDefinitions"), "artifacts"), "input"), "artifactType"));
    Object* const from = In(In(In(In(models.task, "inputs"), "artifacts"), "input"), "taskOutputArtifact");
    Set(from, "producerTask", blessings.name);
    Set(from, "outputArtifactKey", blessing);
    Append(models.task, "dependentTasks", blessings.name);
    query(models, model, spec.outputs.at(model).type,
          " AND name=\"{{$.inputs.artifacts['input'].metadata['current_model_id']}}\"");
    return absl::OkStatus();
  }

  const Pipeline& pipeline_;
  const KubeflowOptions& options_;
  Object spec_;
  std::map<std::string, std::string> node_of_task_;
  std::map<std::string, std::vector<std::string>> tasks_of_;            // By the node's id.
  std::map<std::pair<std::string, std::string>, std::string> outputs_;  // The task that puts out a node's output.
};

}  // namespace

absl::StatusOr<std::string> KubeflowPipelineSpec(const Pipeline& pipeline, const KubeflowOptions& options) {
  return Builder(pipeline, options).Build();
}

}  // namespace tfxm
