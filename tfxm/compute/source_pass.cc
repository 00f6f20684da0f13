// SPDX-License-Identifier: Apache-2.0

#include "tfxm/compute/source_pass.h"

#include <string>

#include "tfxm/util/status_macros.h"

namespace tfxm::compute {

absl::Status ForEachBatch(const data::ExampleBlock& block, const PassOptions& options,
                          const std::function<absl::Status(const data::ExampleBatch&)>& work) {
  data::ExampleBatch batch(options.keep_records, options.sequence_examples);
  std::string record;
  for (int i = 0; i < block.size(); ++i) {
    absl::Status status = block.Encode(i, &record);
    if (status.ok()) status = batch.Append(record);
    if (!status.ok()) return Annotate(status, block.Origin(i));
    if (batch.num_examples() < options.batch_size && i + 1 < block.size()) continue;
    if (status = work(batch); !status.ok()) return Annotate(status, block.Origin(i));
    batch.Clear();
  }
  return absl::OkStatus();
}

}  // namespace tfxm::compute
