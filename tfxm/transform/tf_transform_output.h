// SPDX-License-Identifier: Apache-2.0

// A transform graph artifact, loaded: tft.TFTransformOutput. Reads what tfxm and TensorFlow Transform (in TF2 mode)
// write.
//
//   ASSIGN_OR_RETURN(TFTransformOutput tf_transform_output, TFTransformOutput::Load(fn_args.transform_graph_path));
//   tft::FeatureSpec feature_spec = tf_transform_output.raw_feature_spec();
//   feature_spec.erase("image_class");
//   ops::ParsedExample parsed = ops::ParseExample(serialized, feature_spec.fixed, feature_spec.var);
//   ASSIGN_OR_RETURN(tft::TensorMap transformed, tf_transform_output.transform_features_layer(graph, parsed));
//
// Copied freely; const methods may be called by several threads.
#ifndef TFXM_TRANSFORM_TF_TRANSFORM_OUTPUT_H_
#define TFXM_TRANSFORM_TF_TRANSFORM_OUTPUT_H_

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tfxm/data/example_batch.h"
#include "tfxm/data/tensor.h"
#include "tfxm/transform/feature_spec.h"
#include "tfxm/transform/tft.h"

namespace tensorflow::metadata::v0 {
class Schema;  // Its header would double the time a module takes to compile.
}

namespace tfxm {

class TFTransformOutput {
 public:
  // NOT_FOUND / INVALID_ARGUMENT name the file that is missing or ill-formed.
  static absl::StatusOr<TFTransformOutput> Load(absl::string_view transform_output_dir);

  std::string transform_savedmodel_dir() const;
  const tensorflow::metadata::v0::Schema& raw_metadata_schema() const;
  const tensorflow::metadata::v0::Schema& transformed_metadata_schema() const;
  const transform::FeatureSpec& raw_feature_spec() const;
  const transform::FeatureSpec& transformed_feature_spec() const;

  // The transformed features as part of `graph`, from raw ones in it. A raw feature may be left out (a label, when
  // serving): then so are the outputs that need it. INVALID_ARGUMENT names a raw feature that is unknown or of another
  // type.
  absl::StatusOr<transform::TensorMap> transform_features_layer(ops::Graph& graph,
                                                                const transform::TensorMap& raw_features) const;
  absl::StatusOr<transform::TensorMap> transform_features_layer(ops::Graph& graph,
                                                                const ops::ParsedExample& raw_features) const;

  // The dense transformed features of raw examples, by name; the first call loads the graph.
  absl::StatusOr<std::map<std::string, Tensor>> TransformExamples(const data::ExampleBatch& raw) const;

  // How many values an integer feature of the transformed data may have, as its domain says: of what bucketize,
  // compute_and_apply_vocabulary and their relatives make. INVALID_ARGUMENT if it has none, NOT_FOUND names the features.
  absl::StatusOr<int64_t> num_buckets_for_transformed_feature(absl::string_view name) const;

  // A vocabulary of the preprocessing_fn by its vocab_filename. NOT_FOUND names the vocabularies there are.
  absl::StatusOr<std::string> vocabulary_file_by_name(absl::string_view vocab_filename) const;
  absl::StatusOr<std::vector<std::string>> vocabulary_by_name(absl::string_view vocab_filename) const;
  absl::StatusOr<int64_t> vocabulary_size_by_name(absl::string_view vocab_filename) const;

 private:
  struct Rep;
  std::shared_ptr<Rep> rep_;
};

}  // namespace tfxm

#endif  // TFXM_TRANSFORM_TF_TRANSFORM_OUTPUT_H_
