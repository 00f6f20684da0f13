// SPDX-License-Identifier: Apache-2.0

// Raw examples through a transform graph before a model sees them: models that take transformed features, as a TFLite
// file does, are then evaluated on the examples that an app has.
//
//   ASSIGN_OR_RETURN(const auto transform, LoadFeatureTransform("Transform/transform_graph/5"));
//   ASSIGN_OR_RETURN(auto model, LoadInferenceModel("lite/tflite", {}, /*detect_type=*/true));
//   model = WithTransform(std::move(model), transform);
#ifndef TFXM_MODEL_ANALYSIS_INFERENCE_FEATURE_TRANSFORM_H_
#define TFXM_MODEL_ANALYSIS_INFERENCE_FEATURE_TRANSFORM_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tfxm/data/example_batch.h"
#include "tfxm/model_analysis/inference/inference_model.h"
#include "tfxm/model_analysis/pass/extracts.h"
#include "tfxm/util/registry.h"

namespace tfxm::model_analysis {

// A loaded transform graph. Thread safe.
class FeatureTransform {
 public:
  virtual ~FeatureTransform() = default;
  // NOT_FOUND, INVALID_ARGUMENT name the file that is missing or ill-formed.
  virtual absl::Status Load(const std::string& transform_graph) = 0;
  // The raw features that it was made for.
  virtual std::vector<std::string> raw_features() const = 0;
  // Appends the dense transformed features. INVALID_ARGUMENT names a raw feature that is missing or does not fit.
  virtual absl::Status Transform(const data::ExampleBatch& batch, NamedValues* features) const = 0;
};

// "transform_graph" is in the plugin transform_inference.
using FeatureTransformRegistry = Registry<FeatureTransform>;

absl::StatusOr<std::shared_ptr<const FeatureTransform>> LoadFeatureTransform(const std::string& transform_graph);

// The model of examples that `transform` has transformed; it still sees their other features. A model that takes
// serialized examples gets them as they are, and one with preprocessing functions of its own is returned as it is.
std::unique_ptr<InferenceModel> WithTransform(std::unique_ptr<InferenceModel> model,
                                              std::shared_ptr<const FeatureTransform> transform);

}  // namespace tfxm::model_analysis

#endif  // TFXM_MODEL_ANALYSIS_INFERENCE_FEATURE_TRANSFORM_H_
