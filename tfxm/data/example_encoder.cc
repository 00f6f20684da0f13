// SPDX-License-Identifier: Apache-2.0

#include "tfxm/data/example_encoder.h"

#include <cstring>

#include "absl/container/inlined_vector.h"

namespace tfxm::data {
namespace {

// Tags of length-delimited fields.
constexpr char kField1 = (1 << 3) | 2, kField2 = (2 << 3) | 2;
constexpr char kBytesList = (1 << 3) | 2, kFloatList = (2 << 3) | 2, kInt64List = (3 << 3) | 2;

inline size_t VarintSize(uint64_t value) {
  size_t size = 1;
  for (; value >= 128; value >>= 7) ++size;
  return size;
}
inline char* PutVarint(uint64_t value, char* to) {
  for (; value >= 128; value >>= 7) *to++ = static_cast<char>(value | 128);
  *to++ = static_cast<char>(value);
  return to;
}
inline char* PutField(char tag, size_t content, char* to) {
  *to++ = tag;
  return PutVarint(content, to);
}
inline char* PutBytes(const void* bytes, size_t size, char* to) {
  if (size > 0) std::memcpy(to, bytes, size);
  return to + size;
}
inline size_t FieldSize(size_t content) { return 1 + VarintSize(content) + content; }

using Row = ExampleColumn::Row;

// How an example's feature is written: the sizes of what is in each of the messages around each other.
struct Entry {
  Row row;
  bool is_written = true, has_list = true;
  size_t packed = 0;  // Of numbers.
  size_t list = 0, feature = 0, entry = 0;
};

Entry EntryOf(const ExampleColumn& column, int64_t i) {
  Entry out = {.row = column.row(i), .has_list = column.HasType()};
  if (out.row.empty()) {
    out.is_written = column.empty != ExampleColumn::Empty::kNoFeature;
    out.has_list = out.has_list && column.empty == ExampleColumn::Empty::kList;
  } else if (const auto* strings = std::get_if<std::span<const absl::string_view>>(&column.values)) {
    for (size_t k = out.row.begin; k < out.row.end; ++k) out.list += FieldSize((*strings)[k].size());
  } else {
    if (const auto* ints = std::get_if<std::span<const int64_t>>(&column.values)) {
      for (size_t k = out.row.begin; k < out.row.end; ++k) out.packed += VarintSize(static_cast<uint64_t>((*ints)[k]));
    } else {
      out.packed = (out.row.end - out.row.begin) * sizeof(float);
    }
    out.list = FieldSize(out.packed);
  }
  out.feature = out.has_list ? FieldSize(out.list) : 0;
  out.entry = FieldSize(column.name.size()) + FieldSize(out.feature);
  return out;
}

char* PutList(const ExampleColumn::Values& values, const Entry& entry, char* to) {
  const Row row = entry.row;
  if (row.empty()) return to;
  if (const auto* strings = std::get_if<std::span<const absl::string_view>>(&values)) {
    for (size_t k = row.begin; k < row.end; ++k) {
      to = PutField(kField1, (*strings)[k].size(), to);
      to = PutBytes((*strings)[k].data(), (*strings)[k].size(), to);
    }
    return to;
  }
  to = PutField(kField1, entry.packed, to);
  if (const auto* floats = std::get_if<std::span<const float>>(&values)) {
    return PutBytes(floats->data() + row.begin, entry.packed, to);
  }
  const auto& ints = std::get<std::span<const int64_t>>(values);
  for (size_t k = row.begin; k < row.end; ++k) to = PutVarint(static_cast<uint64_t>(ints[k]), to);
  return to;
}

}  // namespace

ExampleColumn::Row ExampleColumn::row(int64_t i) const {
  if (!HasType()) return {0, 0};
  if (ends.empty()) return {static_cast<size_t>(i * row_size), static_cast<size_t>((i + 1) * row_size)};
  return {static_cast<size_t>(i == 0 ? 0 : ends[i - 1]), static_cast<size_t>(ends[i])};
}

void EncodeExample(const std::vector<ExampleColumn>& columns, int64_t i, std::string* out) {
  absl::InlinedVector<Entry, 32> entries;
  entries.reserve(columns.size());
  size_t features = 0;
  for (const ExampleColumn& column : columns) {
    entries.push_back(EntryOf(column, i));
    if (entries.back().is_written) features += FieldSize(entries.back().entry);
  }
  out->resize(FieldSize(features));
  // Example.features, Features.feature: a map, so each entry is a message of key and value.
  char* to = PutField(kField1, features, out->data());
  for (size_t c = 0; c < columns.size(); ++c) {
    const ExampleColumn& column = columns[c];
    const Entry& entry = entries[c];
    if (!entry.is_written) continue;
    to = PutField(kField1, entry.entry, to);
    to = PutField(kField1, column.name.size(), to);
    to = PutBytes(column.name.data(), column.name.size(), to);
    to = PutField(kField2, entry.feature, to);
    if (!entry.has_list) continue;
    to = PutField(std::holds_alternative<std::span<const float>>(column.values)     ? kFloatList
                  : std::holds_alternative<std::span<const int64_t>>(column.values) ? kInt64List
                                                                                    : kBytesList,
                  entry.list, to);
    to = PutList(column.values, entry, to);
  }
}

}  // namespace tfxm::data
