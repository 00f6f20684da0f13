// SPDX-License-Identifier: Apache-2.0

// How often each string occurs, in bounded memory: the number of unique values, the most frequent ones, the rank
// histogram.
//
//   ValueCounts counts(/*max_values=*/1 << 19, /*max_bytes=*/32 << 20);
//   counts.Add("Cash", 1, /*weight=*/0);
//   counts.unique();
//   for (const ValueCount& v : counts.MostFrequent(20)) …
//
// Exact, whatever the order or the sharding, up to max_values distinct strings of max_bytes in all. Beyond:
//   - unique() counts the distinct 64-bit hashes with the lowest bits 0, as many lowest bits as leave at most 2^17
//     hashes; standard error 0.3 %; also independent of order and sharding.
//   - MostFrequent() is a Misra-Gries summary: when the table is full, the count of the entry in the middle is taken
//     from all, and entries at 0 or below go. What was taken is added again at the end, so a reported count is at most
//     that much too high, and a string is only missed if it occurs less often: at most 2 / max_values of all values.
//     The same for the same files and blocks of them (compute/pass.h), whatever the number of threads; not independent
//     of the sharding.
#ifndef TFXM_STATISTICS_ACCUMULATE_VALUE_COUNTS_H_
#define TFXM_STATISTICS_ACCUMULATE_VALUE_COUNTS_H_

#include <cstdint>
#include <functional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "absl/strings/string_view.h"
#include "tfxm/statistics/accumulate/value_histogram.h"
#include "tfxm/util/coding/state.h"

namespace tfxm::statistics {

struct ValueCount {
  std::string value;
  int64_t count = 0;
  double weight = 0;
};

class ValueCounts {
 public:
  ValueCounts(int64_t max_values, int64_t max_bytes) : max_values_(max_values), max_bytes_(max_bytes) {}

  void Add(absl::string_view value, int64_t count, Weight weight);
  void Merge(ValueCounts&& other);
  // util/coding/state.h. Loaded into one with the same bounds.
  void Save(StateWriter* writer) const;
  void Load(StateReader* reader);

  bool exact() const { return !overflowed_; }
  int64_t unique() const;
  // The `k` largest by (count, value), the largest first; by (weight, value) if by_weight. Numbers compare as integers
  // where `numeric` says that all strings are.
  std::vector<ValueCount> MostFrequent(int k, bool by_weight = false, bool numeric = false) const;

 private:
  struct Entry {
    int64_t count = 0;
    Weight weight = 0;
  };
  // Finds a string_view without making it a string.
  struct StringHash {
    using is_transparent = void;
    size_t operator()(absl::string_view text) const { return std::hash<absl::string_view>()(text); }
  };
  void Shrink();
  void AddHash(uint64_t hash);

  const int64_t max_values_;
  const int64_t max_bytes_;
  std::unordered_map<std::string, Entry, StringHash, std::equal_to<>> entries_;
  int64_t bytes_ = 0;
  bool overflowed_ = false;
  // Only after an overflow.
  int64_t taken_count_ = 0;
  Weight taken_weight_ = 0;
  std::unordered_set<uint64_t> hashes_;
  int hash_zero_bits_ = 0;
};

}  // namespace tfxm::statistics

#endif  // TFXM_STATISTICS_ACCUMULATE_VALUE_COUNTS_H_
