// SPDX-License-Identifier: Apache-2.0

// An evaluation (model_analysis/evaluate.h) as a step of a pass.
//
//   PassRequest request;
//   request.mutable_files()->Add(options.files.begin(), options.files.end());
//   *request.mutable_evaluate() = ToProto(options, module_file);
//   ASSIGN_OR_RETURN(const auto step, EvaluatePass::Make(options));
#ifndef TFXM_DISTRIBUTION_STEPS_EVALUATE_STEP_H_
#define TFXM_DISTRIBUTION_STEPS_EVALUATE_STEP_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tfxm/distribution/step.h"
#include "tfxm/model_analysis/evaluate.h"

namespace tfxm::distribution {

// What each worker needs of the options; it tells the models' types by itself (detect_model_type). `module_file` defines
// custom metrics.
EvaluateStep ToProto(const model_analysis::EvaluateOptions& options, const std::string& module_file);

class EvaluatePass : public Step {
 public:
  // For a worker, or to put parts together in the folder `output`. REQUIRES: the request is planned, and its module_file
  // loaded.
  static absl::StatusOr<std::unique_ptr<EvaluatePass>> Make(const PassRequest& request, const std::string& output);
  // To put together what workers with ToProto(options) make. REQUIRES: options.files are those of the request.
  static absl::StatusOr<std::unique_ptr<EvaluatePass>> Make(const model_analysis::EvaluateOptions& options);

  StateKind kind() const override { return model_analysis::Evaluation::kind(); }
  absl::StatusOr<std::string> Map(const compute::Shard& shard, int64_t* num_examples) override;
  absl::Status Merge(const compute::Shard& shard, StateReader* values) override;
  absl::Status Finish() override { return Result().status(); }

  // After all shards, in place of Finish.
  absl::StatusOr<model_analysis::EvaluationResult> Result() { return evaluation_->Finish(); }

 private:
  explicit EvaluatePass(std::unique_ptr<model_analysis::Evaluation> evaluation) : evaluation_(std::move(evaluation)) {}
  const std::unique_ptr<model_analysis::Evaluation> evaluation_;
};

}  // namespace tfxm::distribution

#endif  // TFXM_DISTRIBUTION_STEPS_EVALUATE_STEP_H_
