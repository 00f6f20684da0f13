// SPDX-License-Identifier: Apache-2.0

#include "tfxm/tables/internal/arrow_columns.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "arrow/array.h"
#include "arrow/record_batch.h"
#include "arrow/type.h"
#include "arrow/util/decimal.h"
#include "arrow/util/float16.h"
#include "tfxm/tables/internal/float_losses.h"
#include "tfxm/tables/internal/text_stream.h"
#include "tfxm/util/status_macros.h"
#include "tfxm/util/text/text.h"

namespace tfxm::tables {
namespace {

using arrow::Type;
using data::ValueType;

absl::Status NoFeature(const std::string& name, const arrow::DataType& type, absl::string_view why) {
  return absl::InvalidArgumentError(
      absl::StrCat("column \"", name, "\" of type ", type.ToString(), " cannot be a feature", why,
                   "; leave it out of the file, or read other columns of a Parquet file: columns (--columns=a,b)"));
}

bool IsList(const arrow::DataType& type) {
  switch (type.id()) {
    case Type::LIST:
    case Type::LARGE_LIST:
    case Type::FIXED_SIZE_LIST:
    case Type::MAP: return true;
    default: return false;
  }
}

absl::Status AddTypes(const std::string& name, const arrow::DataType& type, bool in_list,
                      std::map<std::string, ValueType>* types) {
  ValueType leaf;
  switch (type.id()) {
    case Type::STRUCT:
      for (const auto& field : type.fields()) {
        RETURN_IF_ERROR(AddTypes(absl::StrCat(name, ".", field->name()), *field->type(), in_list, types));
      }
      return absl::OkStatus();
    case Type::LIST:
    case Type::LARGE_LIST:
    case Type::FIXED_SIZE_LIST:
    case Type::MAP:
      if (in_list) return NoFeature(name, type, ": it is a list in a list");
      return AddTypes(name, *type.field(0)->type(), /*in_list=*/true, types);
    case Type::DICTIONARY:
      return AddTypes(name, *static_cast<const arrow::DictionaryType&>(type).value_type(), in_list, types);
    case Type::NA: leaf = ValueType::kUnknown; break;
    case Type::BOOL:
    case Type::INT8:
    case Type::INT16:
    case Type::INT32:
    case Type::INT64:
    case Type::UINT8:
    case Type::UINT16:
    case Type::UINT32:
    case Type::UINT64:
    case Type::DATE32:
    case Type::DATE64:
    case Type::TIME32:
    case Type::TIME64:
    case Type::TIMESTAMP:
    case Type::DURATION: leaf = ValueType::kInt; break;
    case Type::HALF_FLOAT:
    case Type::FLOAT:
    case Type::DOUBLE:
    case Type::DECIMAL128:
    case Type::DECIMAL256: leaf = ValueType::kFloat; break;
    case Type::STRING:
    case Type::LARGE_STRING:
    case Type::BINARY:
    case Type::LARGE_BINARY:
    case Type::FIXED_SIZE_BINARY: leaf = ValueType::kBytes; break;
    default: return NoFeature(name, type, "");
  }
  if (!types->emplace(name, leaf).second) {
    return absl::InvalidArgumentError(absl::StrCat("two columns are called \"", name, "\""));
  }
  return absl::OkStatus();
}

// The integer at a place that is not null, or nothing if int64 cannot hold it.
std::optional<int64_t> IntAt(const arrow::Array& array, int64_t k) {
  switch (array.type_id()) {
    case Type::BOOL: return static_cast<const arrow::BooleanArray&>(array).Value(k) ? 1 : 0;
    case Type::INT8: return static_cast<const arrow::Int8Array&>(array).Value(k);
    case Type::INT16: return static_cast<const arrow::Int16Array&>(array).Value(k);
    case Type::INT32: return static_cast<const arrow::Int32Array&>(array).Value(k);
    case Type::INT64: return static_cast<const arrow::Int64Array&>(array).Value(k);
    case Type::UINT8: return static_cast<const arrow::UInt8Array&>(array).Value(k);
    case Type::UINT16: return static_cast<const arrow::UInt16Array&>(array).Value(k);
    case Type::UINT32: return static_cast<const arrow::UInt32Array&>(array).Value(k);
    case Type::UINT64: {
      const uint64_t value = static_cast<const arrow::UInt64Array&>(array).Value(k);
      if (value > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) return std::nullopt;
      return static_cast<int64_t>(value);
    }
    case Type::DATE32: return static_cast<const arrow::Date32Array&>(array).Value(k);
    case Type::DATE64: {  // Milliseconds.
      constexpr int64_t kDay = 86'400'000;
      const int64_t ms = static_cast<const arrow::Date64Array&>(array).Value(k);
      return ms / kDay - (ms % kDay < 0 ? 1 : 0);
    }
    case Type::TIME32: return static_cast<const arrow::Time32Array&>(array).Value(k);
    case Type::TIME64: return static_cast<const arrow::Time64Array&>(array).Value(k);
    case Type::TIMESTAMP: return static_cast<const arrow::TimestampArray&>(array).Value(k);
    case Type::DURATION: return static_cast<const arrow::DurationArray&>(array).Value(k);
    default: return std::nullopt;
  }
}

double DoubleAt(const arrow::Array& array, int64_t k) {
  switch (array.type_id()) {
    case Type::HALF_FLOAT:
      return arrow::util::Float16::FromBits(static_cast<const arrow::HalfFloatArray&>(array).Value(k)).ToFloat();
    case Type::FLOAT: return static_cast<const arrow::FloatArray&>(array).Value(k);
    case Type::DOUBLE: return static_cast<const arrow::DoubleArray&>(array).Value(k);
    case Type::DECIMAL128: {
      const auto& type = static_cast<const arrow::Decimal128Type&>(*array.type());
      return arrow::Decimal128(static_cast<const arrow::Decimal128Array&>(array).GetValue(k)).ToDouble(type.scale());
    }
    case Type::DECIMAL256: {
      const auto& type = static_cast<const arrow::Decimal256Type&>(*array.type());
      return arrow::Decimal256(static_cast<const arrow::Decimal256Array&>(array).GetValue(k)).ToDouble(type.scale());
    }
    default: return static_cast<double>(IntAt(array, k).value_or(0));
  }
}

bool IsDecimal(const arrow::Array& array) {
  return array.type_id() == Type::DECIMAL128 || array.type_id() == Type::DECIMAL256;
}

std::string DecimalText(const arrow::Array& array, int64_t k) {
  return array.type_id() == Type::DECIMAL128 ? static_cast<const arrow::Decimal128Array&>(array).FormatValue(k)
                                             : static_cast<const arrow::Decimal256Array&>(array).FormatValue(k);
}

std::string_view BytesAt(const arrow::Array& array, int64_t k) {
  switch (array.type_id()) {
    case Type::STRING:
    case Type::BINARY: return static_cast<const arrow::BinaryArray&>(array).GetView(k);
    case Type::LARGE_STRING:
    case Type::LARGE_BINARY: return static_cast<const arrow::LargeBinaryArray&>(array).GetView(k);
    default: return static_cast<const arrow::FixedSizeBinaryArray&>(array).GetView(k);
  }
}

}  // namespace

absl::Status AddFeatureTypes(const arrow::Schema& schema, std::map<std::string, ValueType>* types) {
  for (const auto& field : schema.fields()) {
    RETURN_IF_ERROR(AddTypes(field->name(), *field->type(), /*in_list=*/false, types));
  }
  return absl::OkStatus();
}

// Goes down from a column to the arrays that hold values.
class ArrowColumns::Reader {
 public:
  Reader(const std::map<std::string, ValueType>& types, int64_t num_rows, std::map<std::string, Storage>* storage)
      : types_(types), storage_(*storage) {
    for (int64_t i = 0; i <= num_rows; ++i) bounds_.push_back(i);
  }

  absl::Status Read(const std::string& name, const std::shared_ptr<arrow::Array>& array) {
    return Read(name, array, bounds_);
  }

 private:
  // Row i of the table has the elements [bounds[i], bounds[i+1]) of the array.
  absl::Status Read(const std::string& name, const std::shared_ptr<arrow::Array>& array,
                    const std::vector<int64_t>& bounds) {
    if (array->type_id() == Type::STRUCT) {
      const auto members = static_cast<const arrow::StructArray&>(*array).Flatten();  // A null struct's are null.
      if (!members.ok()) return FromArrow(members.status());
      for (int m = 0; m < array->type()->num_fields(); ++m) {
        RETURN_IF_ERROR(Read(absl::StrCat(name, ".", array->type()->field(m)->name()), (*members)[m], bounds));
      }
      return absl::OkStatus();
    }
    if (IsList(*array->type())) return ReadList(name, array, bounds);
    return ReadValues(name, *array, bounds);
  }

  absl::Status ReadList(const std::string& name, const std::shared_ptr<arrow::Array>& array,
                        const std::vector<int64_t>& bounds) {
    // Without what null lists hold, and what is before and behind: the lists' elements back to back.
    arrow::Result<std::shared_ptr<arrow::Array>> values;
    switch (array->type_id()) {
      case Type::LARGE_LIST: values = static_cast<const arrow::LargeListArray&>(*array).Flatten(); break;
      case Type::FIXED_SIZE_LIST: values = static_cast<const arrow::FixedSizeListArray&>(*array).Flatten(); break;
      default: values = static_cast<const arrow::ListArray&>(*array).Flatten(); break;
    }
    if (!values.ok()) return FromArrow(values.status());
    const auto length = [&](int64_t k) -> int64_t {
      if (array->IsNull(k)) return 0;
      switch (array->type_id()) {
        case Type::LARGE_LIST: return static_cast<const arrow::LargeListArray&>(*array).value_length(k);
        case Type::FIXED_SIZE_LIST: return static_cast<const arrow::FixedSizeListArray&>(*array).value_length(k);
        default: return static_cast<const arrow::ListArray&>(*array).value_length(k);
      }
    };
    std::vector<int64_t> inner = {0};
    for (size_t i = 0; i + 1 < bounds.size(); ++i) {
      int64_t end = inner.back();
      for (int64_t k = bounds[i]; k < bounds[i + 1]; ++k) end += length(k);
      inner.push_back(end);
    }
    if (inner.back() != (*values)->length())
      return absl::InvalidArgumentError(absl::StrCat("column \"", name, "\" is damaged"));
    return Read(name, *values, inner);
  }

  absl::Status ReadValues(const std::string& name, const arrow::Array& array, const std::vector<int64_t>& bounds) {
    const auto type = types_.find(name);
    if (type == types_.end()) return absl::OkStatus();  // Not one that is wanted.
    Storage& storage = storage_[name];
    const bool is_dictionary = array.type_id() == Type::DICTIONARY;
    const arrow::Array& leaf = is_dictionary ? *static_cast<const arrow::DictionaryArray&>(array).dictionary() : array;
    for (size_t i = 0; i + 1 < bounds.size(); ++i) {
      for (int64_t k = bounds[i]; k < bounds[i + 1]; ++k) {
        if (array.IsNull(k)) continue;
        const int64_t at = is_dictionary ? static_cast<const arrow::DictionaryArray&>(array).GetValueIndex(k) : k;
        if (is_dictionary && (at < 0 || at >= leaf.length())) {
          return absl::InvalidArgumentError(absl::StrCat("column \"", name, "\" is damaged"));
        }
        if (leaf.IsNull(at)) continue;
        switch (type->second) {
          case ValueType::kInt: {
            const std::optional<int64_t> value = IntAt(leaf, at);
            if (!value.has_value()) {
              return absl::InvalidArgumentError(absl::StrCat("column \"", name, "\", row ", i + 1,
                                                             " of these: an integer that an int64 cannot hold"));
            }
            storage.ints.push_back(*value);
            break;
          }
          case ValueType::kFloat: {
            const double value = DoubleAt(leaf, at);
            storage.floats.push_back(static_cast<float>(value));
            if (!storage.loss || !storage.loss->is_certain) NoteLoss(name, leaf, at, i, value, &storage.loss);
            break;
          }
          case ValueType::kBytes: storage.strings.push_back(BytesAt(leaf, at)); break;
          case ValueType::kUnknown: break;
        }
      }
      storage.ends.push_back(
          static_cast<int64_t>(storage.ints.size() + storage.floats.size() + storage.strings.size()));
    }
    return absl::OkStatus();
  }

  static void NoteLoss(const std::string& name, const arrow::Array& array, int64_t at, size_t row, double value,
                       std::optional<Loss>* loss) {
    constexpr double kExactInDouble = 1LL << 53;
    const bool is_decimal = IsDecimal(array);
    if (!IsLost(is_decimal ? std::trunc(value) : value)) return;
    const bool is_certain = is_decimal || std::abs(value) < kExactInDouble || std::isinf(static_cast<float>(value));
    if (loss->has_value() && !is_certain) return;
    const std::string number = is_decimal                         ? DecimalText(array, at)
                               : std::abs(value) < kExactInDouble ? absl::StrCat(static_cast<int64_t>(value))
                                                                  : absl::StrCat(value);
    *loss = Loss{name, static_cast<int64_t>(row), value, number, is_certain};
  }

  const std::map<std::string, ValueType>& types_;
  std::map<std::string, Storage>& storage_;
  std::vector<int64_t> bounds_;
};

absl::StatusOr<ArrowColumns> ArrowColumns::Make(std::shared_ptr<arrow::RecordBatch> rows,
                                                const std::map<std::string, ValueType>& types) {
  ArrowColumns out;
  out.num_rows_ = static_cast<int>(rows->num_rows());
  out.storage_ = std::make_shared<std::map<std::string, Storage>>();
  Reader reader(types, rows->num_rows(), out.storage_.get());
  for (int c = 0; c < rows->num_columns(); ++c) {
    RETURN_IF_ERROR(reader.Read(rows->column_name(c), rows->column(c)));
  }
  for (const auto& [name, type] : types) {
    data::ExampleColumn& column = out.columns_.emplace_back();
    column.name = name;
    column.empty = data::ExampleColumn::Empty::kNoList;
    Storage& storage = (*out.storage_)[name];
    if (storage.loss) out.losses_.push_back(*storage.loss);
    if (storage.ends.empty()) continue;
    column.ends = std::move(storage.ends);
    switch (type) {
      case ValueType::kInt: column.values = std::span<const int64_t>(storage.ints); break;
      case ValueType::kFloat: column.values = std::span<const float>(storage.floats); break;
      case ValueType::kBytes: column.values = std::span<const absl::string_view>(storage.strings); break;
      case ValueType::kUnknown: break;
    }
  }
  out.rows_ = std::move(rows);
  return out;
}

void ArrowColumns::AddConstant(const std::string& name, ValueType type, const std::string& value) {
  Storage& storage = (*storage_)[name];
  data::ExampleColumn column;
  column.name = name;
  column.row_size = 1;
  if (type == ValueType::kInt) {
    int64_t number = 0;
    if (!absl::SimpleAtoi(value, &number)) number = 0;
    storage.ints.assign(static_cast<size_t>(num_rows_), number);
    column.values = std::span<const int64_t>(storage.ints);
  } else {
    storage.constant = value;
    storage.strings.assign(static_cast<size_t>(num_rows_), storage.constant);
    column.values = std::span<const absl::string_view>(storage.strings);
  }
  const auto place = std::lower_bound(columns_.begin(), columns_.end(), name,
                                      [](const data::ExampleColumn& c, const std::string& n) { return c.name < n; });
  columns_.insert(place, std::move(column));
}

}  // namespace tfxm::tables
