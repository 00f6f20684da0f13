// SPDX-License-Identifier: Apache-2.0

// Statistics (statistics/statistics_accumulator.h) as a step of a pass.
//
//   PassRequest request;
//   request.add_files("examples/Split-train/*");
//   *request.mutable_statistics() = ToProto(options);
//   ASSIGN_OR_RETURN(const auto step, StatisticsPass::Make(request));
#ifndef TFXM_DISTRIBUTION_STEPS_STATISTICS_STEP_H_
#define TFXM_DISTRIBUTION_STEPS_STATISTICS_STEP_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tensorflow_metadata/proto/v0/statistics.pb.h"
#include "tfxm/compute/shards_in_order.h"
#include "tfxm/distribution/step.h"
#include "tfxm/statistics/statistics_accumulator.h"

namespace tfxm::distribution {

// All of the options, but slice_functions that are not of slice_sqls.
StatisticsStep ToProto(const statistics::StatsOptions& options);
// INVALID_ARGUMENT if an SQL statement is not understood.
absl::StatusOr<statistics::StatsOptions> ToOptions(const StatisticsStep& step);

class StatisticsPass : public Step {
 public:
  static absl::StatusOr<std::unique_ptr<StatisticsPass>> Make(const PassRequest& request,
                                                              const std::string& output = "");

  StateKind kind() const override { return statistics::StatisticsAccumulator::kStateKind; }
  absl::StatusOr<std::string> Map(const compute::Shard& shard, int64_t* num_examples) override;
  absl::Status Merge(const compute::Shard& shard, StateReader* values) override;
  absl::Status Finish() override;

  // After all shards.
  absl::StatusOr<tensorflow::metadata::v0::DatasetFeatureStatisticsList> Statistics();

 private:
  StatisticsPass(const statistics::StatsOptions& options, int64_t shard_bytes, std::string output)
      : total_(options), shard_bytes_(shard_bytes), output_(std::move(output)) {}
  statistics::StatisticsAccumulator total_;
  const int64_t shard_bytes_;
  const std::string output_;
  compute::ShardsInOrder<statistics::StatisticsAccumulator> shards_;
};

}  // namespace tfxm::distribution

#endif  // TFXM_DISTRIBUTION_STEPS_STATISTICS_STEP_H_
