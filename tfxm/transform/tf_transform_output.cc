// SPDX-License-Identifier: Apache-2.0

#include "tfxm/transform/tf_transform_output.h"

#include <mutex>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "tensorflow/core/protobuf/saved_object_graph.pb.h"
#include "tensorflow_metadata/proto/v0/schema.pb.h"
#include "tfxm/data/tfrecord.h"
#include "tfxm/ops/internal/graph_access.h"
#include "tfxm/saved_model/import_signature.h"
#include "tfxm/saved_model/internal/read_saved_model.h"
#include "tfxm/transform/internal/layout.h"
#include "tfxm/transform/internal/transform_graph_rep.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"

namespace tfxm {
namespace {

using transform::FeatureSpec;
using transform::FeatureTensor;
using transform::TensorMap;

constexpr char kRecords[] = ".tfrecord.gz";  // What the file of a vocabulary of records ends with.
constexpr char kServing[] = "serving_default";
// Of graphs that TensorFlow Transform wrote in its TF1 mode.
constexpr char kTransformSignature[] = "transform_signature";

// A feature's names among the signature's inputs, in the order of Components.
using InputNames = std::map<std::string, std::vector<std::string>>;

// The third of its state: shape, type, number of ragged dimensions, type of the row splits.
int RaggedRank(const tensorflow::TypeSpecProto& spec) {
  const auto& state = spec.type_state().tuple_value();
  return state.values_size() > 2 ? static_cast<int>(state.values(2).int64_value()) : 1;
}

// What a tensor's parts are called in a signature that tfxm writes.
std::vector<std::string> SparseNames(const std::string& name) {
  return {absl::StrCat(name, "/indices"), absl::StrCat(name, "/values"), absl::StrCat(name, "/dense_shape")};
}
std::vector<std::string> RaggedNames(const std::string& name, int ragged_rank) {
  std::vector<std::string> names = {absl::StrCat(name, "/values")};
  for (int i = 0; i < ragged_rank; ++i) names.push_back(absl::StrCat(name, "/row_splits_", i));
  return names;
}

// The flat arguments of `transform_fn` in order: TensorFlow Transform calls them inputs, inputs_1, … in its signature.
InputNames FlatInputNames(const tensorflow::SavedObjectGraph& objects) {
  InputNames names;
  if (objects.nodes_size() == 0) return names;
  for (const auto& child : objects.nodes(0).children()) {
    if (child.local_name() != "transform_fn") continue;
    const auto& node = objects.nodes(child.node_id());
    std::string function = node.bare_concrete_function().concrete_function_name();
    if (node.function().concrete_functions_size() > 0) function = node.function().concrete_functions(0);
    const auto it = objects.concrete_functions().find(function);
    if (it == objects.concrete_functions().end()) return names;
    const auto& arguments = it->second.canonicalized_input_signature().tuple_value();
    if (arguments.values_size() == 0 || arguments.values(0).tuple_value().values_size() == 0) return names;
    const auto& fields = arguments.values(0).tuple_value().values(0).dict_value().fields();
    int flat = 0;
    for (const auto& [key, value] : std::map<std::string, tensorflow::StructuredValue>(fields.begin(), fields.end())) {
      const int components =
          !value.has_type_spec_value() ? 1
          : value.type_spec_value().type_spec_class() == tensorflow::TypeSpecProto::RAGGED_TENSOR_SPEC
              ? 1 + RaggedRank(value.type_spec_value())
              : 3;
      for (int c = 0; c < components; ++c, ++flat) {
        names[key].push_back(flat == 0 ? "inputs" : absl::StrCat("inputs_", flat));
      }
    }
  }
  return names;
}

absl::StatusOr<tensorflow::metadata::v0::Schema> ReadSchema(const std::string& path) {
  tensorflow::metadata::v0::Schema schema;
  if (!io::Exists(path)) {
    return absl::NotFoundError(absl::StrCat(path, " does not exist: its directory is not a transform graph"));
  }
  RETURN_IF_ERROR(io::ReadTextProto(path, &schema));
  return schema;
}

}  // namespace

struct TFTransformOutput::Rep {
  std::string dir, signature = kServing;
  tensorflow::metadata::v0::Schema raw_schema, transformed_schema;
  FeatureSpec raw_spec, transformed_spec;
  InputNames inputs;
  std::set<std::string> output_names;

  // For TransformExamples.
  std::once_flag loaded;
  absl::Status load_status;
  ops::Graph graph;
  std::vector<transform::internal::RawFeature> features;
  std::vector<std::string> names;
  transform::internal::Program program;
};

absl::StatusOr<TFTransformOutput> TFTransformOutput::Load(absl::string_view dir) {
  TFTransformOutput output;
  output.rep_ = std::make_shared<Rep>();
  Rep& rep = *output.rep_;
  rep.dir = std::string(dir);
  ASSIGN_OR_RETURN(rep.raw_schema, ReadSchema(io::JoinPath(dir, transform::internal::kRawMetadataDir,
                                                           transform::internal::kMetadataSchemaFile)));
  ASSIGN_OR_RETURN(rep.transformed_schema, ReadSchema(io::JoinPath(dir, transform::internal::kTransformedMetadataDir,
                                                                   transform::internal::kMetadataSchemaFile)));
  ASSIGN_OR_RETURN(rep.raw_spec, transform::SchemaAsFeatureSpec(rep.raw_schema));
  ASSIGN_OR_RETURN(rep.transformed_spec, transform::SchemaAsFeatureSpec(rep.transformed_schema));
  const std::string model_dir = output.transform_savedmodel_dir();
  ASSIGN_OR_RETURN(const tensorflow::MetaGraphDef meta_graph, internal::ReadMetaGraph(model_dir, {"serve"}));
  if (meta_graph.signature_def().contains(kTransformSignature)) rep.signature = kTransformSignature;
  const auto signature = meta_graph.signature_def().find(rep.signature);
  if (signature == meta_graph.signature_def().end()) {
    return absl::InvalidArgumentError(
        absl::StrCat(model_dir, " has no signature \"", rep.signature, "\": it is not a transform graph"));
  }
  const InputNames flat = FlatInputNames(meta_graph.object_graph_def());
  const auto add = [&](const std::string& name, std::vector<std::string> own) -> absl::Status {
    if (const auto it = flat.find(name); !signature->second.inputs().contains(own[0]) && it != flat.end())
      own = it->second;
    for (const std::string& input : own) {
      if (signature->second.inputs().contains(input)) continue;
      return absl::InvalidArgumentError(absl::StrCat(
          model_dir, " does not take the raw feature \"", name, "\" of ",
          io::JoinPath(dir, transform::internal::kRawMetadataDir, transform::internal::kMetadataSchemaFile)));
    }
    rep.inputs[name] = std::move(own);
    return absl::OkStatus();
  };
  for (const auto& [name, fixed] : rep.raw_spec.fixed) RETURN_IF_ERROR(add(name, {name}));
  for (const auto& [name, var] : rep.raw_spec.var) RETURN_IF_ERROR(add(name, SparseNames(name)));
  for (const auto& [name, sparse] : rep.raw_spec.sparse) RETURN_IF_ERROR(add(name, SparseNames(name)));
  for (const auto& [name, ragged] : rep.raw_spec.ragged) {
    RETURN_IF_ERROR(add(name, RaggedNames(name, ragged.ragged_rank())));
  }
  for (const auto& [name, info] : signature->second.outputs()) rep.output_names.insert(name);
  return output;
}

std::string TFTransformOutput::transform_savedmodel_dir() const {
  return io::JoinPath(rep_->dir, transform::internal::kTransformFnDir);
}
const tensorflow::metadata::v0::Schema& TFTransformOutput::raw_metadata_schema() const { return rep_->raw_schema; }
const tensorflow::metadata::v0::Schema& TFTransformOutput::transformed_metadata_schema() const {
  return rep_->transformed_schema;
}
const FeatureSpec& TFTransformOutput::raw_feature_spec() const { return rep_->raw_spec; }
const FeatureSpec& TFTransformOutput::transformed_feature_spec() const { return rep_->transformed_spec; }

absl::StatusOr<TensorMap> TFTransformOutput::transform_features_layer(ops::Graph& graph,
                                                                      const TensorMap& raw_features) const {
  RETURN_IF_ERROR(graph.status());
  std::map<std::string, ops::Tensor> inputs;
  for (const auto& [name, feature] : raw_features) {
    const auto it = rep_->inputs.find(name);
    const std::vector<ops::Tensor> components = transform::internal::Components(feature);
    if (it == rep_->inputs.end() || it->second.size() != components.size()) {
      std::vector<std::string> known;
      for (const auto& [key, value] : rep_->inputs) known.push_back(key);
      return absl::InvalidArgumentError(
          absl::StrCat("the transform graph ", rep_->dir,
                       it == rep_->inputs.end() ? " has no raw feature \""
                                                : " takes a tensor of another kind (dense, sparse, ragged) as \"",
                       name, "\"; its raw features are ", absl::StrJoin(known, ", ")));
    }
    for (size_t c = 0; c < components.size(); ++c) inputs[it->second[c]] = components[c];
  }
  ASSIGN_OR_RETURN(const ImportedSignature imported, ImportSignature(graph, transform_savedmodel_dir(), rep_->signature,
                                                                     inputs, "transform_features_layer"));
  if (!imported.variables.empty()) {
    return absl::UnimplementedError(absl::StrCat(rep_->dir, ": transform graphs with variables"));
  }
  TensorMap transformed;
  for (const auto& [name, fixed] : rep_->transformed_spec.fixed) {
    if (const auto it = imported.outputs.find(name); it != imported.outputs.end()) transformed[name] = it->second;
  }
  // The parts of one that is not dense; none if it needs a raw feature that is not there.
  const auto parts = [&](const std::string& name,
                         const std::vector<std::string>& names) -> absl::StatusOr<std::vector<ops::Tensor>> {
    std::vector<ops::Tensor> tensors;
    for (const std::string& part : names) {
      if (rep_->output_names.count(part) == 0) {
        return absl::UnimplementedError(absl::StrCat(
            "the feature \"", name, "\" of ", rep_->dir,
            ", which is not dense: the names of its parts are not known in a graph that tfxm did not write"));
      }
      const auto it = imported.outputs.find(part);
      if (it == imported.outputs.end()) return std::vector<ops::Tensor>();
      tensors.push_back(it->second);
    }
    return tensors;
  };
  const auto add_sparse = [&](const std::string& name) -> absl::Status {
    ASSIGN_OR_RETURN(const std::vector<ops::Tensor> tensors, parts(name, SparseNames(name)));
    if (!tensors.empty()) transformed[name] = ops::SparseTensor{tensors[0], tensors[1], tensors[2]};
    return absl::OkStatus();
  };
  for (const auto& [name, var] : rep_->transformed_spec.var) RETURN_IF_ERROR(add_sparse(name));
  for (const auto& [name, sparse] : rep_->transformed_spec.sparse) RETURN_IF_ERROR(add_sparse(name));
  for (const auto& [name, ragged] : rep_->transformed_spec.ragged) {
    ASSIGN_OR_RETURN(std::vector<ops::Tensor> tensors, parts(name, RaggedNames(name, ragged.ragged_rank())));
    if (tensors.empty()) continue;
    transformed[name] = ops::RaggedTensor{tensors[0], {tensors.begin() + 1, tensors.end()}};
  }
  return transformed;
}

absl::StatusOr<TensorMap> TFTransformOutput::transform_features_layer(ops::Graph& graph,
                                                                      const ops::ParsedExample& raw_features) const {
  TensorMap features(raw_features.dense);
  for (const auto& [name, sparse] : raw_features.sparse) features[name] = sparse;
  return transform_features_layer(graph, features);
}

absl::StatusOr<std::map<std::string, Tensor>> TFTransformOutput::TransformExamples(
    const data::ExampleBatch& raw) const {
  Rep& rep = *rep_;
  std::call_once(rep.loaded, [&] {
    rep.load_status = [&]() -> absl::Status {
      rep.features = transform::internal::MakeRawFeatures(rep.raw_spec, &rep.graph);
      TensorMap inputs;
      for (const auto& feature : rep.features) inputs[feature.name] = feature.tensor;
      ASSIGN_OR_RETURN(const TensorMap transformed, transform_features_layer(rep.graph, inputs));
      std::vector<ops::Tensor> fetches;
      for (const auto& [name, tensor] : transformed) {
        if (!tensor.is_dense()) continue;
        rep.names.push_back(name);
        fetches.push_back(tensor);
      }
      if (fetches.empty()) return absl::OkStatus();
      ASSIGN_OR_RETURN(rep.program,
                       transform::internal::MakeProgram(rep.graph, rep.features, fetches, /*num_threads=*/1));
      return absl::OkStatus();
    }();
  });
  RETURN_IF_ERROR(rep.load_status);
  if (rep.names.empty()) return std::map<std::string, Tensor>();
  for (const int feature : rep.program.features) {
    RETURN_IF_ERROR(transform::internal::CheckFeature(raw, rep.features[feature]));
  }
  std::vector<tensorflow::Tensor> fetched;
  RETURN_IF_ERROR(rep.program.Run(raw, rep.features, &fetched));
  std::map<std::string, Tensor> result;
  for (size_t i = 0; i < fetched.size(); ++i) {
    ASSIGN_OR_RETURN(result[rep.names[i]], ops::internal::FromTf(fetched[i]));
  }
  return result;
}

absl::StatusOr<int64_t> TFTransformOutput::num_buckets_for_transformed_feature(absl::string_view name) const {
  std::vector<std::string> known;
  for (const auto& feature : rep_->transformed_schema.feature()) {
    known.push_back(feature.name());
    if (feature.name() != name) continue;
    if (!feature.has_int_domain() || feature.int_domain().min() != 0) {
      return absl::InvalidArgumentError(absl::StrCat(
          "the transformed feature \"", name, "\" has no int_domain that begins with 0 in the schema of ", rep_->dir));
    }
    return feature.int_domain().max() + 1;
  }
  return absl::NotFoundError(absl::StrCat("the transform graph ", rep_->dir, " has no transformed feature \"", name,
                                          "\"; it has ", absl::StrJoin(known, ", ")));
}

absl::StatusOr<std::string> TFTransformOutput::vocabulary_file_by_name(absl::string_view vocab_filename) const {
  const std::string assets = io::JoinPath(transform_savedmodel_dir(), "assets");
  std::string path = io::JoinPath(assets, vocab_filename);
  if (!vocab_filename.empty() && io::Exists(path)) return path;
  if (!vocab_filename.empty() && io::Exists(path + kRecords)) return path + kRecords;
  const std::vector<std::string> known = io::ListDir(assets).value_or(std::vector<std::string>());
  return absl::NotFoundError(absl::StrCat("the transform graph ", rep_->dir, " has no vocabulary \"", vocab_filename,
                                          "\"; it has ", known.empty() ? "none" : absl::StrJoin(known, ", ")));
}

absl::StatusOr<std::vector<std::string>> TFTransformOutput::vocabulary_by_name(absl::string_view vocab_filename) const {
  ASSIGN_OR_RETURN(const std::string path, vocabulary_file_by_name(vocab_filename));
  if (absl::EndsWith(path, kRecords)) {
    std::vector<std::string> records;
    RETURN_IF_ERROR(data::ForEachRecord({path}, [&](absl::string_view record) {
      records.emplace_back(record);
      return absl::OkStatus();
    }));
    return records;
  }
  ASSIGN_OR_RETURN(const std::string content, io::ReadFile(path));
  std::vector<std::string> lines = absl::StrSplit(content, '\n');
  if (!lines.empty() && lines.back().empty()) lines.pop_back();
  return lines;
}

absl::StatusOr<int64_t> TFTransformOutput::vocabulary_size_by_name(absl::string_view vocab_filename) const {
  ASSIGN_OR_RETURN(const std::vector<std::string> lines, vocabulary_by_name(vocab_filename));
  return static_cast<int64_t>(lines.size());
}

}  // namespace tfxm
