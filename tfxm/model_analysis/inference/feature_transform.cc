// SPDX-License-Identifier: Apache-2.0

#include "tfxm/model_analysis/inference/feature_transform.h"

#include <map>
#include <utility>
#include <vector>

#include "tfxm/model_analysis/inference/transformed_batch.h"
#include "tfxm/util/filesystem/local_copy.h"
#include "tfxm/util/plugin.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::model_analysis {
namespace {

class TransformingSession : public InferenceSession {
 public:
  // `of_records`: the model reads the serialized examples.
  TransformingSession(std::unique_ptr<InferenceSession> session, const FeatureTransform* transform, bool of_records)
      : session_(std::move(session)), transform_(transform), of_records_(of_records) {}

  absl::Status Predict(const data::ExampleBatch& batch, NamedValues* outputs) override {
    ASSIGN_OR_RETURN(const data::ExampleBatch* inputs, Inputs(batch));
    return session_->Predict(*inputs, outputs);
  }
  absl::StatusOr<std::map<std::string, Tensor>> PredictTensors(const data::ExampleBatch& batch) override {
    ASSIGN_OR_RETURN(const data::ExampleBatch* inputs, Inputs(batch));
    return session_->PredictTensors(*inputs);
  }
  absl::Status Transform(const data::ExampleBatch& batch, NamedValues* features) override {
    return transform_->Transform(batch, features);
  }
  absl::StatusOr<int> SetInputs(const data::ExampleBatch& batch) override {
    ASSIGN_OR_RETURN(const data::ExampleBatch* inputs, Inputs(batch));
    return session_->SetInputs(*inputs);
  }
  absl::Status RunInputs() override { return session_->RunInputs(); }
  absl::Status AddCosts(ModelCost* cost) override { return session_->AddCosts(cost); }

 private:
  absl::StatusOr<const data::ExampleBatch*> Inputs(const data::ExampleBatch& batch) {
    if (of_records_) return &batch;
    NamedValues features;
    RETURN_IF_ERROR(transform_->Transform(batch, &features));
    MakeTransformedBatch(batch, features, &inputs_);
    return &inputs_;
  }

  const std::unique_ptr<InferenceSession> session_;
  const FeatureTransform* const transform_;
  const bool of_records_;
  data::ExampleBatch inputs_;
};

class TransformingModel : public InferenceModel {
 public:
  TransformingModel(std::unique_ptr<InferenceModel> model, std::shared_ptr<const FeatureTransform> transform)
      : model_(std::move(model)), transform_(std::move(transform)) {}

  absl::StatusOr<std::unique_ptr<InferenceSession>> NewSession() const override { return Wrap(model_->NewSession()); }
  absl::StatusOr<std::unique_ptr<InferenceSession>> NewAppSession() const override {
    return Wrap(model_->NewAppSession());
  }
  std::vector<std::string> Warnings() const override { return model_->Warnings(); }
  bool HasTransform() const override { return true; }
  std::string signature_name() const override { return model_->signature_name(); }
  std::string examples_input() const override { return model_->examples_input(); }
  bool NeedsRecords() const override { return model_->NeedsRecords(); }

 private:
  absl::StatusOr<std::unique_ptr<InferenceSession>> Wrap(
      absl::StatusOr<std::unique_ptr<InferenceSession>> session) const {
    RETURN_IF_ERROR(session.status());
    return std::make_unique<TransformingSession>(*std::move(session), transform_.get(), model_->NeedsRecords());
  }

  const std::unique_ptr<InferenceModel> model_;
  const std::shared_ptr<const FeatureTransform> transform_;
};

}  // namespace

absl::StatusOr<std::shared_ptr<const FeatureTransform>> LoadFeatureTransform(const std::string& transform_graph) {
  constexpr char kKind[] = "transform_graph";
  if (!FeatureTransformRegistry::Get().Has(kKind)) RETURN_IF_ERROR(LoadPlugin("transform_inference"));
  ASSIGN_OR_RETURN(std::unique_ptr<FeatureTransform> transform, FeatureTransformRegistry::Get().Create(kKind));
  ASSIGN_OR_RETURN(const std::string local, io::LocalCopy(transform_graph));
  RETURN_IF_ERROR(transform->Load(local));
  return std::shared_ptr<const FeatureTransform>(std::move(transform));
}

std::unique_ptr<InferenceModel> WithTransform(std::unique_ptr<InferenceModel> model,
                                              std::shared_ptr<const FeatureTransform> transform) {
  if (model == nullptr || model->HasTransform()) return model;
  return std::make_unique<TransformingModel>(std::move(model), std::move(transform));
}

}  // namespace tfxm::model_analysis
