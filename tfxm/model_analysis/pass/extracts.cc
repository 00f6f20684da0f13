// SPDX-License-Identifier: Apache-2.0

#include "tfxm/model_analysis/pass/extracts.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace tfxm::model_analysis {

void Values::Clear() {
  numbers.clear();
  strings.clear();
  ends.clear();
  is_string = is_float32 = is_integer = false;
  last_dimension = 0;
  unusable.clear();
}

void Values::MakeUnusable(absl::string_view why, int num_examples) {
  Clear();
  unusable = std::string(why);
  ends.assign(num_examples, 0);
}

void Values::FromColumn(const data::Column* column, int num_examples) {
  Clear();
  if (column == nullptr || column->type() == data::ValueType::kUnknown) {
    ends.assign(num_examples, 0);
    return;
  }
  ends.resize(num_examples);
  int end = 0;
  for (int i = 0; i < num_examples; ++i) ends[i] = end += column->num_values(i);
  switch (column->type()) {
    case data::ValueType::kInt:
      is_integer = true;
      numbers.assign(column->all_ints().begin(), column->all_ints().end());
      break;
    case data::ValueType::kFloat:
      is_float32 = true;
      numbers.assign(column->all_floats().begin(), column->all_floats().end());
      break;
    default:
      is_string = true;
      strings.reserve(column->num_all_bytes());
      for (size_t k = 0; k < column->num_all_bytes(); ++k) strings.emplace_back(column->bytes_at(k));
  }
}

namespace {
template <typename T>
void AppendNumbers(const Tensor& tensor, std::vector<double>* numbers) {
  const auto values = tensor.values<T>();
  numbers->assign(values.begin(), values.end());
}
}  // namespace

void Values::FromTensor(const Tensor& tensor) {
  Clear();
  const int rows = tensor.shape().empty() ? 1 : static_cast<int>(tensor.shape()[0]);
  const int64_t total = tensor.num_elements();
  const int width = rows == 0 ? 0 : static_cast<int>(total / rows);
  for (int i = 1; i <= rows; ++i) ends.push_back(i * width);
  if (tensor.shape().size() > 2) last_dimension = static_cast<int>(tensor.shape().back());
  switch (tensor.dtype()) {
    case DataType::kString:
      is_string = true;
      strings = tensor.strings();
      break;
    case DataType::kFloat:
      is_float32 = true;
      AppendNumbers<float>(tensor, &numbers);
      break;
    case DataType::kDouble: AppendNumbers<double>(tensor, &numbers); break;
    default:
      is_integer = tensor.dtype() != DataType::kHalf;
      is_float32 = tensor.dtype() == DataType::kHalf;
      numbers.resize(total);
      for (int64_t i = 0; i < total; ++i) numbers[i] = tensor.ValueAsDouble(i);
  }
}

void Values::Append(const Values& other, int row) {
  is_string = other.is_string;
  is_float32 = other.is_float32;
  is_integer = other.is_integer;
  last_dimension = other.last_dimension;
  unusable = other.unusable;
  const int from = other.begin(row), to = other.ends[row];
  if (is_string) {
    strings.insert(strings.end(), other.strings.begin() + from, other.strings.begin() + to);
  } else {
    numbers.insert(numbers.end(), other.numbers.begin() + from, other.numbers.begin() + to);
  }
  ends.push_back((ends.empty() ? 0 : ends.back()) + (to - from));
}

void Values::Save(StateWriter* writer) const {
  writer->Write(numbers, strings, is_string, is_float32, is_integer, last_dimension, ends, unusable);
}

void Values::Load(StateReader* reader) {
  reader->Read(&numbers, &strings, &is_string, &is_float32, &is_integer, &last_dimension, &ends, &unusable);
  const size_t size = is_string ? strings.size() : numbers.size();
  const bool fits = ends.empty() ? size == 0 : ends[0] >= 0 && static_cast<size_t>(ends.back()) == size;
  if (fits && std::is_sorted(ends.begin(), ends.end()) && last_dimension >= 0) return;
  reader->Fail("it has lists of values whose ends do not fit");
  Clear();
}

const Values* FindValues(const NamedValues& values, absl::string_view name) {
  for (const auto& [output, value] : values) {
    if (output == name) return value.unusable.empty() ? &value : nullptr;
  }
  return nullptr;
}

std::string Extracts::Describe(int row) const {
  return file.empty() ? absl::StrCat("example ", first_record + row)
                      : absl::StrCat("record ", first_record + row, " of ", file);
}

}  // namespace tfxm::model_analysis
