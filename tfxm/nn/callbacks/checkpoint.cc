// SPDX-License-Identifier: Apache-2.0

#include "tfxm/nn/callbacks/checkpoint.h"

#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "tensorflow/core/platform/env.h"
#include "tensorflow/core/protobuf/trackable_object_graph.pb.h"
#include "tensorflow/core/util/tensor_bundle/tensor_bundle.h"
#include "tfxm/ops/internal/graph_access.h"
#include "tfxm/util/files/temporary.h"
#include "tfxm/util/filesystem/file_system.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::nn {
namespace {

constexpr absl::string_view kValueSuffix = "/.ATTRIBUTES/VARIABLE_VALUE";
constexpr absl::string_view kDataSuffix = ".data-00000-of-00001";
// Where TensorFlow keeps what its objects are called (a TrackableObjectGraph).
constexpr absl::string_view kObjectGraphKey = "_CHECKPOINTABLE_OBJECT_GRAPH";

// Of a SavedModel's directory or a checkpoint.
absl::StatusOr<std::string> Prefix(absl::string_view path) {
  std::string prefix = io::IsDirectory(path) ? io::JoinPath(path, "variables/variables") : std::string(path);
  if (io::Exists(absl::StrCat(prefix, ".index"))) return prefix;
  if (prefix == path && io::Exists(path)) {
    return absl::InvalidArgumentError(absl::StrCat(
        path,
        " is neither a checkpoint (a file that ends in .index, named without that) nor a SavedModel nor a file of Keras's "
        "(.keras, .weights.h5, .h5)"));
  }
  if (absl::EndsWith(path, ".keras") || absl::EndsWith(path, ".h5"))
    return absl::NotFoundError(absl::StrCat("there is no file ", path));
  return absl::NotFoundError(absl::StrCat("there is no checkpoint ", prefix, " (no ", prefix, ".index)"));
}

bool IsOfOptimizer(absl::string_view key) {
  return absl::StartsWith(key, "optimizer/") || absl::StrContains(key, "/.OPTIMIZER_SLOT/") ||
         absl::StartsWith(key, "keras_api/") || absl::StartsWith(key, "save_counter/");
}

}  // namespace

absl::Status WriteVariables(absl::string_view path, const std::map<std::string, Tensor>& variables) {
  RETURN_IF_ERROR(io::MakeDirs(io::Dirname(path)));
  ASSIGN_OR_RETURN(const auto temporary, io::TempDir::Make(io::Dirname(path), ".checkpoint-"));
  const std::string prefix = io::JoinPath(temporary->path(), "variables");
  const auto write = [&]() -> absl::Status {
    tensorflow::BundleWriter writer(tensorflow::Env::Default(), prefix);
    RETURN_IF_ERROR(writer.status());
    for (const auto& [name, value] : variables) {
      ASSIGN_OR_RETURN(const tensorflow::Tensor tensor, ops::internal::ToTf(value));
      RETURN_IF_ERROR(writer.Add(absl::StrCat(name, kValueSuffix), tensor));
    }
    RETURN_IF_ERROR(writer.Finish());
    // The data first: an index always finds its data.
    RETURN_IF_ERROR(io::Rename(absl::StrCat(prefix, kDataSuffix), absl::StrCat(path, kDataSuffix)));
    return io::Rename(absl::StrCat(prefix, ".index"), absl::StrCat(path, ".index"));
  };
  return Annotate(write(), absl::StrCat("writing checkpoint ", path));
}

absl::Status CheckFolder(absl::string_view who, absl::string_view path) {
  if (io::IsRemote(path)) return absl::OkStatus();
  const std::string dir = io::Dirname(path);
  return Annotate(io::TempDir::Make(dir.empty() ? "." : dir, ".writable-").status(), who);
}

absl::StatusOr<std::map<std::string, Tensor>> ReadVariables(absl::string_view path,
                                                            const std::vector<std::string>& names, bool allow_missing) {
  ASSIGN_OR_RETURN(const std::string prefix, Prefix(path));
  tensorflow::BundleReader reader(tensorflow::Env::Default(), prefix);
  RETURN_IF_ERROR(Annotate(reader.status(), prefix));
  std::vector<std::string> wanted = names;
  if (names.empty()) {
    for (reader.Seek(""); reader.Valid(); reader.Next()) {
      absl::string_view key = reader.key();
      if (absl::ConsumeSuffix(&key, kValueSuffix)) wanted.emplace_back(key);
    }
  }
  std::map<std::string, Tensor> values;
  for (const std::string& name : wanted) {
    std::string key = absl::StrCat(name, kValueSuffix);
    if (!reader.Contains(key)) key = name;  // Keys of TensorFlow 1.
    if (!reader.Contains(key)) {
      if (allow_missing) continue;
      return absl::NotFoundError(absl::StrCat("checkpoint ", prefix, " has no variable \"", name, "\""));
    }
    tensorflow::DataType dtype;
    tensorflow::TensorShape shape;
    RETURN_IF_ERROR(Annotate(reader.LookupDtypeAndShape(key, &dtype, &shape), prefix));
    tensorflow::Tensor tensor(dtype, shape);
    RETURN_IF_ERROR(Annotate(reader.Lookup(key, &tensor), prefix));
    ASSIGN_OR_RETURN(values[name], ops::internal::FromTf(tensor));
  }
  return values;
}

absl::StatusOr<std::vector<StoredVariable>> ListVariables(absl::string_view path) {
  ASSIGN_OR_RETURN(const std::string prefix, Prefix(path));
  tensorflow::BundleReader reader(tensorflow::Env::Default(), prefix);
  RETURN_IF_ERROR(Annotate(reader.status(), prefix));
  std::vector<StoredVariable> variables;
  std::set<std::string> names;
  const auto add = [&](absl::string_view name, absl::string_view key) -> absl::Status {
    absl::ConsumeSuffix(&name, ":0");
    if (IsOfOptimizer(key) || !names.insert(std::string(name)).second) return absl::OkStatus();
    tensorflow::DataType dtype;
    tensorflow::TensorShape shape;
    RETURN_IF_ERROR(Annotate(reader.LookupDtypeAndShape(key, &dtype, &shape), prefix));
    StoredVariable variable{std::string(name), std::string(key), static_cast<DataType>(dtype), {}};
    variable.in_order = absl::StartsWith(key, "layer_with_weights-") || absl::StartsWith(key, "variables/");
    for (int i = 0; i < shape.dims(); ++i) variable.shape.push_back(shape.dim_size(i));
    variables.push_back(std::move(variable));
    return absl::OkStatus();
  };
  if (reader.Contains(kObjectGraphKey)) {
    tensorflow::Tensor graph_tensor(tensorflow::DT_STRING, tensorflow::TensorShape({}));
    RETURN_IF_ERROR(Annotate(reader.Lookup(kObjectGraphKey, &graph_tensor), prefix));
    tensorflow::TrackableObjectGraph graph;
    const tensorflow::tstring& bytes = graph_tensor.scalar<tensorflow::tstring>()();
    if (!graph.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
      return absl::DataLossError(absl::StrCat(prefix, ": the object graph cannot be read"));
    }
    for (const auto& node : graph.nodes()) {
      for (const auto& attribute : node.attributes()) {
        if (attribute.name() != "VARIABLE_VALUE" || !reader.Contains(attribute.checkpoint_key())) continue;
        absl::string_view key = attribute.checkpoint_key();
        absl::ConsumeSuffix(&key, kValueSuffix);
        RETURN_IF_ERROR(add(attribute.full_name().empty() ? key : attribute.full_name(), attribute.checkpoint_key()));
      }
    }
    if (!variables.empty()) return variables;
  }
  std::vector<std::string> keys;
  for (reader.Seek(""); reader.Valid(); reader.Next()) keys.emplace_back(reader.key());
  for (const std::string& key : keys) {
    if (key.empty() || key == kObjectGraphKey) continue;
    absl::string_view name = key;
    absl::ConsumeSuffix(&name, kValueSuffix);
    RETURN_IF_ERROR(add(name, key));
  }
  return variables;
}

}  // namespace tfxm::nn
