// SPDX-License-Identifier: Apache-2.0

// What every data-parallel step of tfxm is: an accumulator, of which there are many at a time, on threads or in
// processes, that become one.
//
//   class Count {
//    public:
//     absl::Status Add(const data::ExampleBatch& batch) { n_ += batch.num_examples(); return absl::OkStatus(); }
//     absl::Status Merge(Count&& other) { n_ += other.n_; return absl::OkStatus(); }
//     void Save(StateWriter* writer) const { writer->Write(n_); }
//     void Load(StateReader* reader) { reader->ReadCounts(&n_); }
//     static constexpr StateKind kStateKind = {"count", /*version=*/1};
//    private:
//     int64_t n_ = 0;
//   };
//   static_assert(compute::ExampleAccumulator<Count>);
//
// What holds of each, and a property test checks (test_accumulator.h):
//   - The result does not depend on how the examples were split over accumulators, on the order of Add and Merge, or on
//     whether the accumulators went through bytes: the same bits (util/numeric/exact_sum.h helps). An accumulator that
//     is exact only up to a bound says so; past it the same accumulators merged in the same order give the same bits.
//   - Equal states have equal bytes. Save takes the state only, not what the accumulator was made with; Load goes into
//     one that was made alike and has seen nothing.
//   - Load of damaged bytes fails or gives some state of about that size, which can be added to, merged and read.
#ifndef TFXM_COMPUTE_ACCUMULATOR_H_
#define TFXM_COMPUTE_ACCUMULATOR_H_

#include <concepts>
#include <utility>

#include "absl/status/status.h"
#include "tfxm/data/example_batch.h"
#include "tfxm/util/coding/state.h"

namespace tfxm::compute {

// Input: what Add takes. Accumulators that consist of others need no kind of their own.
template <typename A, typename... Input>
concept Accumulator =
    requires(A& a, A& other, const A& saved, StateWriter* writer, StateReader* reader, Input... input) {
      a.Add(std::forward<Input>(input)...);
      a.Merge(std::move(other));
      saved.Save(writer);
      a.Load(reader);
    };

// What a pass over examples (pass.h) takes.
template <typename A>
concept ExampleAccumulator = std::movable<A> && Accumulator<A, const data::ExampleBatch&> &&
                             requires(A& a, A& other, const data::ExampleBatch& batch) {
                               { a.Add(batch) } -> std::same_as<absl::Status>;
                               { a.Merge(std::move(other)) } -> std::same_as<absl::Status>;
                               { A::kStateKind } -> std::convertible_to<StateKind>;
                             };

}  // namespace tfxm::compute

#endif  // TFXM_COMPUTE_ACCUMULATOR_H_
