// SPDX-License-Identifier: Apache-2.0

// The plugin that transforms the examples of an evaluation: registers "transform_graph" (feature_transform.h). It
// brings libtensorflow_cc with it.
#include <optional>

#include "tfxm/model_analysis/inference/feature_transform.h"
#include "tfxm/transform/tf_transform_output.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::model_analysis {
namespace {

class TransformGraphTransform : public FeatureTransform {
 public:
  absl::Status Load(const std::string& transform_graph) override {
    ASSIGN_OR_RETURN(output_, TFTransformOutput::Load(transform_graph));
    return absl::OkStatus();
  }

  std::vector<std::string> raw_features() const override {
    std::vector<std::string> names;
    for (const auto& [name, feature] : output_->raw_feature_spec().fixed) names.push_back(name);
    for (const auto& [name, feature] : output_->raw_feature_spec().var) names.push_back(name);
    return names;
  }

  absl::Status Transform(const data::ExampleBatch& batch, NamedValues* features) const override {
    auto transformed = output_->TransformExamples(batch);
    if (!transformed.ok()) return Annotate(transformed.status(), "transform graph");
    for (const auto& [name, tensor] : *transformed) features->emplace_back(name, Values()).second.FromTensor(tensor);
    return absl::OkStatus();
  }

 private:
  std::optional<TFTransformOutput> output_;
};

TFXM_REGISTER(FeatureTransformRegistry, "transform_graph", [] { return std::make_unique<TransformGraphTransform>(); });

}  // namespace
}  // namespace tfxm::model_analysis
