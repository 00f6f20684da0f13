// SPDX-License-Identifier: Apache-2.0

// The parts that the state of a metric's accumulator consists of: how two of them become one, and how they are saved
// (util/coding/state.h). Parts are
//   - numbers of examples or values (int64_t), which are added up, and flags (bool), of which one that is set stays set;
//   - what has Merge(const T&), Save and Load: CompactSum, Smallest, Largest, and structs made of such;
//   - vectors, of the size that the accumulator was made with, arrays, and maps of all these.
#ifndef TFXM_MODEL_ANALYSIS_METRICS_ACCUMULATOR_PARTS_H_
#define TFXM_MODEL_ANALYSIS_METRICS_ACCUMULATOR_PARTS_H_

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "tfxm/util/coding/state.h"

namespace tfxm::model_analysis {

// Of the values added, and the one that it was made with.
template <typename T>
struct Smallest {
  T value;
  void Add(T x) { value = std::min(value, x); }
  void Merge(const Smallest& other) { Add(other.value); }
  void Save(StateWriter* writer) const { writer->Write(value); }
  void Load(StateReader* reader) { reader->Read(&value); }
};

template <typename T>
struct Largest {
  T value;
  void Add(T x) { value = std::max(value, x); }
  void Merge(const Largest& other) { Add(other.value); }
  void Save(StateWriter* writer) const { writer->Write(value); }
  void Load(StateReader* reader) { reader->Read(&value); }
};

template <typename T>
inline constexpr bool kIsSequence = false;
template <typename T>
inline constexpr bool kIsSequence<std::vector<T>> = true;
template <typename T, size_t n>
inline constexpr bool kIsSequence<std::array<T, n>> = true;
template <typename T>
inline constexpr bool kIsMap = false;
template <typename K, typename V>
inline constexpr bool kIsMap<std::map<K, V>> = true;
template <typename K, typename V>
inline constexpr bool kIsMap<absl::flat_hash_map<K, V>> = true;

template <typename T>
void MergePart(const T& from, T* into) {
  if constexpr (kIsSequence<T>) {
    for (size_t i = 0; i < into->size(); ++i) MergePart(from[i], &(*into)[i]);
  } else if constexpr (kIsMap<T>) {
    for (const auto& [key, part] : from) MergePart(part, &(*into)[key]);
  } else if constexpr (std::is_same_v<T, bool>) {
    *into |= from;
  } else if constexpr (std::is_same_v<T, int64_t>) {
    *into += from;
  } else {
    into->Merge(from);
  }
}

template <typename T>
void SavePart(const T& part, StateWriter* writer) {
  if constexpr (kIsSequence<T>) {
    writer->Write(static_cast<uint64_t>(part.size()));
    for (const auto& element : part) SavePart(element, writer);
  } else if constexpr (kIsMap<T>) {
    std::vector<const typename T::value_type*> sorted;
    sorted.reserve(part.size());
    for (const auto& entry : part) sorted.push_back(&entry);
    std::sort(sorted.begin(), sorted.end(), [](const auto* a, const auto* b) { return a->first < b->first; });
    writer->Write(static_cast<uint64_t>(sorted.size()));
    for (const auto* entry : sorted) {
      writer->Write(entry->first);
      SavePart(entry->second, writer);
    }
  } else {
    writer->Write(part);
  }
}

template <typename T>
void LoadPart(StateReader* reader, T* part) {
  if constexpr (kIsSequence<T>) {
    if (reader->ReadSize() != part->size()) return reader->Fail("it has another number of elements than expected");
    for (auto& element : *part) LoadPart(reader, &element);
  } else if constexpr (kIsMap<T>) {
    typename T::key_type last, key;
    const size_t n = reader->ReadSize();
    for (size_t i = 0; i < n && reader->ok(); ++i, last = key) {
      reader->Read(&key);
      if (!(key == key) || (i > 0 && !(last < key))) return reader->Fail("its keys are not in order");  // NOLINT
      LoadPart(reader, &(*part)[key]);
    }
  } else if constexpr (std::is_same_v<T, int64_t>) {
    reader->ReadCounts(part);
  } else {
    reader->Read(part);
  }
}

// For structs of parts, given as std::tie(…).
template <typename... T, size_t... i>
void MergeParts(const std::tuple<T&...>& from, const std::tuple<T&...>& into, std::index_sequence<i...>) {
  (MergePart(std::get<i>(from), &std::get<i>(into)), ...);
}
template <typename... T>
void MergeParts(const std::tuple<T&...>& from, const std::tuple<T&...>& into) {
  MergeParts(from, into, std::index_sequence_for<T...>());
}
template <typename... T>
void SaveParts(const std::tuple<T&...>& parts, StateWriter* writer) {
  std::apply([writer](const auto&... part) { (SavePart(part, writer), ...); }, parts);
}
template <typename... T>
void LoadParts(StateReader* reader, const std::tuple<T&...>& parts) {
  std::apply([reader](auto&... part) { (LoadPart(reader, &part), ...); }, parts);
}

// self.Parts(), which are only read.
template <typename Self>
auto ConstParts(const Self& self) {
  return const_cast<Self&>(self).Parts();
}

// Derives Merge, Save and Load from Self::Parts(), which ties together all that Add changes.
//
//   struct Counts : PartsOf<Counts> {
//     CompactSum right, wrong;
//     auto Parts() { return std::tie(right, wrong); }
//   };
template <typename Self>
class PartsOf {  // NOLINT(bugprone-crtp-constructor-accessibility): aggregates are of it
 public:
  void Merge(const Self& other) { MergeParts(ConstParts(other), static_cast<Self*>(this)->Parts()); }
  void Save(StateWriter* writer) const { SaveParts(ConstParts(static_cast<const Self&>(*this)), writer); }
  void Load(StateReader* reader) { LoadParts(reader, static_cast<Self*>(this)->Parts()); }
};

}  // namespace tfxm::model_analysis

#endif  // TFXM_MODEL_ANALYSIS_METRICS_ACCUMULATOR_PARTS_H_
