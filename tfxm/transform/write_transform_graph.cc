// SPDX-License-Identifier: Apache-2.0

#include "absl/strings/str_cat.h"
#include "tfxm/saved_model/saved_model_builder.h"
#include "tfxm/statistics/schema/text_proto.h"
#include "tfxm/transform/internal/layout.h"
#include "tfxm/transform/internal/transform_graph_rep.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"
#include "tfxm/util/text/json_writer.h"

namespace tfxm::transform {
namespace {

SavedModelBuilder::Value ToValue(const FeatureTensor& tensor) {
  if (tensor.is_sparse()) return tensor.sparse();
  if (tensor.is_ragged()) return tensor.ragged();
  return static_cast<const ops::Tensor&>(tensor);
}

// One by one, for a signature.
void AddFlat(const std::string& name, const FeatureTensor& tensor, NamedTensors* tensors) {
  if (tensor.is_dense()) {
    tensors->emplace(name, tensor);
    return;
  }
  if (tensor.is_ragged()) {
    tensors->emplace(absl::StrCat(name, "/values"), tensor.ragged().values);
    for (size_t i = 0; i < tensor.ragged().row_splits.size(); ++i) {
      tensors->emplace(absl::StrCat(name, "/row_splits_", i), tensor.ragged().row_splits[i]);
    }
    return;
  }
  tensors->emplace(absl::StrCat(name, "/indices"), tensor.sparse().indices);
  tensors->emplace(absl::StrCat(name, "/values"), tensor.sparse().values);
  tensors->emplace(absl::StrCat(name, "/dense_shape"), tensor.sparse().dense_shape);
}

}  // namespace

absl::Status TransformGraph::Write(absl::string_view dir) const {
  std::map<std::string, SavedModelBuilder::Value> inputs, outputs;
  NamedTensors flat_inputs, flat_outputs;
  for (const internal::RawFeature& feature : rep_->features) {
    inputs.emplace(feature.name, ToValue(feature.tensor));
    AddFlat(feature.name, feature.tensor, &flat_inputs);
  }
  for (const auto& [name, output] : rep_->outputs) {
    outputs.emplace(name, ToValue(output));
    AddFlat(name, output, &flat_outputs);
  }
  SavedModelBuilder builder;
  builder.AddFunction("transform_fn", std::move(inputs), std::move(outputs));
  builder.AddSignature("serving_default", std::move(flat_inputs), std::move(flat_outputs));
  RETURN_IF_ERROR(builder.Write(io::JoinPath(dir, internal::kTransformFnDir)));
  // Those that no table reads: for a layer of the model, or an app.
  for (const std::string& vocabulary : rep_->vocabularies) {
    const std::string path = io::JoinPath(dir, internal::kTransformFnDir, "assets", io::Basename(vocabulary));
    if (io::Exists(path)) continue;
    RETURN_IF_ERROR(io::MakeDirs(io::Dirname(path)));
    ASSIGN_OR_RETURN(const std::string content, io::ReadFile(vocabulary));
    RETURN_IF_ERROR(io::WriteFile(path, content));
  }
  for (const auto& [folder, schema] : {std::make_pair(internal::kRawMetadataDir, &rep_->raw_schema),
                                       std::make_pair(internal::kTransformedMetadataDir, &rep_->transformed_schema)}) {
    RETURN_IF_ERROR(io::MakeDirs(io::JoinPath(dir, folder)));
    RETURN_IF_ERROR(
        io::WriteFile(io::JoinPath(dir, folder, internal::kMetadataSchemaFile), statistics::PrintAsPython(*schema)));
  }
  if (rep_->assets.empty()) return absl::OkStatus();
  JsonWriter assets;
  assets.BeginObject();
  for (const auto& [key, file] : rep_->assets) assets.Key(key).String(file);
  assets.End();
  return io::WriteFile(io::JoinPath(dir, "transformed_metadata/asset_map"), std::move(assets).Take());
}

}  // namespace tfxm::transform
