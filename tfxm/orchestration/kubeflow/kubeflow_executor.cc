// SPDX-License-Identifier: Apache-2.0

#include "tfxm/orchestration/kubeflow/kubeflow_executor.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <map>
#include <memory>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "google/protobuf/struct.pb.h"
#include "tfxm/components/driver.h"
#include "tfxm/components/executor.h"
#include "tfxm/components/modules/wheel_module.h"
#include "tfxm/dsl/components.h"
#include "tfxm/orchestration/executor/run_executor.h"
#include "tfxm/util/files/temporary.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"
#include "tfxm/util/text/json_writer.h"
#include "tfxm/util/text/text.h"

namespace tfxm {
namespace {

using Object = google::protobuf::Struct;
using JsonValue = google::protobuf::Value;

const JsonValue& At(const Object& object, const std::string& name) {
  const auto it = object.fields().find(name);
  return it == object.fields().end() ? JsonValue::default_instance() : it->second;
}
const Object& In(const Object& object, const std::string& name) { return At(object, name).struct_value(); }
std::string Text(const Object& object, const std::string& name) { return At(object, name).string_value(); }

bool IsWhole(double x) { return std::trunc(x) == x && std::fabs(x) < 9.0e15; }

PropertyValue ToProperty(const JsonValue& value, bool is_double = false) {
  if (value.has_number_value()) {
    const double number = value.number_value();
    if (!is_double && IsWhole(number)) return static_cast<int64_t>(number);
    return number;
  }
  if (value.has_bool_value()) return int64_t{value.bool_value()};
  return value.string_value();
}

// Of a RuntimeArtifact: its type's title, which older specs have in a schema of the type.
std::string TypeName(const Object& artifact) {
  std::string title = Text(In(artifact, "type"), "schemaTitle");
  const std::string schema = Text(In(artifact, "type"), "instanceSchema");
  constexpr absl::string_view kTitle = "title: ";
  if (const size_t at = schema.find(kTitle); title.empty() && at != std::string::npos) {
    title = schema.substr(at + kTitle.size(), schema.find('\n', at) - at - kTitle.size());
  }
  return std::string(absl::StripPrefix(title, kArtifactTitlePrefix));
}

// The artifacts, where they are here and where they are for Kubeflow.
class Artifacts {
 public:
  explicit Artifacts(const KubeflowExecution& execution) : execution_(execution) {}

  absl::StatusOr<ArtifactDict> Read(const Object& lists) {
    ArtifactDict dict;
    for (const auto& [key, list] : lists.fields()) {
      std::vector<Artifact>& artifacts = dict[key];
      for (const JsonValue& value : At(list.struct_value(), "artifacts").list_value().values()) {
        auto artifact = ReadOne(value.struct_value());
        if (!artifact.ok()) return Annotate(artifact.status(), absl::StrCat("artifact \"", key, "\""));
        artifacts.push_back(*std::move(artifact));
      }
    }
    return dict;
  }

  // As the output's metadata, in which paths are uris again and ids of artifacts are names.
  void Write(const Artifact& artifact, JsonWriter* json) const {
    json->BeginObject();
    if (!artifact.name.empty()) json->Key("name").String(artifact.name);
    const std::string uri = WithUris(artifact.uri);
    json->Key("uri").String(uri).Key("metadata").BeginObject();
    std::map<std::string, PropertyValue> metadata = artifact.custom_properties;
    metadata.insert(artifact.properties.begin(), artifact.properties.end());
    for (const auto& [name, value] : metadata) {
      json->Key(name);
      const auto* number = std::get_if<int64_t>(&value);
      if (number != nullptr && (name == "current_model_id" || name == "baseline_model_id")) {
        const auto named = names_.find(*number);
        json->String(named == names_.end() ? "" : named->second);
      } else if (number != nullptr) {
        json->Integer(*number);
      } else if (const auto* real = std::get_if<double>(&value)) {
        json->Number(*real);
      } else {
        json->String(WithUris(std::get<std::string>(value)));
      }
    }
    json->End().End();
  }

 private:
  absl::StatusOr<Artifact> ReadOne(const Object& in) {
    Artifact artifact{
        .id = static_cast<int64_t>(names_.size()) + 1, .type_name = TypeName(in), .name = Text(in, "name")};
    names_[artifact.id] = artifact.name;
    const std::string uri = Text(in, "uri");
    if (uri.empty()) return absl::InvalidArgumentError("it has no uri");
    ASSIGN_OR_RETURN(artifact.uri, KubeflowLocalPath(uri));
    if (artifact.uri != uri) uris_.emplace_back(artifact.uri, uri);
    for (const auto& [name, value] : In(in, "metadata").fields()) {
      const bool declared = execution_.declared_properties.count(name) > 0;
      (declared ? artifact.properties : artifact.custom_properties)[name] = ToProperty(value);
    }
    return artifact;
  }

  std::string WithUris(const std::string& text) const { return absl::StrReplaceAll(text, uris_); }

  const KubeflowExecution& execution_;
  std::map<int64_t, std::string> names_;                   // By the id here.
  std::vector<std::pair<std::string, std::string>> uris_;  // By the path here.
};

// Into the container's log, a line for each thing that it does.
void ReportProgress(absl::string_view message, double fraction) {
  static std::string last;
  const std::string begin(message.substr(0, message.find_first_of("0123456789")));
  if (begin == last) return;  // "epoch 2/10" after "epoch 1/10".
  last = begin;
  std::fprintf(stderr, "tfxm: %s\n", PrintableText(message).c_str());
}

}  // namespace

absl::StatusOr<std::string> KubeflowLocalPath(absl::string_view uri) {
  const size_t scheme = uri.find("://");
  if (scheme == absl::string_view::npos) return std::string(uri);
  const absl::string_view rest = uri.substr(scheme + 3);
  if (absl::StartsWith(uri, "gs://")) return absl::StrCat("/gcs/", rest);
  if (absl::StartsWith(uri, "minio://")) return absl::StrCat("/minio/", rest);
  if (absl::StartsWith(uri, "s3://")) return absl::StrCat("/s3/", rest);
  if (absl::StartsWith(uri, "file://")) return std::string(rest);
  return absl::UnimplementedError(
      absl::StrCat("tfxm knows no folder for ", uri, "; Kubeflow's launcher makes one for gs://, minio:// and s3://"));
}

namespace {

// TFX's compiler packs a module_file into a wheel, below the pipeline's root, and names that instead.
absl::Status UnpackModuleOf(Properties* exec_properties) {
  const std::string module_path = StringPropertyOr(*exec_properties, "module_path", "");
  if (module_path.empty()) return absl::OkStatus();
  const size_t wheel = std::min(module_path.find('@'), module_path.size() - 1) + 1;
  ASSIGN_OR_RETURN(const std::string path, KubeflowLocalPath(module_path.substr(wheel)));
  ASSIGN_OR_RETURN((*exec_properties)["module_file"], UnpackModule(module_path.substr(0, wheel) + path));
  exec_properties->erase("module_path");
  return absl::OkStatus();
}

}  // namespace

absl::Status RunKubeflowExecutor(const KubeflowExecution& execution, absl::string_view executor_input) {
  Object input;
  RETURN_IF_ERROR(Annotate(io::ParseJson(executor_input, &input), "--executor_input"));
  const std::string output_file = Text(In(input, "outputs"), "outputFile");
  if (output_file.empty()) {
    return absl::InvalidArgumentError("--executor_input has no outputs.outputFile; expected Kubeflow's ExecutorInput");
  }
  ExecutionRequest request{.node_id = execution.node_id, .executor = execution.executor};
  request.plugin = PluginOfExecutor(request.executor);
  for (const auto& [name, value] : In(In(input, "inputs"), "parameterValues").fields()) {
    request.exec_properties[name] = ToProperty(value, execution.double_parameters.count(name) > 0);
  }
  RETURN_IF_ERROR(UnpackModuleOf(&request.exec_properties));
  Artifacts artifacts(execution);
  ASSIGN_OR_RETURN(request.inputs, artifacts.Read(In(In(input, "inputs"), "artifacts")));
  ASSIGN_OR_RETURN(request.outputs, artifacts.Read(In(In(input, "outputs"), "artifacts")));
  if (DriverRegistry::Get().Has(request.executor)) {
    ASSIGN_OR_RETURN(const std::unique_ptr<Driver> driver, DriverRegistry::Get().Create(request.executor));
    RETURN_IF_ERROR(driver->ResolveExecProperties(&request.exec_properties));
  }
  ASSIGN_OR_RETURN(const auto temporary,
                   io::TempDir::Make(std::filesystem::temp_directory_path().string(), "tfxm-kfp-"));
  request.tmp_dir = io::JoinPath(temporary->path(), "tmp");
  request.checkpoint_dir = io::JoinPath(temporary->path(), "checkpoints");
  ArtifactDict outputs = request.outputs;
  RETURN_IF_ERROR(RunExecutor(request, ReportProgress, &outputs));
  JsonWriter json;
  json.BeginObject().Key("artifacts").BeginObject();
  for (auto& [key, list] : outputs) {
    json.Key(key).BeginObject().Key("artifacts").BeginArray();
    for (Artifact& artifact : list) {
      artifact.custom_properties["tfx_version"] = absl::StrCat("tfxm-", TFXM_VERSION);
      artifacts.Write(artifact, &json);
    }
    json.End().End();
  }
  json.End().End();
  RETURN_IF_ERROR(io::MakeDirs(io::Dirname(output_file)));
  return io::WriteFile(output_file, std::move(json).Take());
}

}  // namespace tfxm
