// SPDX-License-Identifier: Apache-2.0

#include "tfxm/model_analysis/pass/extractor.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "tfxm/model_analysis/inference/transformed_batch.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::model_analysis {
namespace {

using KeyMap = google::protobuf::Map<std::string, std::string>;

// One entry for `key`, else one per entry of `keys`, sorted by output; buffers of the last batch are used again.
void FromFeatures(const data::ExampleBatch& batch, const std::string& key, const KeyMap& keys, NamedValues* values) {
  if (!key.empty()) {
    if (values->size() != 1) *values = NamedValues(1);
    (*values)[0].second.FromColumn(batch.Find(key), batch.num_examples());
    return;
  }
  if (values->size() != keys.size()) {
    values->clear();
    for (const auto& [output, feature] : keys) values->emplace_back(output, Values());
    std::sort(values->begin(), values->end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  }
  for (auto& [output, value] : *values) value.FromColumn(batch.Find(keys.at(output)), batch.num_examples());
}

}  // namespace

absl::StatusOr<std::unique_ptr<Extractor>> Extractor::Create(const ::tensorflow_model_analysis::EvalConfig* eval_config,
                                                             const std::vector<const InferenceModel*>& models,
                                                             std::vector<std::string> features) {
  std::unique_ptr<Extractor> extractor(new Extractor(eval_config));
  for (const InferenceModel* model : models) {
    std::unique_ptr<InferenceSession> session;
    if (model != nullptr) {
      ASSIGN_OR_RETURN(session, model->NewSession());
    }
    extractor->sessions_.push_back(std::move(session));
  }
  extractor->transformed_by_model_.resize(models.size());
  for (size_t m = 0; m < models.size(); ++m) {
    if (models[m] == nullptr || !models[m]->HasTransform()) continue;
    // Of one model the two are the same.
    std::shared_ptr<data::ExampleBatch>& transformed = extractor->transformed_by_model_[m];
    transformed = std::make_shared<data::ExampleBatch>();
    extractor->transformed_ = extractor->transformed_ == nullptr ? transformed : std::make_shared<data::ExampleBatch>();
  }
  extractor->features_ = std::move(features);
  return extractor;
}

absl::Status Extractor::Transform(const data::ExampleBatch& batch) {
  if (transformed_ == nullptr) return absl::OkStatus();
  NamedValues of_all;
  for (size_t m = 0; m < sessions_.size(); ++m) {
    if (transformed_by_model_[m] == nullptr) continue;
    NamedValues of_model;
    RETURN_IF_ERROR(sessions_[m]->Transform(batch, &of_model));
    MakeTransformedBatch(batch, of_model, transformed_by_model_[m].get());
    if (transformed_ == transformed_by_model_[m]) continue;
    for (auto& feature : of_model) of_all.push_back(std::move(feature));
  }
  if (!of_all.empty()) MakeTransformedBatch(batch, of_all, transformed_.get());
  return absl::OkStatus();
}

absl::Status Extractor::Extract(const data::ExampleBatch& batch, Extracts* extracts) {
  extracts->num_examples = batch.num_examples();
  extracts->features = &batch;
  extracts->models.resize(eval_config_->model_specs_size());
  for (int m = 0; m < eval_config_->model_specs_size(); ++m) {
    const auto& spec = eval_config_->model_specs(m);
    ModelExtracts& model = extracts->models[m];
    const data::ExampleBatch& features = transformed_by_model_[m] != nullptr ? *transformed_by_model_[m] : batch;
    FromFeatures(features, spec.label_key(), spec.label_keys(), &model.labels);
    FromFeatures(features, spec.example_weight_key(), spec.example_weight_keys(), &model.example_weights);
    if (sessions_[m] == nullptr) {
      FromFeatures(batch, spec.prediction_key(), spec.prediction_keys(), &model.predictions);
      continue;
    }
    model.predictions.clear();
    RETURN_IF_ERROR(sessions_[m]->Predict(batch, &model.predictions));
    for (const auto& [output, values] : model.predictions) {
      if (static_cast<int>(values.ends.size()) != batch.num_examples()) {
        return absl::InvalidArgumentError(absl::StrCat("the model's output \"", output, "\" has ", values.ends.size(),
                                                       " rows for ", batch.num_examples(),
                                                       " examples; its first dimension must be the batch"));
      }
    }
  }
  if (extracts->feature_values.size() != features_.size()) {
    extracts->feature_values.clear();
    for (const std::string& feature : features_) extracts->feature_values.emplace_back(feature, Values());
  }
  for (auto& [feature, values] : extracts->feature_values)
    values.FromColumn(features(batch).Find(feature), batch.num_examples());
  return absl::OkStatus();
}

absl::Status Extractor::CheckKeys(const data::ExampleBatch& batch) const {
  for (int m = 0; m < eval_config_->model_specs_size(); ++m) {
    // Keys may be features that the model's preprocessing functions make.
    const data::ExampleBatch& features = transformed_by_model_[m] != nullptr ? *transformed_by_model_[m] : batch;
    const auto check = [&](absl::string_view field, const std::string& key) -> absl::Status {
      if (key.empty() || features.Find(key) != nullptr) return absl::OkStatus();
      std::vector<std::string> names;
      for (const data::Column& column : features.columns()) names.push_back(column.name());
      const std::string near = NearestNames(key, names);
      return absl::InvalidArgumentError(absl::StrCat(field, " \"", key, "\" is not a feature of the examples",
                                                     near.empty() ? "" : "; nearest features: ", near));
    };
    const auto& spec = eval_config_->model_specs(m);
    RETURN_IF_ERROR(check("label_key", spec.label_key()));
    RETURN_IF_ERROR(check("example_weight_key", spec.example_weight_key()));
    for (const auto& [output, key] : spec.label_keys()) RETURN_IF_ERROR(check("label_keys", key));
    for (const auto& [output, key] : spec.example_weight_keys()) RETURN_IF_ERROR(check("example_weight_keys", key));
    if (sessions_[m] != nullptr) continue;
    RETURN_IF_ERROR(check("prediction_key", spec.prediction_key()));
    for (const auto& [output, key] : spec.prediction_keys()) RETURN_IF_ERROR(check("prediction_keys", key));
  }
  return absl::OkStatus();
}

}  // namespace tfxm::model_analysis
