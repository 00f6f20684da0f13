// SPDX-License-Identifier: Apache-2.0

#include "tfxm/distribution/launched_pass.h"

#include "tfxm/distribution/run_pass.h"
#include "tfxm/distribution/steps/evaluate_step.h"
#include "tfxm/distribution/steps/statistics_step.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::distribution {
namespace {

std::function<void(int64_t)> OfThreads(const OnProgress& progress) {
  if (!progress) return nullptr;
  return [&progress](int64_t n) { progress({.num_examples = n}); };
}

}  // namespace

absl::StatusOr<tensorflow::metadata::v0::DatasetFeatureStatisticsList> GenerateStatistics(
    const std::vector<std::string>& files, const statistics::StatsOptions& options, const Workers& workers,
    const OnProgress& progress) {
  if (workers.are_threads()) {
    compute::PassOptions pass;
    pass.progress = OfThreads(progress);
    return statistics::GenerateStatistics(files, options, pass);
  }
  PassRequest request;
  request.mutable_files()->Add(files.begin(), files.end());
  *request.mutable_statistics() = ToProto(options);
  ASSIGN_OR_RETURN(const auto step, StatisticsPass::Make(request));
  RETURN_IF_ERROR(RunPass(std::move(request), workers, step.get(), progress));
  return step->Statistics();
}

absl::StatusOr<model_analysis::EvaluationResult> Evaluate(const model_analysis::EvaluateOptions& options,
                                                          const std::string& module_file, const Workers& workers,
                                                          const OnProgress& progress) {
  if (workers.are_threads()) {
    model_analysis::EvaluateOptions by_threads = options;
    if (progress) by_threads.progress = OfThreads(progress);
    return model_analysis::Evaluate(by_threads);
  }
  PassRequest request;
  request.mutable_files()->Add(options.files.begin(), options.files.end());
  *request.mutable_evaluate() = ToProto(options, module_file);
  ASSIGN_OR_RETURN(const auto step, EvaluatePass::Make(options));
  RETURN_IF_ERROR(RunPass(std::move(request), workers, step.get(), progress));
  return step->Result();
}

}  // namespace tfxm::distribution
