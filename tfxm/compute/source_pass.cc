// SPDX-License-Identifier: Apache-2.0

#include "tfxm/compute/source_pass.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::compute {

absl::Status ForEachBatch(const data::ExampleBlock& block, const PassOptions& options,
                          const std::function<absl::Status(const data::ExampleBatch&)>& work) {
  data::ExampleBatch batch(options.keep_records, options.sequence_examples);
  for (int begin = 0; begin < block.size();) {
    const int end = std::min(block.size(), begin + std::max(1, options.batch_size));
    RETURN_IF_ERROR(block.AppendTo(begin, end, &batch));
    // Messages count a batch's examples from 0.
    const absl::Status done = work(batch);
    if (!done.ok()) {
      return Annotate(done, begin + 1 == end ? block.Origin(begin) : absl::StrCat("from ", block.Origin(begin), " on"));
    }
    batch.Clear();
    begin = end;
  }
  return absl::OkStatus();
}

}  // namespace tfxm::compute
