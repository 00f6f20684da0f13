// SPDX-License-Identifier: Apache-2.0

#include "tfxm/saved_model/internal/checkpoint.h"

#include "absl/strings/str_cat.h"
#include "tensorflow/core/util/tensor_bundle/tensor_bundle.h"
#include "tfxm/ops/internal/graph_access.h"
#include "tfxm/saved_model/internal/object_graph.h"
#include "tfxm/saved_model/internal/read_saved_model.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::internal {
namespace {

namespace tf = ::tensorflow;

constexpr char kObjectGraphKey[] = "_CHECKPOINTABLE_OBJECT_GRAPH";

}  // namespace

absl::Status WriteCheckpoint(absl::string_view saved_model_dir,
                             const std::map<std::string, SavedModelBuilder::Variable>& variables,
                             const tf::TrackableObjectGraph& object_graph) {
  const std::string prefix = VariablesPrefix(saved_model_dir);
  const auto annotate = [&](const absl::Status& status) {
    return Annotate(status, absl::StrCat("cannot write ", prefix));
  };
  tf::BundleWriter writer(tf::Env::Default(), prefix);
  RETURN_IF_ERROR(annotate(writer.status()));
  for (const auto& [name, variable] : variables) {
    ASSIGN_OR_RETURN(const tf::Tensor value, ops::internal::ToTf(variable.value));
    RETURN_IF_ERROR(annotate(writer.Add(CheckpointKey(name), value)));
  }
  tf::Tensor graph(tf::DT_STRING, tf::TensorShape({}));
  graph.scalar<tf::tstring>()() = io::SerializeDeterministically(object_graph);
  RETURN_IF_ERROR(annotate(writer.Add(kObjectGraphKey, graph)));
  return annotate(writer.Finish());
}

absl::StatusOr<std::map<std::string, tfxm::Tensor>> ReadVariables(absl::string_view saved_model_dir,
                                                                  const std::vector<std::string>& names,
                                                                  std::map<std::string, std::string> keys) {
  std::map<std::string, tfxm::Tensor> values;
  if (names.empty()) return values;
  const std::string prefix = VariablesPrefix(saved_model_dir);
  const auto annotate = [&](const absl::Status& status, absl::string_view name) {
    return Annotate(status, absl::StrCat("cannot read variable \"", name, "\" from ", prefix));
  };
  tf::BundleReader reader(tf::Env::Default(), prefix);
  RETURN_IF_ERROR(annotate(reader.status(), names[0]));
  if (reader.Contains(kObjectGraphKey)) {
    tf::Tensor serialized;
    RETURN_IF_ERROR(annotate(reader.Lookup(kObjectGraphKey, &serialized), kObjectGraphKey));
    tf::TrackableObjectGraph graph;
    if (!graph.ParseFromString(std::string(serialized.scalar<tf::tstring>()()))) {
      return absl::DataLossError(absl::StrCat(prefix, ": the object graph is corrupt"));
    }
    for (const auto& node : graph.nodes()) {
      for (const auto& attribute : node.attributes()) keys.emplace(attribute.full_name(), attribute.checkpoint_key());
    }
  }
  for (const std::string& name : names) {
    const auto it = keys.find(name);
    tf::Tensor value;
    RETURN_IF_ERROR(annotate(reader.Lookup(it == keys.end() ? name : it->second, &value), name));
    ASSIGN_OR_RETURN(values[name], ops::internal::FromTf(value));
  }
  return values;
}

}  // namespace tfxm::internal
