// SPDX-License-Identifier: Apache-2.0

#include "tfxm/compute/source_pass.h"

#include "absl/strings/str_cat.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::compute {

absl::Status ForEachBatch(const data::ExampleBlock& block, const PassOptions& options,
                          const std::function<absl::Status(const data::ExampleBatch&)>& work) {
  data::ExampleBatch batch(options.keep_records, options.sequence_examples);
  int first = 0;
  for (int i = 0; i < block.size(); ++i) {
    if (absl::Status status = block.AppendTo(i, &batch); !status.ok()) return Annotate(status, block.Origin(i));
    if (batch.num_examples() < options.batch_size && i + 1 < block.size()) continue;
    // Messages count a batch's examples from 0.
    const absl::Status done = work(batch);
    if (!done.ok())
      return Annotate(done, i == first ? block.Origin(i) : absl::StrCat("from ", block.Origin(first), " on"));
    batch.Clear();
    first = i + 1;
  }
  return absl::OkStatus();
}

}  // namespace tfxm::compute
