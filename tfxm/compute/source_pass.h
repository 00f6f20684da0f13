// SPDX-License-Identifier: Apache-2.0

// A pass with an accumulator (pass.h) over examples that do not come from TFRecord files.
//
//   ASSIGN_OR_RETURN(std::unique_ptr<data::ExampleSource> source, tables::OpenCsv(files, {}));
//   ASSIGN_OR_RETURN(CountAccumulator count,
//                    compute::AccumulateSource<CountAccumulator>(source.get(), [] { return CountAccumulator(); }));
//
// There is one accumulator per block, merged in the blocks' order, whatever the number of threads.
#ifndef TFXM_COMPUTE_SOURCE_PASS_H_
#define TFXM_COMPUTE_SOURCE_PASS_H_

#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tfxm/compute/pass.h"
#include "tfxm/data/example_batch.h"
#include "tfxm/data/example_source.h"

namespace tfxm::compute {

// Calls work(batch) for the examples of a block, some at a time. Errors name the example.
absl::Status ForEachBatch(const data::ExampleBlock& block, const PassOptions& options,
                          const std::function<absl::Status(const data::ExampleBatch&)>& work);

template <typename A>
absl::StatusOr<A> AccumulateSource(data::ExampleSource* source, const std::function<A()>& make,
                                   const PassOptions& options = {}) {
  A total = make();
  int64_t examples = 0;
  const size_t at_a_time = static_cast<size_t>(options.num_threads > 0 ? options.num_threads : NumThreads());
  while (true) {
    std::vector<std::unique_ptr<data::ExampleBlock>> blocks;
    while (blocks.size() < at_a_time) {
      absl::StatusOr<std::unique_ptr<data::ExampleBlock>> block = source->Next();
      if (!block.ok()) return block.status();
      if (*block == nullptr) break;
      blocks.push_back(*std::move(block));
    }
    if (blocks.empty()) return total;
    std::vector<std::optional<A>> parts(blocks.size());
    absl::Status status = ParallelFor(
        static_cast<int>(blocks.size()),
        [&](int b) {
          parts[b].emplace(make());
          return ForEachBatch(*blocks[b], options,
                              [&](const data::ExampleBatch& batch) { return parts[b]->Add(batch); });
        },
        options.num_threads);
    if (!status.ok()) return status;
    for (std::optional<A>& part : parts) {
      if (absl::Status merged = total.Merge(*std::move(part)); !merged.ok()) return merged;
    }
    for (const auto& block : blocks) examples += block->size();
    if (options.progress) options.progress(examples);
  }
}

}  // namespace tfxm::compute

#endif  // TFXM_COMPUTE_SOURCE_PASS_H_
