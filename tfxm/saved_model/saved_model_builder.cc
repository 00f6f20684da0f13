// SPDX-License-Identifier: Apache-2.0

#include "tfxm/saved_model/saved_model_builder.h"

#include <set>

#include "absl/strings/str_cat.h"
#include "tensorflow/cc/saved_model/fingerprinting.h"
#include "tensorflow/core/protobuf/saved_model.pb.h"
#include "tfxm/saved_model/internal/checkpoint.h"
#include "tfxm/saved_model/internal/meta_graph.h"
#include "tfxm/saved_model/saved_model_files.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"

namespace tfxm {

void SavedModelBuilder::AddSignature(absl::string_view name, NamedTensors inputs, NamedTensors outputs) {
  Function function{.name = std::string(name)};
  for (auto& [key, tensor] : inputs) function.inputs.emplace(key, tensor);
  for (auto& [key, tensor] : outputs) function.outputs.emplace(key, tensor);
  functions_.push_back(std::move(function));
}

void SavedModelBuilder::AddFunction(absl::string_view name, std::map<std::string, Value> inputs,
                                    std::map<std::string, Value> outputs) {
  functions_.push_back(
      {.name = std::string(name), .is_signature = false, .inputs = std::move(inputs), .outputs = std::move(outputs)});
}

void SavedModelBuilder::AddVariable(absl::string_view name, tfxm::Tensor value, bool trainable) {
  variables_[std::string(name)] = {.value = std::move(value), .trainable = trainable};
}

absl::Status SavedModelBuilder::Write(absl::string_view dir) const {
  internal::MetaGraphWriter writer(variables_);
  std::set<std::string> names = {"variables", "trainable_variables", "signatures"};
  for (const Function& function : functions_) {
    const std::string what =
        absl::StrCat(function.is_signature ? "signature" : "function", " \"", function.name, "\" of ", dir);
    if (!names.insert(function.name).second)
      return absl::InvalidArgumentError(absl::StrCat(what, ": the name is taken"));
    RETURN_IF_ERROR(Annotate(writer.AddFunction(function), what));
  }
  RETURN_IF_ERROR(Annotate(writer.Finish(), dir));
  tensorflow::SavedModel saved_model;
  saved_model.set_saved_model_schema_version(1);
  *saved_model.add_meta_graphs() = writer.meta_graph();

  RETURN_IF_ERROR(io::MakeDirs(io::JoinPath(dir, "variables")));
  RETURN_IF_ERROR(internal::WriteCheckpoint(dir, variables_, writer.objects().Trackable()));
  if (!writer.assets().empty()) RETURN_IF_ERROR(io::MakeDirs(io::JoinPath(dir, "assets")));
  for (const auto& [name, path] : writer.assets()) {
    ASSIGN_OR_RETURN(const std::string content, io::ReadFile(path));
    RETURN_IF_ERROR(io::WriteFile(io::JoinPath(dir, "assets", name), content));
  }
  RETURN_IF_ERROR(io::WriteFile(io::JoinPath(dir, kSavedModelFile), io::SerializeDeterministically(saved_model)));
  ASSIGN_OR_RETURN(tensorflow::FingerprintDef fingerprint,
                   tensorflow::saved_model::fingerprinting::CreateFingerprintDef(std::string(dir)));
  fingerprint.clear_uuid();  // A random number: the same model is to give the same bytes.
  return io::WriteBinaryProto(io::JoinPath(dir, "fingerprint.pb"), fingerprint);
}

}  // namespace tfxm
