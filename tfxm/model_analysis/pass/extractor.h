// SPDX-License-Identifier: Apache-2.0

// Fills Extracts from a batch: features to labels and weights, as the model_specs say, and predictions from the models
// or from features. One object per thread.
#ifndef TFXM_MODEL_ANALYSIS_PASS_EXTRACTOR_H_
#define TFXM_MODEL_ANALYSIS_PASS_EXTRACTOR_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tensorflow_model_analysis/proto/config.pb.h"
#include "tfxm/model_analysis/inference/inference_model.h"
#include "tfxm/model_analysis/pass/extracts.h"

namespace tfxm::model_analysis {

class Extractor {
 public:
  // `models` by model_spec, null for predictions from features; `features` are made available as
  // Extracts::feature_values.
  static absl::StatusOr<std::unique_ptr<Extractor>> Create(const ::tensorflow_model_analysis::EvalConfig* eval_config,
                                                           const std::vector<const InferenceModel*>& models,
                                                           std::vector<std::string> features);

  // Makes what the models' preprocessing functions make of the batch, for the functions below.
  absl::Status Transform(const data::ExampleBatch& batch);

  // The batch whose features are sliced by: with what the models' preprocessing functions made of it, if they have any
  // (of several models, the first one's features count). Valid until the next call of Transform.
  const data::ExampleBatch& features(const data::ExampleBatch& batch) const {
    return transformed_ != nullptr ? *transformed_ : batch;  // NOLINT(bugprone-return-const-ref-from-parameter)
  }

  // What is wrong if a key of the model_specs is no feature at all of the batch, nor one that its model's preprocessing
  // functions made of it. Names the nearest ones.
  absl::Status CheckKeys(const data::ExampleBatch& batch) const;

  // `extracts` keeps a pointer to the batch.
  absl::Status Extract(const data::ExampleBatch& batch, Extracts* extracts);

 private:
  explicit Extractor(const ::tensorflow_model_analysis::EvalConfig* eval_config) : eval_config_(eval_config) {}
  const ::tensorflow_model_analysis::EvalConfig* const eval_config_;
  std::vector<std::unique_ptr<InferenceSession>> sessions_;
  std::vector<std::string> features_;
  std::shared_ptr<data::ExampleBatch> transformed_;                        // Null without preprocessing functions.
  std::vector<std::shared_ptr<data::ExampleBatch>> transformed_by_model_;  // The same, by model.
};

}  // namespace tfxm::model_analysis

#endif  // TFXM_MODEL_ANALYSIS_PASS_EXTRACTOR_H_
