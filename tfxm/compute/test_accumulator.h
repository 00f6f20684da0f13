// SPDX-License-Identifier: Apache-2.0

// The property test of accumulators, for the tests of all folders that have some.
//
//   compute::AccumulatorCase<StatisticsAccumulator> tested = {
//       .make = [] { return std::make_unique<StatisticsAccumulator>(options); },
//       .pieces = {[](auto* a) { return a->Add(first); }, …},        // each adds some examples
//       .merge = [](auto* into, auto from) { return into->Merge(std::move(*from)); },
//       .result = [](const auto& a) { return a.Finish().SerializeAsString(); }};
//   compute::ExpectAnyShardingAndOrderGivesTheSameBits(tested);
//   compute::ExpectDamagedBytesAreRefused(tested);
#ifndef TFXM_COMPUTE_TEST_ACCUMULATOR_H_
#define TFXM_COMPUTE_TEST_ACCUMULATOR_H_

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tfxm/util/coding/state.h"

namespace tfxm::compute {

// A may be an interface that has no kStateKind.
template <typename A>
struct AccumulatorCase {
  std::function<std::unique_ptr<A>()> make;
  std::vector<std::function<absl::Status(A*)>> pieces;
  std::function<absl::Status(A* into, std::unique_ptr<A> from)> merge;
  std::function<std::string(const A&)> result;
  // Not so where the result is exact but the state has its history in it (past the bound of an approximate part).
  bool same_bytes = true;

  std::string Bytes(const A& accumulator) const {
    StateWriter writer;
    accumulator.Save(&writer);
    return *SealState({"test", 1}, writer.bytes());
  }
  absl::Status Load(absl::string_view bytes, A* accumulator) const {
    const absl::StatusOr<absl::string_view> values = OpenState({"test", 1}, bytes);
    if (!values.ok()) return values.status();
    StateReader reader(*values);
    accumulator->Load(&reader);
    return reader.Finish();
  }
  std::unique_ptr<A> ThroughBytes(const A& accumulator) const {
    auto loaded = make();
    const std::string bytes = Bytes(accumulator);
    const absl::Status status = Load(bytes, loaded.get());
    EXPECT_TRUE(status.ok()) << status;
    EXPECT_EQ(Bytes(*loaded) == bytes, true) << "what was loaded is saved as other bytes";
    return loaded;
  }
  // The pieces in this order, split over so many accumulators, which are merged in an order of `random`'s.
  std::unique_ptr<A> Run(const std::vector<size_t>& order, size_t num_parts, bool through_bytes,
                         std::mt19937* random) const {
    std::vector<std::unique_ptr<A>> parts(num_parts);
    for (auto& part : parts) part = make();
    for (const size_t piece : order) {
      const absl::Status added = pieces[piece](parts[(*random)() % num_parts].get());
      EXPECT_TRUE(added.ok()) << added;
    }
    while (parts.size() > 1) {
      const size_t from = 1 + (*random)() % (parts.size() - 1), into = (*random)() % from;
      if (through_bytes) parts[from] = ThroughBytes(*parts[from]);
      const absl::Status merged = merge(parts[into].get(), std::move(parts[from]));
      EXPECT_TRUE(merged.ok()) << merged;
      parts.erase(parts.begin() + static_cast<int64_t>(from));
    }
    return through_bytes ? ThroughBytes(*parts[0]) : std::move(parts[0]);
  }
};

template <typename A>
void ExpectAnyShardingAndOrderGivesTheSameBits(const AccumulatorCase<A>& tested, int repetitions = 8) {
  std::mt19937 random(1);
  std::vector<size_t> order(tested.pieces.size());
  std::iota(order.begin(), order.end(), size_t{0});
  const auto whole = tested.Run(order, 1, /*through_bytes=*/false, &random);
  const std::string result = tested.result(*whole), bytes = tested.Bytes(*whole);
  for (int repetition = 0; repetition < repetitions; ++repetition) {
    // The first ones are alike but for bytes, then for the order, then for the sharding, so that a failure says more.
    if (repetition > 0) std::shuffle(order.begin(), order.end(), random);
    const size_t num_parts = repetition < 2 ? 1 : 2 + random() % (tested.pieces.size() + 1);
    const auto other = tested.Run(order, num_parts, /*through_bytes=*/repetition != 1, &random);
    EXPECT_EQ(tested.result(*other) == result, true) << "other bits in repetition " << repetition;
    if (tested.same_bytes) {
      EXPECT_EQ(tested.Bytes(*other) == bytes, true) << "other saved bytes in repetition " << repetition;
    }
    if (testing::Test::HasFailure()) return;
  }
}

// Sealed bytes that were truncated or of which a bit was flipped are an error. Where the checksum was made anew for the
// damaged values, they are an error or a state that can be merged and read.
template <typename A>
void ExpectDamagedBytesAreRefused(const AccumulatorCase<A>& tested, int tries = 300) {
  std::mt19937 random(2);
  const auto whole = tested.make();
  for (const auto& piece : tested.pieces) ASSERT_TRUE(piece(whole.get()).ok());
  const std::string bytes = tested.Bytes(*whole);
  for (int i = 0; i < tries; ++i) {
    // The first and the last bytes are headers; those between all are tried if there are few.
    const size_t at = i < 50 && i < bytes.size() ? i : random() % bytes.size();
    EXPECT_FALSE(tested.Load(bytes.substr(0, at), tested.make().get()).ok()) << "truncated to " << at;
    std::string flipped = bytes;
    flipped[at] = static_cast<char>(flipped[at] ^ (1 << random() % 8));
    EXPECT_FALSE(tested.Load(flipped, tested.make().get()).ok()) << "flipped a bit of byte " << at;
  }
  StateWriter writer;
  whole->Save(&writer);
  const std::string& values = writer.bytes();
  for (int i = 0; i < tries && !values.empty(); ++i) {
    const size_t at = i < 50 && i < values.size() ? i : random() % values.size();
    const std::string truncated = values.substr(0, at);
    StateReader too_few(truncated);
    tested.make()->Load(&too_few);
    EXPECT_FALSE(too_few.Finish().ok()) << "values truncated to " << at;
    std::string flipped = values;
    flipped[at] = static_cast<char>(random() % 3 == 0 ? random() : flipped[at] ^ (1 << random() % 8));
    auto damaged = tested.make();
    StateReader reader(flipped);
    damaged->Load(&reader);
    if (!reader.Finish().ok()) continue;
    EXPECT_LE(tested.Bytes(*damaged).size(), bytes.size() + 1000);
    auto into = tested.make();
    if (tested.merge(into.get(), std::move(damaged)).ok()) tested.result(*into);
  }
}

}  // namespace tfxm::compute

#endif  // TFXM_COMPUTE_TEST_ACCUMULATOR_H_
