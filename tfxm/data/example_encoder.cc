// SPDX-License-Identifier: Apache-2.0

#include "tfxm/data/example_encoder.h"

#include <cstring>

#include "absl/container/inlined_vector.h"

namespace tfxm::data {
namespace {

// Tags of length-delimited fields.
constexpr char kField1 = (1 << 3) | 2, kField2 = (2 << 3) | 2;
constexpr char kBytesList = (1 << 3) | 2, kFloatList = (2 << 3) | 2, kInt64List = (3 << 3) | 2;

size_t VarintSize(uint64_t value) {
  size_t size = 1;
  for (; value >= 128; value >>= 7) ++size;
  return size;
}
void AppendVarint(uint64_t value, std::string* out) {
  for (; value >= 128; value >>= 7) out->push_back(static_cast<char>(value | 128));
  out->push_back(static_cast<char>(value));
}
size_t FieldSize(size_t content) { return 1 + VarintSize(content) + content; }

using Row = ExampleColumn::Row;

// The size of the list message's content.
size_t ListSize(const ExampleColumn::Values& values, Row row) {
  if (row.empty()) return 0;
  if (std::holds_alternative<std::span<const float>>(values)) return FieldSize((row.end - row.begin) * sizeof(float));
  size_t size = 0;
  if (const auto* ints = std::get_if<std::span<const int64_t>>(&values)) {
    for (size_t k = row.begin; k < row.end; ++k) size += VarintSize(static_cast<uint64_t>((*ints)[k]));
    return FieldSize(size);
  }
  const auto& strings = std::get<std::span<const absl::string_view>>(values);
  for (size_t k = row.begin; k < row.end; ++k) size += FieldSize(strings[k].size());
  return size;
}

void AppendList(const ExampleColumn::Values& values, Row row, std::string* out) {
  if (row.empty()) return;
  if (const auto* floats = std::get_if<std::span<const float>>(&values)) {
    out->push_back(kField1);
    const size_t bytes = (row.end - row.begin) * sizeof(float);
    AppendVarint(bytes, out);
    out->append(reinterpret_cast<const char*>(floats->data() + row.begin), bytes);
  } else if (const auto* ints = std::get_if<std::span<const int64_t>>(&values)) {
    size_t size = 0;
    for (size_t k = row.begin; k < row.end; ++k) size += VarintSize(static_cast<uint64_t>((*ints)[k]));
    out->push_back(kField1);
    AppendVarint(size, out);
    for (size_t k = row.begin; k < row.end; ++k) AppendVarint(static_cast<uint64_t>((*ints)[k]), out);
  } else {
    const auto& strings = std::get<std::span<const absl::string_view>>(values);
    for (size_t k = row.begin; k < row.end; ++k) {
      out->push_back(kField1);
      AppendVarint(strings[k].size(), out);
      out->append(strings[k]);
    }
  }
}

// How an example's feature is written.
struct Entry {
  bool is_written = true, has_list = true;
  size_t list = 0;  // The size of the list message's content.

  size_t FeatureSize() const { return has_list ? FieldSize(list) : 0; }
  size_t Size(const ExampleColumn& column) const { return FieldSize(column.name.size()) + FieldSize(FeatureSize()); }
};

Entry EntryOf(const ExampleColumn& column, int64_t i) {
  const Row row = column.row(i);
  Entry entry = {.has_list = column.HasType(), .list = ListSize(column.values, row)};
  if (row.empty()) {
    entry.is_written = column.empty != ExampleColumn::Empty::kNoFeature;
    entry.has_list = entry.has_list && column.empty == ExampleColumn::Empty::kList;
  }
  return entry;
}

}  // namespace

ExampleColumn::Row ExampleColumn::row(int64_t i) const {
  if (!HasType()) return {0, 0};
  if (ends.empty()) return {static_cast<size_t>(i * row_size), static_cast<size_t>((i + 1) * row_size)};
  return {static_cast<size_t>(i == 0 ? 0 : ends[i - 1]), static_cast<size_t>(ends[i])};
}

void EncodeExample(const std::vector<ExampleColumn>& columns, int64_t i, std::string* out) {
  out->clear();
  absl::InlinedVector<Entry, 64> entries;
  size_t features = 0;
  for (const ExampleColumn& column : columns) {
    entries.push_back(EntryOf(column, i));
    if (entries.back().is_written) features += FieldSize(entries.back().Size(column));
  }
  // Example.features, Features.feature: a map, so each entry is a message of key and value.
  out->push_back(kField1);
  AppendVarint(features, out);
  for (size_t c = 0; c < columns.size(); ++c) {
    const ExampleColumn& column = columns[c];
    const Entry& entry = entries[c];
    if (!entry.is_written) continue;
    out->push_back(kField1);
    AppendVarint(entry.Size(column), out);
    out->push_back(kField1);
    AppendVarint(column.name.size(), out);
    out->append(column.name);
    out->push_back(kField2);
    AppendVarint(entry.FeatureSize(), out);
    if (!entry.has_list) continue;
    out->push_back(std::holds_alternative<std::span<const float>>(column.values)     ? kFloatList
                   : std::holds_alternative<std::span<const int64_t>>(column.values) ? kInt64List
                                                                                     : kBytesList);
    AppendVarint(entry.list, out);
    AppendList(column.values, column.row(i), out);
  }
}

}  // namespace tfxm::data
