// SPDX-License-Identifier: Apache-2.0

// What compute::Accumulate (pass.h) merges, where the shards come one by one, each as a whole: from other processes.
//
//   ShardsInOrder<CountAccumulator> shards;
//   RETURN_IF_ERROR(shards.Add(std::move(of_shard), shard, &total));  // Of each shard, in their order.
//   RETURN_IF_ERROR(shards.MergeInto(&total));
#ifndef TFXM_COMPUTE_SHARDS_IN_ORDER_H_
#define TFXM_COMPUTE_SHARDS_IN_ORDER_H_

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "tfxm/compute/pass.h"
#include "tfxm/compute/shard.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::compute {

template <typename A>
class ShardsInOrder {
 public:
  // `total` gets the files that are done.
  absl::Status Add(A of_shard, const Shard& shard, A* total) {
    if (shard.file != file_) {
      if (absl::Status status = MergeInto(total); !status.ok()) return status;
      file_ = shard.file;
    }
    return Annotate(of_file_.Add(std::move(of_shard), shard.begin), file_);
  }
  // After the last one.
  absl::Status MergeInto(A* total) { return Annotate(of_file_.MergeInto(total), file_); }

 private:
  InOrder<A> of_file_;
  std::string file_;
};

}  // namespace tfxm::compute

#endif  // TFXM_COMPUTE_SHARDS_IN_ORDER_H_
