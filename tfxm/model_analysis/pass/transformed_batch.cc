// SPDX-License-Identifier: Apache-2.0

#include "tfxm/model_analysis/pass/transformed_batch.h"

#include "tensorflow/core/example/example.pb.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::model_analysis {
namespace {

void Copy(const Values& values, int row, tensorflow::Feature* feature) {
  for (int i = values.begin(row); i < values.ends[row]; ++i) {
    if (values.is_string) {
      feature->mutable_bytes_list()->add_value(values.strings[i]);
    } else if (values.is_integer) {
      feature->mutable_int64_list()->add_value(static_cast<int64_t>(values.numbers[i]));
    } else {
      feature->mutable_float_list()->add_value(static_cast<float>(values.numbers[i]));
    }
  }
}

void Copy(const data::Column& column, int row, tensorflow::Feature* feature) {
  switch (column.type()) {
    case data::ValueType::kInt:
      for (int64_t x : column.ints(row)) feature->mutable_int64_list()->add_value(x);
      break;
    case data::ValueType::kFloat:
      for (float x : column.floats(row)) feature->mutable_float_list()->add_value(x);
      break;
    case data::ValueType::kBytes:
      for (int k = 0; k < column.num_values(row); ++k) {
        feature->mutable_bytes_list()->add_value(std::string(column.bytes(row, k)));
      }
      break;
    default: break;
  }
}

}  // namespace

absl::Status MakeTransformedBatch(const data::ExampleBatch& batch, const NamedValues& transformed,
                                  data::ExampleBatch* result) {
  result->Clear();
  for (int row = 0; row < batch.num_examples(); ++row) {
    tensorflow::Example example;
    auto& features = *example.mutable_features()->mutable_feature();
    for (const auto& [name, values] : transformed) {
      if (!features.contains(name)) Copy(values, row, &features[name]);
    }
    for (const data::Column& column : batch.columns()) {
      if (column.present(row) && !features.contains(column.name())) Copy(column, row, &features[column.name()]);
    }
    RETURN_IF_ERROR(result->Append(example.SerializeAsString()));
  }
  return absl::OkStatus();
}

}  // namespace tfxm::model_analysis
