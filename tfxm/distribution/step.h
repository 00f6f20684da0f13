// SPDX-License-Identifier: Apache-2.0

// One step of a pass, as a process does its shards and another one puts them together.
//
//   ASSIGN_OR_RETURN(const std::unique_ptr<Step> step, MakeStep(request, "FeatureStats.pb"));
//   ASSIGN_OR_RETURN(const std::string values, step->Map(shard, &num_examples));
//   …  // In another process, for each shard in order:
//   StateReader reader(values);
//   RETURN_IF_ERROR(step->Merge(shard, &reader));
//   RETURN_IF_ERROR(step->Finish());
#ifndef TFXM_DISTRIBUTION_STEP_H_
#define TFXM_DISTRIBUTION_STEP_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tfxm/compute/shard.h"
#include "tfxm/proto/pass.pb.h"
#include "tfxm/util/coding/state.h"
#include "tfxm/util/registry.h"

namespace tfxm::distribution {

class Step {
 public:
  virtual ~Step() = default;
  // What a part holds.
  virtual StateKind kind() const = 0;
  // What the accumulator of a shard has saved.
  virtual absl::StatusOr<std::string> Map(const compute::Shard& shard, int64_t* num_examples) = 0;
  // Adds what Map has made; to be called in the order of the shards. DATA_LOSS if that cannot have been.
  virtual absl::Status Merge(const compute::Shard& shard, StateReader* values) = 0;
  // After all shards: writes the result.
  virtual absl::Status Finish() = 0;
};

// Steps of libraries above this one, by the field of the request: "transform".
using StepRegistry = Registry<Step, const PassRequest&, const std::string&>;

// Of a planned request. `output`: the file or folder of the result, for who calls Finish. INVALID_ARGUMENT says what is
// wrong with the step's options; NOT_FOUND if the library that has the step is not loaded.
absl::StatusOr<std::unique_ptr<Step>> MakeStep(const PassRequest& request, const std::string& output = "");

}  // namespace tfxm::distribution

#endif  // TFXM_DISTRIBUTION_STEP_H_
