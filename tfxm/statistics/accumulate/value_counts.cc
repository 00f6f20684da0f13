// SPDX-License-Identifier: Apache-2.0

#include "tfxm/statistics/accumulate/value_counts.h"

#include <algorithm>
#include <set>
#include <tuple>

#include "absl/strings/numbers.h"
#include "tfxm/util/numeric/hash.h"

namespace tfxm::statistics {
namespace {

constexpr size_t kMaxHashes = 1 << 17;

// With a final mix, so that the low bits depend on every byte.
uint64_t HashOf(absl::string_view value) {
  uint64_t h = Fnv1a(value);
  h = (h ^ (h >> 33)) * 0xff51afd7ed558ccdu;
  h = (h ^ (h >> 33)) * 0xc4ceb9fe1a85ec53u;
  return h ^ (h >> 33);
}

bool HasZeroBits(uint64_t hash, int bits) { return (hash & ((uint64_t{1} << bits) - 1)) == 0; }

}  // namespace

void ValueCounts::Add(absl::string_view value, int64_t count, Weight weight) {
  auto it = entries_.find(value);
  if (it == entries_.end()) {
    it = entries_.try_emplace(std::string(value)).first;
    bytes_ += static_cast<int64_t>(value.size());
  }
  it->second.count += count;
  it->second.weight += weight;
  if (overflowed_) AddHash(HashOf(value));
  if (static_cast<int64_t>(entries_.size()) > max_values_ || bytes_ > max_bytes_) Shrink();
}

void ValueCounts::AddHash(uint64_t hash) {
  if (!HasZeroBits(hash, hash_zero_bits_) || !hashes_.insert(hash).second) return;
  while (hashes_.size() > kMaxHashes) {
    ++hash_zero_bits_;
    std::erase_if(hashes_, [this](uint64_t h) { return !HasZeroBits(h, hash_zero_bits_); });
  }
}

void ValueCounts::Shrink() {
  if (!overflowed_) {
    overflowed_ = true;
    for (const auto& [value, entry] : entries_) AddHash(HashOf(value));
  }
  if (entries_.size() < 2) return;  // One string longer than max_bytes.
  std::vector<int64_t> counts;
  counts.reserve(entries_.size());
  for (const auto& [value, entry] : entries_) counts.push_back(entry.count);
  const auto middle = counts.begin() + static_cast<int64_t>(counts.size() / 2);
  std::nth_element(counts.begin(), middle, counts.end(), std::greater<>());
  const int64_t taken = *middle;
  Weight taken_weight = 0;
  for (auto it = entries_.begin(); it != entries_.end();) {
    if (it->second.count <= taken) {
      taken_weight = std::max(taken_weight, it->second.weight);
      bytes_ -= static_cast<int64_t>(it->first.size());
      it = entries_.erase(it);
    } else {
      it->second.count -= taken;
      ++it;
    }
  }
  taken_count_ += taken;
  taken_weight_ += taken_weight;
}

void ValueCounts::Merge(ValueCounts&& other) {
  if (other.overflowed_ && !overflowed_) {
    overflowed_ = true;
    for (const auto& [value, entry] : entries_) AddHash(HashOf(value));
  }
  if (other.hash_zero_bits_ > hash_zero_bits_) {
    hash_zero_bits_ = other.hash_zero_bits_;
    std::erase_if(hashes_, [this](uint64_t h) { return !HasZeroBits(h, hash_zero_bits_); });
  }
  for (const uint64_t hash : other.hashes_) AddHash(hash);
  taken_count_ += other.taken_count_;
  taken_weight_ += other.taken_weight_;
  for (const auto& [value, entry] : other.entries_) {
    auto [it, inserted] = entries_.try_emplace(value);
    if (inserted) bytes_ += static_cast<int64_t>(value.size());
    it->second.count += entry.count;
    it->second.weight += entry.weight;
    if (overflowed_) AddHash(HashOf(value));
  }
  // Once, after all: the result must not depend on the order of a hash table.
  if (static_cast<int64_t>(entries_.size()) > max_values_ || bytes_ > max_bytes_) Shrink();
  other.entries_.clear();
}

void ValueCounts::Save(StateWriter* writer) const {
  std::vector<const std::pair<const std::string, Entry>*> sorted;
  sorted.reserve(entries_.size());
  for (const auto& entry : entries_) sorted.push_back(&entry);
  std::sort(sorted.begin(), sorted.end(), [](const auto* a, const auto* b) { return a->first < b->first; });
  writer->Write(static_cast<uint64_t>(sorted.size()));
  for (const auto* entry : sorted) writer->Write(entry->first, entry->second.count, entry->second.weight);
  writer->Write(overflowed_);
  if (overflowed_) {
    writer->Write(taken_count_, taken_weight_, hash_zero_bits_, std::set<uint64_t>(hashes_.begin(), hashes_.end()));
  }
}

void ValueCounts::Load(StateReader* reader) {
  const size_t n = reader->ReadSize();
  if (n > static_cast<size_t>(std::max<int64_t>(max_values_, 1))) return reader->Fail("it has too many strings");
  const auto read_sum = [&](int64_t* count, Weight* weight) {
    reader->ReadCounts(count);
    reader->Read(weight);
    if (*weight > kMaxWeight || *weight < -kMaxWeight) reader->Fail("a weight is impossible");
  };
  std::string last, value;
  for (size_t i = 0; i < n && reader->ok(); ++i, last = value) {
    Entry entry;
    reader->Read(&value);
    read_sum(&entry.count, &entry.weight);
    if (i > 0 && value <= last) return reader->Fail("its strings are not in order");
    bytes_ += static_cast<int64_t>(value.size());
    entries_.emplace(value, entry);
  }
  reader->Read(&overflowed_);
  if (!overflowed_) return;
  std::set<uint64_t> hashes;
  read_sum(&taken_count_, &taken_weight_);
  reader->Read(&hash_zero_bits_, &hashes);
  if (hash_zero_bits_ < 0 || hash_zero_bits_ > 63 || hashes.size() > kMaxHashes ||
      !std::all_of(hashes.begin(), hashes.end(), [&](uint64_t hash) { return HasZeroBits(hash, hash_zero_bits_); })) {
    hash_zero_bits_ = 0;
    return reader->Fail("it has hashes of strings that cannot be");
  }
  hashes_.insert(hashes.begin(), hashes.end());
}

int64_t ValueCounts::unique() const {
  return overflowed_ ? static_cast<int64_t>(hashes_.size()) << hash_zero_bits_ : static_cast<int64_t>(entries_.size());
}

std::vector<ValueCount> ValueCounts::MostFrequent(int k, bool by_weight, bool numeric) const {
  using Item = const std::pair<const std::string, Entry>*;
  std::vector<Item> items;
  items.reserve(entries_.size());
  for (const auto& item : entries_) items.push_back(&item);
  const auto number = [numeric](Item item) {
    int64_t value = 0;
    return numeric && absl::SimpleAtoi(item->first, &value) ? value : 0;
  };
  const auto before = [&](Item a, Item b) {
    const Weight weight_a = by_weight ? a->second.weight : a->second.count;
    const Weight weight_b = by_weight ? b->second.weight : b->second.count;
    if (weight_a != weight_b) return weight_a > weight_b;
    if (const int64_t x = number(a), y = number(b); x != y) return x > y;
    return a->first > b->first;
  };
  const size_t n = std::min<size_t>(std::max(k, 0), items.size());
  std::partial_sort(items.begin(), items.begin() + static_cast<int64_t>(n), items.end(), before);
  std::vector<ValueCount> result;
  result.reserve(n);
  for (size_t i = 0; i < n; ++i) {
    result.push_back(
        {items[i]->first, items[i]->second.count + taken_count_, WeightValue(items[i]->second.weight + taken_weight_)});
  }
  return result;
}

}  // namespace tfxm::statistics
