// SPDX-License-Identifier: Apache-2.0

// An executor that is written in Python: a @component function, or a class with Do. What it is given and what it leaves
// goes as JSON (python/tfxm/runtime/execute.py).
#include <set>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "google/protobuf/struct.pb.h"
#include "tfxm/components/executor.h"
#include "tfxm/components/modules/python_module.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"
#include "tfxm/util/text/json_value.h"
#include "tfxm/util/text/json_writer.h"

namespace tfxm {
namespace {

using google::protobuf::Struct;

// Python tells 1 from 1.0, and a JSON number has not the bits of an int64.
void AddProperties(const char* name, const Properties& properties, JsonWriter* json,
                   const std::set<std::string>& are_json = {}) {
  json->Key(name).BeginObject();
  for (const auto& [key, value] : properties) {
    json->Key(key).BeginObject();
    if (const auto* number = std::get_if<int64_t>(&value)) {
      json->Key("int").String(absl::StrCat(*number));
    } else if (const auto* real = std::get_if<double>(&value)) {
      json->Key("double").Number(*real);
    } else {
      json->Key(are_json.count(key) > 0 ? "json" : "string").String(std::get<std::string>(value));
    }
    json->End();
  }
  json->End();
}

void AddArtifacts(const char* name, const ArtifactDict& dict, JsonWriter* json) {
  json->Key(name).BeginObject();
  for (const auto& [key, artifacts] : dict) {
    json->Key(key).BeginArray();
    for (const Artifact& artifact : artifacts) {
      json->BeginObject().Key("id").String(absl::StrCat(artifact.id)).Key("type_name").String(artifact.type_name);
      json->Key("name").String(artifact.name).Key("uri").String(artifact.uri);
      AddProperties("properties", artifact.properties, json);
      AddProperties("custom_properties", artifact.custom_properties, json);
      json->End();
    }
    json->End();
  }
  json->End();
}

Properties ReadProperties(const Struct& object) {
  Properties properties;
  for (const auto& [name, typed] : object.fields()) {
    for (const auto& [kind, value] : typed.struct_value().fields()) {
      int64_t number = 0;
      if (kind == "int" && absl::SimpleAtoi(value.string_value(), &number)) {
        properties[name] = number;
      } else if (kind == "double") {
        properties[name] = value.number_value();
      } else {
        properties[name] = value.string_value();
      }
    }
  }
  return properties;
}

// What the executor has said of an output artifact, whose files must be where they were asked for.
absl::Status Update(const std::string& key, const Struct& said, Artifact* artifact) {
  const std::string uri = JsonText(said, "uri");
  if (uri != artifact->uri && !absl::StartsWith(uri, artifact->uri + "/")) {
    return absl::InvalidArgumentError(absl::StrCat("the executor has set the uri of output \"", key, "\" to ", uri,
                                                   ", which is not in ", artifact->uri,
                                                   "; write there, and leave the uri as it is"));
  }
  artifact->uri = uri;
  artifact->name = JsonText(said, "name");
  artifact->properties = ReadProperties(JsonMember(said, "properties").struct_value());
  artifact->custom_properties = ReadProperties(JsonMember(said, "custom_properties").struct_value());
  return absl::OkStatus();
}

class PythonExecutor : public Executor {
 public:
  absl::Status Do(const ArtifactDict& inputs, const Properties& exec_properties, const ExecutorContext& context,
                  ArtifactDict* outputs) override {
    ASSIGN_OR_RETURN(const std::string class_path, StringProperty(exec_properties, kExecutorClassPath));
    Properties own = exec_properties;
    own.erase(kExecutorClassPath);
    own.erase(kExecutorModuleFile);
    own.erase(kExecutorJsonParameters);
    const std::string json_parameters = StringPropertyOr(exec_properties, kExecutorJsonParameters, "");
    JsonWriter request;
    request.BeginObject().Key("class_path").String(class_path).Key("tmp_dir").String(context.tmp_dir);
    AddArtifacts("inputs", inputs, &request);
    AddArtifacts("outputs", *outputs, &request);
    AddProperties("exec_properties", own, &request, absl::StrSplit(json_parameters, ',', absl::SkipEmpty()));
    request.End();
    JsonWriter arguments;
    arguments.BeginObject().Key("what").String(class_path);
    arguments.Key("request").String(std::move(request).Take()).End();
    PythonCall call{.function = "execute", .module_file = StringPropertyOr(exec_properties, kExecutorModuleFile, "")};
    call.arguments = std::move(arguments).Take();
    call.tmp_dir = context.tmp_dir;
    call.progress = context.progress;
    ASSIGN_OR_RETURN(const Struct returned, CallPython(call));
    Struct made;
    RETURN_IF_ERROR(io::ParseJson(JsonText(returned, "outputs"), &made));
    for (auto& [key, artifacts] : *outputs) {
      const auto list = made.fields().find(key);
      const int count = list == made.fields().end() ? 0 : list->second.list_value().values_size();
      if (count != static_cast<int>(artifacts.size())) {
        return absl::InvalidArgumentError(absl::StrCat("the executor has left ", count, " artifacts as output \"", key,
                                                       "\"; it was given ", artifacts.size(), " to fill"));
      }
      for (int i = 0; i < count; ++i) {
        RETURN_IF_ERROR(Update(key, list->second.list_value().values(i).struct_value(), &artifacts[i]));
      }
    }
    return absl::OkStatus();
  }
};

TFXM_REGISTER(ExecutorRegistry, kPythonExecutor, [] { return std::make_unique<PythonExecutor>(); });

}  // namespace
}  // namespace tfxm
