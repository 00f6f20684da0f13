// SPDX-License-Identifier: Apache-2.0

// The passes that components and commands make, by the threads of this process or by the workers of a launcher: the
// result has the same bytes, but for what is measured.
//
//   ASSIGN_OR_RETURN(const auto statistics, distribution::GenerateStatistics(files, options, workers));
#ifndef TFXM_DISTRIBUTION_LAUNCHED_PASS_H_
#define TFXM_DISTRIBUTION_LAUNCHED_PASS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tensorflow_metadata/proto/v0/statistics.pb.h"
#include "tfxm/distribution/workers.h"
#include "tfxm/model_analysis/evaluate.h"
#include "tfxm/statistics/stats_options.h"

namespace tfxm::distribution {

// As statistics::GenerateStatistics. `files` are those themselves, not globs.
absl::StatusOr<tensorflow::metadata::v0::DatasetFeatureStatisticsList> GenerateStatistics(
    const std::vector<std::string>& files, const statistics::StatsOptions& options, const Workers& workers,
    const OnProgress& progress = nullptr);

// As model_analysis::Evaluate. `module_file`: of custom metrics, for the workers; here it is loaded already.
absl::StatusOr<model_analysis::EvaluationResult> Evaluate(const model_analysis::EvaluateOptions& options,
                                                          const std::string& module_file, const Workers& workers,
                                                          const OnProgress& progress = nullptr);

}  // namespace tfxm::distribution

#endif  // TFXM_DISTRIBUTION_LAUNCHED_PASS_H_
