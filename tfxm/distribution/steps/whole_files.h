// SPDX-License-Identifier: Apache-2.0

// Steps that make a file of each file: a shard is a whole file, its worker writes what becomes of it, and the process
// that asks for the pass puts together what is in the parts beside that, if anything.
//
//   SplitIntoFiles(files, &request);
//   LedStep step(kState, [&](const compute::Shard& shard, StateReader* values) { return values->Finish(); });
//   RETURN_IF_ERROR(RunPass(request, workers, &step));
//   …
//   // In the worker's Step::Map:
//   ASSIGN_OR_RETURN(const FileNumber file, NumberOf(shard, request));
//   RETURN_IF_ERROR(WriteWhole(tmp_dir, output_dir, data::ShardName("examples", file.number, file.count), write));
#ifndef TFXM_DISTRIBUTION_STEPS_WHOLE_FILES_H_
#define TFXM_DISTRIBUTION_STEPS_WHOLE_FILES_H_

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tfxm/distribution/step.h"

namespace tfxm::distribution {

// The files themselves, not globs.
void SplitIntoFiles(const std::vector<std::string>& files, PassRequest* request);

struct FileNumber {
  int number = 0, count = 0;  // Of all files, from 0.
};
// INVALID_ARGUMENT if the shard is not a whole file of the planned request.
absl::StatusOr<FileNumber> NumberOf(const compute::Shard& shard, const PassRequest& request);

// Calls `write` with a folder of its own in tmp_dir, on the same file system as output_dir, and moves what it leaves
// there as `name` to output_dir: of two workers that do the same at a time neither disturbs the other.
absl::Status WriteWhole(const std::string& tmp_dir, const std::string& output_dir, const std::string& name,
                        const std::function<absl::Status(const std::string& folder)>& write);

// Where parts are put together, by a function.
class LedStep : public Step {
 public:
  using MergeFunction = std::function<absl::Status(const compute::Shard& shard, StateReader* values)>;
  LedStep(const StateKind& kind, MergeFunction merge) : kind_(kind), merge_(std::move(merge)) {}
  StateKind kind() const override { return kind_; }
  absl::StatusOr<std::string> Map(const compute::Shard& shard, int64_t* num_examples) override;
  absl::Status Merge(const compute::Shard& shard, StateReader* values) override { return merge_(shard, values); }
  absl::Status Finish() override { return absl::OkStatus(); }

 private:
  const StateKind kind_;
  const MergeFunction merge_;
};

// The worker's end of it.
class LedByAnother : public Step {
 public:
  absl::Status Merge(const compute::Shard& shard, StateReader* values) override;
  absl::Status Finish() override { return absl::OkStatus(); }
};

}  // namespace tfxm::distribution

#endif  // TFXM_DISTRIBUTION_STEPS_WHOLE_FILES_H_
