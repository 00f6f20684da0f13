// SPDX-License-Identifier: Apache-2.0

// What a pass has summed up, as bytes: for accumulators that go from one process to another (compute/accumulator.h).
//
//   class Mean {
//    public:
//     static constexpr StateKind kStateKind = {"mean", /*version=*/1};
//     void Save(StateWriter* writer) const { writer->Write(sum_, by_name_); }
//     void Load(StateReader* reader) { reader->Read(&sum_, &by_name_); }
//    private:
//     double sum_ = 0;
//     std::map<std::string, int64_t> by_name_;
//   };
//
// Its state goes into bytes and back:
//
//   ASSIGN_OR_RETURN(std::string bytes, SaveState(mean));
//   Mean other;                                 // made as `mean` was
//   RETURN_IF_ERROR(LoadState(bytes, &other));  // after an error, `other` is of no use
//
// Values are written one after the other, without names; what was written in one order is read in the same. Written and
// read are bool, integers, enums, float, double, __int128, std::string, std::array, std::pair, std::optional,
// std::vector, std::map, std::set, and what has Save and Load. Unordered containers are not: equal states have equal
// bytes.
//
// The bytes may come from anywhere. StateReader checks every value against its type and every number of elements
// against the bytes that are left, and allocates as it reads, so that memory is bounded by the bytes given. What only
// the accumulator knows (that two vectors are of one size), its Load checks, calling Fail. The first failure stays;
// what is read after it is 0 or empty.
//
// Format: "TFXMSTAT", the kind's name (its length as a varint before it), its version (varint), the length of the
// values (8 bytes, little endian), the values, the SHA-256 of all before. Integers are varints (signed ones in zigzag,
// as protobuf's sint64), floating-point numbers and __int128 little endian; before elements whose number is not fixed
// stands their number, a varint.
#ifndef TFXM_UTIL_CODING_STATE_H_
#define TFXM_UTIL_CODING_STATE_H_

#include <array>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace tfxm {

// More is neither written nor read.
inline constexpr uint64_t kMaxStateBytes = uint64_t{1} << 34;
// Of a number of examples or values: so large that none is reached, so small that sums of some do not overflow.
inline constexpr int64_t kMaxStateCount = int64_t{1} << 56;

// What the bytes are of. A change of what Save writes is a new version; bytes of another one are refused.
struct StateKind {
  absl::string_view name;
  uint32_t version = 1;
};

class StateWriter {
 public:
  template <typename... T>
  void Write(const T&... values) {
    (WriteOne(values), ...);
  }
  const std::string& bytes() const { return bytes_; }

 private:
  template <typename T>
  void WriteOne(const T& value) {
    if constexpr (requires { value.Save(this); }) {
      value.Save(this);
    } else if constexpr (std::is_floating_point_v<T> || std::is_same_v<T, __int128>) {
      bytes_.append(reinterpret_cast<const char*>(&value), sizeof(value));
    } else if constexpr (std::is_enum_v<T>) {
      WriteOne(static_cast<std::underlying_type_t<T>>(value));
    } else if constexpr (std::is_same_v<T, bool> || std::is_unsigned_v<T>) {
      WriteVarint(value);
    } else {
      static_assert(std::is_integral_v<T>, "this type needs Save");
      const auto wide = static_cast<int64_t>(value);
      WriteVarint((static_cast<uint64_t>(wide) << 1) ^ static_cast<uint64_t>(wide >> 63));
    }
  }
  void WriteOne(const std::string& text) {
    WriteVarint(text.size());
    bytes_.append(text);
  }
  template <typename T, size_t n>
  void WriteOne(const std::array<T, n>& values) {
    for (const T& value : values) WriteOne(value);
  }
  template <typename A, typename B>
  void WriteOne(const std::pair<A, B>& pair) {
    Write(pair.first, pair.second);
  }
  template <typename T>
  void WriteOne(const std::optional<T>& value) {
    WriteOne(value.has_value());
    if (value.has_value()) WriteOne(*value);
  }
  template <typename T>
  void WriteOne(const std::vector<T>& values) {
    WriteAll(values);
  }
  template <typename K, typename V, typename Less>
  void WriteOne(const std::map<K, V, Less>& values) {
    WriteAll(values);
  }
  template <typename K, typename Less>
  void WriteOne(const std::set<K, Less>& values) {
    WriteAll(values);
  }
  template <typename Container>
  void WriteAll(const Container& values) {
    WriteVarint(values.size());
    for (const auto& value : values) WriteOne(value);
  }
  void WriteVarint(uint64_t value);

  std::string bytes_;
};

class StateReader {
 public:
  // `bytes`, what a StateWriter has written, must stay.
  explicit StateReader(absl::string_view bytes) : bytes_(bytes) {}

  template <typename... T>
  void Read(T*... values) {
    (ReadOne(values), ...);
  }
  // Vectors that were made with as many elements as there must be.
  template <typename... T>
  void ReadSameSize(std::vector<T>*... values) {
    (ReadElements(values), ...);
  }
  // Numbers of something: neither negative nor above kMaxStateCount.
  template <typename... T>
  void ReadCounts(T*... counts) {
    (ReadCount(counts), ...);
  }
  // For a container that Read does not know: how many elements follow, each of at least one byte.
  size_t ReadSize();

  // Says that the bytes cannot be right.
  void Fail(absl::string_view what);
  bool ok() const { return status_.ok(); }
  // DATA_LOSS after a failure.
  const absl::Status& status() const { return status_; }
  // DATA_LOSS also if bytes are left.
  absl::Status Finish();

 private:
  template <typename T>
  void ReadOne(T* value) {
    if constexpr (requires { value->Load(this); }) {
      value->Load(this);
    } else if constexpr (std::is_floating_point_v<T> || std::is_same_v<T, __int128>) {
      ReadFixed(value, sizeof(T));
    } else if constexpr (std::is_enum_v<T>) {
      std::underlying_type_t<T> number;
      ReadOne(&number);
      *value = static_cast<T>(number);
    } else if constexpr (std::is_same_v<T, bool> || std::is_unsigned_v<T>) {
      *value = static_cast<T>(ReadVarint(std::numeric_limits<T>::max()));
    } else {
      static_assert(std::is_integral_v<T>, "this type needs Load");
      const uint64_t zigzag = ReadVarint(std::numeric_limits<uint64_t>::max());
      const auto wide = static_cast<int64_t>((zigzag >> 1) ^ (~(zigzag & 1) + 1));
      *value = static_cast<T>(wide);
      if (*value != wide) {
        Fail("a number is too large");
        *value = 0;
      }
    }
  }
  void ReadOne(std::string* text);
  template <typename T, size_t n>
  void ReadOne(std::array<T, n>* values) {
    for (T& value : *values) ReadOne(&value);
  }
  template <typename A, typename B>
  void ReadOne(std::pair<A, B>* pair) {
    Read(&pair->first, &pair->second);
  }
  template <typename T>
  void ReadOne(std::optional<T>* value) {
    bool has_value;
    ReadOne(&has_value);
    value->reset();
    if (has_value) ReadOne(&value->emplace());
  }
  template <typename T>
  void ReadOne(std::vector<T>* values) {
    values->clear();
    for (size_t n = ReadSize(); n > 0 && ok(); --n) ReadOne(&values->emplace_back());
  }
  template <typename T>
  void ReadElements(std::vector<T>* values) {
    if (ReadSize() != values->size()) return Fail("it has another number of elements than expected");
    for (T& value : *values) ReadOne(&value);
  }
  template <typename K, typename V, typename Less>
  void ReadOne(std::map<K, V, Less>* values) {
    values->clear();
    for (size_t n = ReadSize(); n > 0 && ok(); --n) {
      K key;
      ReadOne(&key);
      if (!values->empty() && !Less()(values->rbegin()->first, key)) return Fail("its keys are not in order");
      ReadOne(&values->try_emplace(values->end(), std::move(key))->second);
    }
  }
  template <typename K, typename Less>
  void ReadOne(std::set<K, Less>* values) {
    values->clear();
    for (size_t n = ReadSize(); n > 0 && ok(); --n) {
      K key;
      ReadOne(&key);
      if (!values->empty() && !Less()(*values->rbegin(), key)) return Fail("its keys are not in order");
      values->insert(values->end(), std::move(key));
    }
  }
  template <typename T>
  void ReadCount(T* count) {
    ReadOne(count);
    if (*count >= 0 && static_cast<int64_t>(*count) <= kMaxStateCount) return;
    Fail("a number of examples or values is impossible");
    *count = 0;
  }
  uint64_t ReadVarint(uint64_t max);
  void ReadFixed(void* to, size_t n);

  absl::string_view bytes_;
  absl::Status status_;
};

// The whole of the format above. RESOURCE_EXHAUSTED if there is more than kMaxStateBytes.
absl::StatusOr<std::string> SealState(const StateKind& kind, absl::string_view values);
// The values in the bytes. DATA_LOSS if these are damaged or something else, FAILED_PRECONDITION if they are of another
// kind or version.
absl::StatusOr<absl::string_view> OpenState(const StateKind& kind, absl::string_view bytes);

template <typename T>
absl::StatusOr<std::string> SaveState(const T& state) {
  StateWriter writer;
  state.Save(&writer);
  return SealState(T::kStateKind, writer.bytes());
}

template <typename T>
absl::Status LoadState(absl::string_view bytes, T* state) {
  absl::StatusOr<absl::string_view> values = OpenState(T::kStateKind, bytes);
  if (!values.ok()) return values.status();
  StateReader reader(*values);
  state->Load(&reader);
  return reader.Finish();
}

}  // namespace tfxm

#endif  // TFXM_UTIL_CODING_STATE_H_
