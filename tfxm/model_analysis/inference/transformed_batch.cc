// SPDX-License-Identifier: Apache-2.0

#include "tfxm/model_analysis/inference/transformed_batch.h"

#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace tfxm::model_analysis {
namespace {

data::Column ToColumn(const std::string& name, const Values& values, int num_examples) {
  using data::ValueType;
  data::Column column(name, values.is_string    ? ValueType::kBytes
                            : values.is_integer ? ValueType::kInt
                                                : ValueType::kFloat);
  for (int row = 0; row < num_examples; ++row) {
    if (values.size(row) == 0) {
      column.AppendMissing();
    } else if (values.is_string) {
      column.Append(std::span<const std::string>(values.strings).subspan(values.begin(row), values.size(row)));
    } else if (const std::span<const double> numbers = values.row(row); values.is_integer) {
      column.Append(std::span<const int64_t>(std::vector<int64_t>(numbers.begin(), numbers.end())));
    } else {
      column.Append(std::span<const float>(std::vector<float>(numbers.begin(), numbers.end())));
    }
  }
  return column;
}

}  // namespace

void MakeTransformedBatch(const data::ExampleBatch& batch, const NamedValues& transformed, data::ExampleBatch* result) {
  result->Reset(batch.num_examples());
  std::set<absl::string_view> made;
  for (const auto& [name, values] : transformed) {
    if (made.insert(name).second) result->SetColumn(ToColumn(name, values, batch.num_examples()));
  }
  for (const data::Column& column : batch.columns()) {
    if (made.count(column.name()) == 0) result->SetColumn(column);
  }
}

}  // namespace tfxm::model_analysis
