// SPDX-License-Identifier: Apache-2.0

#include "tfxm/distribution/pass_phases.h"

#include "tfxm/distribution/part.h"
#include "tfxm/distribution/request.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::distribution {

absl::Status MapShard(const PassRequest& request, int64_t shard, const std::string& output) {
  ASSIGN_OR_RETURN(const std::unique_ptr<Step> step, MakeStep(request));
  ASSIGN_OR_RETURN(const compute::Shard range, FindShard(request, shard));
  int64_t num_examples = 0;
  const auto values = step->Map(range, &num_examples);
  if (!values.ok()) return Annotate(values.status(), ShardName(request, shard));
  return WritePart(output,
                   {.request_hash = RequestHash(request),
                    .shard = shard,
                    .num_examples = num_examples,
                    .kind = std::string(step->kind().name),
                    .version = step->kind().version},
                   *values);
}

absl::Status MergePart(const PassRequest& request, const std::string& request_hash, int64_t shard,
                       const std::string& path, Step* step) {
  ASSIGN_OR_RETURN(const Part part, ReadPartOf(request, request_hash, shard, step->kind(), path));
  const PassShard& from = request.shards(static_cast<int>(shard));
  StateReader values(part.values());
  return Annotate(step->Merge({.file = from.file(), .begin = from.begin()}, &values), path);
}

absl::Status ReduceParts(const PassRequest& request, const std::vector<std::string>& parts, const std::string& output) {
  ASSIGN_OR_RETURN(const std::unique_ptr<Step> step, MakeStep(request, output));
  const std::string hash = RequestHash(request);
  ASSIGN_OR_RETURN(const std::vector<std::string> by_shard, SortParts(request, hash, parts));
  for (size_t shard = 0; shard < by_shard.size(); ++shard) {
    RETURN_IF_ERROR(MergePart(request, hash, static_cast<int64_t>(shard), by_shard[shard], step.get()));
  }
  return step->Finish();
}

}  // namespace tfxm::distribution
