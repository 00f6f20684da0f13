// A TransformGraph artifact as the rest of a pipeline uses it: tft.TFTransformOutput.
//
//   ASSIGN_OR_RETURN(TFTransformOutput tf_transform_output, TFTransformOutput::Load(fn_args.transform_output));
//
//   // Inside a serving signature: from serialized tf.Examples to transformed features.
//   FeatureSpec feature_spec = tf_transform_output.raw_feature_spec();
//   feature_spec.erase(LABEL_KEY);
//   ASSIGN_OR_RETURN(TransformedFeatures transformed,
//                    tf_transform_output.transform_features_layer(tft::ParseExample(serialized, feature_spec)));
//   context.AddVariables(transformed.variables);
//
// Immutable, so usable from any thread.
#ifndef TFXM_TRANSFORM_TF_TRANSFORM_OUTPUT_H_
#define TFXM_TRANSFORM_TF_TRANSFORM_OUTPUT_H_

#include <map>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tfxm/transform/feature_spec.h"
#include "tfxm/transform/tensor_map.h"

namespace tfxm {
namespace transform {

// tf.io.parse_example: the features of `spec`, of a vector of serialized tf.Examples.
TensorMap ParseExample(const ops::Tensor& serialized, const FeatureSpec& spec);

}  // namespace transform

struct TransformedFeatures {
  std::map<std::string, ops::Tensor> features;      // By name.
  std::map<std::string, Tensor> variables;          // Those that the transform graph reads, for nn::FunctionContext::AddVariables.
};

class TFTransformOutput {
 public:
  // NOT_FOUND or INVALID_ARGUMENT name the file that is missing or ill-formed.
  static absl::StatusOr<TFTransformOutput> Load(absl::string_view transform_output_dir);

  const tensorflow::metadata::v0::Schema& raw_metadata_schema() const { return *raw_schema_; }
  const tensorflow::metadata::v0::Schema& transformed_metadata_schema() const { return *transformed_schema_; }
  const transform::FeatureSpec& raw_feature_spec() const { return raw_spec_; }
  const transform::FeatureSpec& transformed_feature_spec() const { return transformed_spec_; }

  // The transform graph applied to raw features, in their graph. Raw features may be missing (the label, when serving): what
  // depends on them is left out. INVALID_ARGUMENT names a feature that the graph does not take or of another type.
  absl::StatusOr<TransformedFeatures> transform_features_layer(const transform::TensorMap& raw_features) const;

  const std::string& transform_savedmodel_dir() const { return transform_fn_dir_; }

 private:
  std::string transform_fn_dir_;
  std::shared_ptr<const tensorflow::metadata::v0::Schema> raw_schema_, transformed_schema_;
  transform::FeatureSpec raw_spec_, transformed_spec_;
};

}  // namespace tfxm

#endif  // TFXM_TRANSFORM_TF_TRANSFORM_OUTPUT_H_
