#include "tfxm/transform/tf_transform_output.h"

#include "tfxm/saved_model/import_signature.h"
#include "tfxm/statistics/infer_schema.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"

namespace tfxm {
namespace transform {

TensorMap ParseExample(const ops::Tensor& serialized, const FeatureSpec& spec) {
  const ops::ParsedExample parsed = ops::ParseExample(serialized, spec.fixed, spec.var);
  TensorMap features(parsed.dense);
  for (const auto& [name, sparse] : parsed.sparse) features[name] = FeatureTensor(sparse);
  return features;
}

}  // namespace transform

absl::StatusOr<TFTransformOutput> TFTransformOutput::Load(absl::string_view transform_output_dir) {
  TFTransformOutput output;
  output.transform_fn_dir_ = io::JoinPath(transform_output_dir, "transform_fn");
  const auto read = [&](const char* dir, std::shared_ptr<const tensorflow::metadata::v0::Schema>* schema,
                        transform::FeatureSpec* spec) -> absl::Status {
    const std::string path = io::JoinPath(transform_output_dir, dir, "schema.pbtxt");
    ASSIGN_OR_RETURN(auto read, statistics::ReadSchema(path));
    absl::StatusOr<transform::FeatureSpec> from_schema = transform::SchemaAsFeatureSpec(read);
    RETURN_IF_ERROR(Annotate(from_schema.status(), path));
    *spec = *std::move(from_schema);
    *schema = std::make_shared<const tensorflow::metadata::v0::Schema>(std::move(read));
    return absl::OkStatus();
  };
  RETURN_IF_ERROR(read("metadata", &output.raw_schema_, &output.raw_spec_));
  RETURN_IF_ERROR(read("transformed_metadata", &output.transformed_schema_, &output.transformed_spec_));
  return output;
}

absl::StatusOr<TransformedFeatures> TFTransformOutput::transform_features_layer(const transform::TensorMap& raw_features) const {
  std::map<std::string, ops::Tensor> inputs;
  ops::Graph* graph = nullptr;
  for (const auto& [name, feature] : raw_features) {
    if (feature.is_sparse()) {
      inputs[name + "/indices"] = feature.sparse().indices;
      inputs[name + "/values"] = feature.sparse().values;
      inputs[name + "/dense_shape"] = feature.sparse().dense_shape;
    } else {
      inputs[name] = feature;
    }
    graph = feature.is_sparse() ? feature.sparse().values.graph() : feature.graph();
  }
  if (graph == nullptr) return absl::InvalidArgumentError("transform_features_layer was given no feature");
  ASSIGN_OR_RETURN(ImportedSignature imported,
                   ImportSignature(*graph, transform_fn_dir_, "serving_default", inputs, "transform_features_layer"));
  return TransformedFeatures{std::move(imported.outputs), std::move(imported.variables)};
}

}  // namespace tfxm
