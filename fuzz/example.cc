// SPDX-License-Identifier: Apache-2.0

// tf.Examples to columns (data/example_batch.h), against protobuf's own decoder; tf.SequenceExamples, whose steps must
// have all values between them.
#include <cstring>

#include "fuzz/input.h"
#include "tensorflow/core/example/example.pb.h"
#include "tensorflow/core/example/feature.pb.h"
#include "tfxm/data/example_batch.h"

namespace {

using tfxm::data::Column;
using tfxm::data::ValueType;

template <typename A, typename B>
bool SameValues(const A& a, const B& b) {
  return static_cast<int>(a.size()) == b.size() && (b.empty() || std::memcmp(a.data(), b.data(), a.size_bytes()) == 0);
}

// Whether row i of the column is the feature.
bool Same(const Column* column, int i, const tensorflow::Feature& feature) {
  const bool present = feature.kind_case() != tensorflow::Feature::KIND_NOT_SET;
  if (column == nullptr || !column->present(i)) return !present;
  if (!present) return false;
  switch (feature.kind_case()) {
    case tensorflow::Feature::kInt64List:
      if (column->num_values(i) == 0) return feature.int64_list().value().empty();
      return column->type() == ValueType::kInt && SameValues(column->ints(i), feature.int64_list().value());
    case tensorflow::Feature::kFloatList:
      if (column->num_values(i) == 0) return feature.float_list().value().empty();
      return column->type() == ValueType::kFloat && SameValues(column->floats(i), feature.float_list().value());
    default:
      if (column->num_values(i) != feature.bytes_list().value().size()) return false;
      for (int k = 0; k < column->num_values(i); ++k) {
        if (column->bytes(i, k) != feature.bytes_list().value(k)) return false;
      }
      return true;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  tfxm::data::ExampleBatch batch;
  std::vector<tensorflow::Example> examples;
  // As one example, and as two in a row, so that columns have rows before.
  const absl::string_view all = tfxm::fuzz::Text(data, size);
  for (const absl::string_view bytes : {all, all.substr(size / 2), all}) {
    if (!batch.Append(bytes).ok()) break;
    tensorflow::Example example;
    if (!example.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return 0;
    examples.push_back(std::move(example));
  }
  for (size_t i = 0; i < examples.size(); ++i) {
    for (const auto& [name, feature] : examples[i].features().feature()) {
      if (!Same(batch.Find(name), static_cast<int>(i), feature)) abort();
    }
  }
  batch.Clear();
  batch.Append(all).IgnoreError();
  tfxm::data::ExampleBatch sequences(/*keep_records=*/false, /*sequence_examples=*/true);
  for (const absl::string_view bytes : {all, all.substr(size / 2), all}) {
    if (!sequences.Append(bytes).ok()) break;
  }
  for (const Column& column : sequences.columns()) {
    for (int i = 0; column.is_sequence() && i < sequences.num_examples(); ++i) {
      const size_t first = column.first_step(i);
      int values = 0;
      for (size_t step = first; step < first + static_cast<size_t>(column.num_steps(i)); ++step) {
        if (!column.step_present(step) && column.step_size(step) != 0) abort();
        values += column.step_size(step);
      }
      if (values != column.num_values(i)) abort();
    }
  }
  return 0;
}
