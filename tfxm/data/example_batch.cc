// SPDX-License-Identifier: Apache-2.0

#include "tfxm/data/example_batch.h"

#include <cstring>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::data {
namespace {

// Wire format of protocol buffers: https://protobuf.dev/programming-guides/encoding/
enum WireType { kVarint = 0, kFixed64 = 1, kLengthDelimited = 2, kFixed32 = 5 };

// Reads fields off the front of a serialized message.
class WireReader {
 public:
  explicit WireReader(absl::string_view bytes) : p_(bytes.data()), end_(p_ + bytes.size()) {}
  bool done() const { return p_ == end_; }

  bool Tag(int* field, int* type) {
    uint64_t tag;
    if (!Varint(&tag) || tag >> 3 == 0 || tag >> 32 != 0) return false;
    *field = static_cast<int>(tag >> 3);
    *type = static_cast<int>(tag & 7);
    return true;
  }

  bool Varint(uint64_t* value) {
    if (p_ < end_ && static_cast<uint8_t>(*p_) < 0x80) {
      *value = static_cast<uint8_t>(*p_++);
      return true;
    }
    uint64_t result = 0;
    for (int shift = 0; shift < 64 && p_ < end_; shift += 7) {
      const uint8_t byte = static_cast<uint8_t>(*p_++);
      result |= static_cast<uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) {
        *value = result;
        return true;
      }
    }
    return false;
  }

  bool Bytes(absl::string_view* value) {
    uint64_t n;
    if (!Varint(&n) || n > static_cast<uint64_t>(end_ - p_)) return false;
    *value = absl::string_view(p_, n);
    p_ += n;
    return true;
  }

  bool Fixed32(float* value) {
    if (end_ - p_ < 4) return false;
    std::memcpy(value, p_, 4);
    p_ += 4;
    return true;
  }

  bool Skip(int type) {
    uint64_t varint;
    absl::string_view bytes;
    switch (type) {
      case kVarint: return Varint(&varint);
      case kLengthDelimited: return Bytes(&bytes);
      case kFixed64: return Advance(8);
      case kFixed32: return Advance(4);
      default: return false;
    }
  }

 private:
  bool Advance(ptrdiff_t n) {
    if (end_ - p_ < n) return false;
    p_ += n;
    return true;
  }
  const char* p_;
  const char* const end_;
};

absl::Status NotAnExample(absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat("not a tf.Example: ", why));
}

// Calls fn(name, value) for each entry of a map<string, message> that is field 1 of `map`.
template <typename Fn>
absl::Status ForEachEntry(absl::string_view map, absl::string_view what, const Fn& fn) {
  WireReader reader(map);
  int field, type;
  while (!reader.done()) {
    absl::string_view entry_bytes;
    if (!reader.Tag(&field, &type)) return NotAnExample(absl::StrCat("malformed `", what, "`"));
    if (field != 1 || type != kLengthDelimited)
      return NotAnExample(absl::StrCat("unknown field ", field, " in `", what, "`"));
    if (!reader.Bytes(&entry_bytes)) return NotAnExample("truncated feature map");
    WireReader entry(entry_bytes);
    absl::string_view name, value;
    while (!entry.done()) {
      bool ok = entry.Tag(&field, &type);
      if (ok && field == 1 && type == kLengthDelimited) {
        ok = entry.Bytes(&name);
      } else if (ok && field == 2 && type == kLengthDelimited) {
        ok = entry.Bytes(&value);
      } else if (ok) {
        ok = entry.Skip(type);
      }
      if (!ok) return NotAnExample("malformed entry of the feature map");
    }
    RETURN_IF_ERROR(fn(name, value));
  }
  return absl::OkStatus();
}

}  // namespace

absl::string_view ValueTypeName(ValueType type) {
  switch (type) {
    case ValueType::kInt: return "INT";
    case ValueType::kFloat: return "FLOAT";
    case ValueType::kBytes: return "BYTES";
    case ValueType::kUnknown: break;
  }
  return "UNKNOWN";
}

void Column::Append(std::span<const int64_t> values) {
  ints_.insert(ints_.end(), values.begin(), values.end());
  EndExample(true, ints_.size());
}

void Column::Append(std::span<const float> values) {
  floats_.insert(floats_.end(), values.begin(), values.end());
  EndExample(true, floats_.size());
}

void Column::Append(std::span<const std::string> values) {
  for (const std::string& value : values) {
    bytes_data_ += value;
    bytes_ends_.push_back(bytes_data_.size());
  }
  EndExample(true, bytes_ends_.size());
}

void Column::AppendMissing() { EndExample(false, ends_.empty() ? 0 : ends_.back()); }

void Column::EndExample(bool present, size_t end) {
  present_.push_back(present);
  ends_.push_back(end);
}

void Column::Clear() {
  present_.clear();
  ends_.clear();
  ints_.clear();
  floats_.clear();
  bytes_data_.clear();
  bytes_ends_.clear();
  steps_.clear();
  step_ends_.clear();
  step_present_.clear();
}

void ExampleBatch::Clear(int64_t first_record) {
  num_examples_ = 0;
  first_record_ = first_record;
  records_.clear();
  for (Column& c : columns_) c.Clear();
}

void ExampleBatch::Reset(int num_examples) {
  Clear();
  num_examples_ = num_examples;
}

void ExampleBatch::SetColumn(Column column) {
  next_guess_ = 0;
  Column* const to = FindOrAdd(column.name());
  *to = std::move(column);
}

const Column* ExampleBatch::Find(absl::string_view name) const {
  const auto it = by_name_.find(name);
  return it == by_name_.end() ? nullptr : it->second;
}

Column* ExampleBatch::FindOrAdd(absl::string_view name) {
  if (next_guess_ < columns_.size() && columns_[next_guess_].name() == name) return &columns_[next_guess_++];
  if (const auto it = by_name_.find(name); it != by_name_.end()) return it->second;
  columns_.emplace_back(std::string(name));
  by_name_[std::string(name)] = &columns_.back();
  return &columns_.back();
}

absl::Status ExampleBatch::Append(absl::string_view serialized) {
  next_guess_ = 0;
  WireReader reader(serialized);
  int field, type;
  while (!reader.done()) {
    if (!reader.Tag(&field, &type)) return NotAnExample("malformed protocol buffer");
    absl::string_view features;
    if (field == 1 && type == kLengthDelimited) {
      if (!reader.Bytes(&features)) return NotAnExample("truncated `features`");
      RETURN_IF_ERROR(AppendFeatures(features));
    } else if (field == 2 && type == kLengthDelimited) {
      if (!sequence_examples_) {
        return NotAnExample(
            "it has `feature_lists`, as a tf.SequenceExample, whose steps are read by ExampleGen (payload_format), "
            "StatisticsGen and `tfxm head`, stats, schema and validate only; for a model write each feature list as a "
            "feature, its steps padded to one length");
      }
      if (!reader.Bytes(&features)) return NotAnExample("truncated `feature_lists`");
      RETURN_IF_ERROR(AppendFeatureLists(features));
    } else {
      // Another message or no message at all; taking it for an Example without features would hide it.
      return NotAnExample(absl::StrCat("unknown field ", field));
    }
  }
  if (keep_records_) records_.emplace_back(serialized);
  ++num_examples_;
  return absl::OkStatus();
}

absl::Status ExampleBatch::AppendFeatures(absl::string_view features) {
  return ForEachEntry(features, "features", [this](absl::string_view name, absl::string_view feature) {
    RETURN_IF_ERROR(CheckName(name));
    return AppendFeature(name, feature);
  });
}

absl::Status ExampleBatch::AppendFeatureLists(absl::string_view lists) {
  return ForEachEntry(lists, "feature_lists", [this](absl::string_view name, absl::string_view list) {
    return AppendFeatureList(absl::StrCat(kSequencePrefix, name), list);
  });
}

absl::Status ExampleBatch::Append(const std::vector<ExampleColumn>& columns, int64_t begin, int64_t end) {
  if (keep_records_) {
    std::string record;
    for (int64_t i = begin; i < end; ++i) {
      EncodeExample(columns, i, &record);
      RETURN_IF_ERROR(Append(record));
    }
    return absl::OkStatus();
  }
  next_guess_ = 0;
  for (const ExampleColumn& from : columns) RETURN_IF_ERROR(AppendColumn(from, begin, end));
  num_examples_ += static_cast<int>(end - begin);
  return absl::OkStatus();
}

absl::Status ExampleBatch::AppendColumn(const ExampleColumn& from, int64_t begin, int64_t end) {
  using Empty = ExampleColumn::Empty;
  if (begin == end) return absl::OkStatus();
  const size_t first = from.row(begin).begin, last = from.row(end - 1).end;
  if (first == last && from.empty == Empty::kNoFeature) return absl::OkStatus();
  RETURN_IF_ERROR(CheckName(from.name));
  Column& column = *FindOrAdd(from.name);
  const size_t before = column.ends_.empty() ? 0 : column.ends_.back();
  // Perhaps the examples before lacked the feature.
  const size_t at = static_cast<size_t>(num_examples_), n = static_cast<size_t>(end - begin);
  column.present_.resize(at, 0);
  column.ends_.resize(at, before);
  column.present_.resize(at + n, from.HasType() && (from.empty == Empty::kList || from.ends.empty()));
  column.ends_.resize(at + n, before);
  if (from.HasType() && from.ends.empty()) {
    const auto size = static_cast<size_t>(from.row_size);
    for (size_t i = 0; i < n; ++i) column.ends_[at + i] = before + (i + 1) * size;
  } else if (from.HasType()) {
    size_t end_before = first;
    for (size_t i = 0; i < n; ++i) {
      const auto end_here = static_cast<size_t>(from.ends[static_cast<size_t>(begin) + i]);
      if (end_here > end_before) column.present_[at + i] = 1;
      column.ends_[at + i] = before + end_here - first;
      end_before = end_here;
    }
  }
  if (first == last && from.empty != Empty::kList) return absl::OkStatus();
  if (const auto* ints = std::get_if<std::span<const int64_t>>(&from.values)) {
    RETURN_IF_ERROR(TakeType(ValueType::kInt, &column));
    column.ints_.insert(column.ints_.end(), ints->begin() + first, ints->begin() + last);
  } else if (const auto* floats = std::get_if<std::span<const float>>(&from.values)) {
    RETURN_IF_ERROR(TakeType(ValueType::kFloat, &column));
    column.floats_.insert(column.floats_.end(), floats->begin() + first, floats->begin() + last);
  } else if (const auto* strings = std::get_if<std::span<const absl::string_view>>(&from.values)) {
    RETURN_IF_ERROR(TakeType(ValueType::kBytes, &column));
    for (const absl::string_view value : strings->subspan(first, last - first)) {
      column.bytes_data_.append(value.data(), value.size());
      column.bytes_ends_.push_back(column.bytes_data_.size());
    }
  }
  return absl::OkStatus();
}

absl::Status ExampleBatch::CheckName(absl::string_view name) const {
  if (!sequence_examples_ || !absl::StartsWith(name, kSequenceName)) return absl::OkStatus();
  if (name != kSequenceName && !absl::StartsWith(name, kSequencePrefix)) return absl::OkStatus();
  return NotAnExample(absl::StrCat("the name \"", name, "\" is that of feature lists; give the feature another"));
}

absl::Status ExampleBatch::TakeType(ValueType type, Column* column) {
  if (column->type_ == ValueType::kUnknown) column->type_ = type;
  if (column->type_ == type) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("feature \"", column->name(), "\" is ", ValueTypeName(type),
                                                 " here but ", ValueTypeName(column->type_),
                                                 " in earlier examples; a feature must have one type in all examples"));
}

// Column is given in this example, for the first time or again: the last one counts.
void ExampleBatch::BeginExample(Column* column) const {
  const size_t index = static_cast<size_t>(num_examples_);
  const size_t last_end = column->ends_.empty() ? 0 : column->ends_.back();
  if (column->ends_.size() <= index) {
    column->ends_.resize(index + 1, last_end);
    column->present_.resize(index + 1, 0);
    return;
  }
  const size_t begin = column->begin(num_examples_);
  column->ints_.resize(std::min(column->ints_.size(), begin));
  column->floats_.resize(std::min(column->floats_.size(), begin));
  column->bytes_ends_.resize(std::min(column->bytes_ends_.size(), begin));
  column->bytes_data_.resize(column->bytes_ends_.empty() ? 0 : column->bytes_ends_.back());
}

absl::Status ExampleBatch::AppendFeatureList(absl::string_view name, absl::string_view list) {
  Column& column = *FindOrAdd(name);
  column.is_sequence_ = true;
  BeginExample(&column);
  const size_t index = static_cast<size_t>(num_examples_);
  column.steps_.resize(index, column.step_ends_.size());  // Of examples without the list.
  const size_t first = index == 0 ? 0 : column.steps_.back();
  column.step_ends_.resize(first);
  column.step_present_.resize(first);
  WireReader reader(list);
  int field, type;
  while (!reader.done()) {
    absl::string_view feature;
    if (!reader.Tag(&field, &type) || field != 1 || type != kLengthDelimited || !reader.Bytes(&feature)) {
      return NotAnExample(absl::StrCat("malformed feature list \"", name, "\""));
    }
    bool present = false;
    RETURN_IF_ERROR(AppendValues(name, feature, &column, &present));
    column.step_ends_.push_back(column.NumDecoded());
    column.step_present_.push_back(present);
  }
  column.steps_.push_back(column.step_ends_.size());
  column.present_[index] = 1;
  column.ends_[index] = column.NumDecoded();
  return absl::OkStatus();
}

absl::Status ExampleBatch::AppendFeature(absl::string_view name, absl::string_view feature) {
  Column& column = *FindOrAdd(name);
  BeginExample(&column);
  const size_t index = static_cast<size_t>(num_examples_);
  bool present = false;
  RETURN_IF_ERROR(AppendValues(name, feature, &column, &present));
  column.present_[index] = present;
  column.ends_[index] = column.NumDecoded();
  return absl::OkStatus();
}

// Adds the values of a Feature; *present: whether it has a list, even an empty one.
absl::Status ExampleBatch::AppendValues(absl::string_view name, absl::string_view feature, Column* column,
                                        bool* present) {
  WireReader reader(feature);
  int field, type;
  while (!reader.done()) {
    absl::string_view list_bytes;
    if (!reader.Tag(&field, &type)) return NotAnExample(absl::StrCat("malformed feature \"", name, "\""));
    if (field < 1 || field > 3 || type != kLengthDelimited) {
      if (!reader.Skip(type)) return NotAnExample(absl::StrCat("malformed feature \"", name, "\""));
      continue;
    }
    if (!reader.Bytes(&list_bytes)) return NotAnExample(absl::StrCat("truncated feature \"", name, "\""));
    static constexpr ValueType kTypeOfField[] = {ValueType::kUnknown, ValueType::kBytes, ValueType::kFloat,
                                                 ValueType::kInt};
    const ValueType value_type = kTypeOfField[field];
    RETURN_IF_ERROR(TakeType(value_type, column));
    *present = true;
    WireReader list(list_bytes);
    while (!list.done()) {
      absl::string_view packed;
      uint64_t varint;
      float value;
      bool ok = list.Tag(&field, &type);
      if (!ok) {
      } else if (field != 1) {
        ok = list.Skip(type);
      } else if (value_type == ValueType::kBytes && type == kLengthDelimited) {
        ok = list.Bytes(&packed);
        if (ok) {
          column->bytes_data_.append(packed.data(), packed.size());
          column->bytes_ends_.push_back(column->bytes_data_.size());
        }
      } else if (value_type == ValueType::kFloat && type == kLengthDelimited) {
        ok = list.Bytes(&packed) && packed.size() % 4 == 0;
        if (ok) {
          const size_t size = column->floats_.size();
          column->floats_.resize(size + packed.size() / 4);
          if (!packed.empty()) std::memcpy(column->floats_.data() + size, packed.data(), packed.size());
        }
      } else if (value_type == ValueType::kFloat && type == kFixed32) {
        ok = list.Fixed32(&value);
        if (ok) column->floats_.push_back(value);
      } else if (value_type == ValueType::kInt && type == kLengthDelimited) {
        ok = list.Bytes(&packed);
        for (WireReader values(packed); ok && !values.done();) {
          ok = values.Varint(&varint);
          if (ok) column->ints_.push_back(static_cast<int64_t>(varint));
        }
      } else if (value_type == ValueType::kInt && type == kVarint) {
        ok = list.Varint(&varint);
        if (ok) column->ints_.push_back(static_cast<int64_t>(varint));
      } else {
        ok = false;
      }
      if (!ok) return NotAnExample(absl::StrCat("malformed values of feature \"", name, "\""));
    }
  }
  return absl::OkStatus();
}

}  // namespace tfxm::data
