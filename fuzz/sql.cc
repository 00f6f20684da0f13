// SPDX-License-Identifier: Apache-2.0

// Statements of slice_keys_sql (model_analysis/slicing/sql_slicer.h), evaluated on an example.
#include "fuzz/input.h"
#include "tensorflow/core/example/example.pb.h"
#include "tensorflow/core/example/feature.pb.h"
#include "tfxm/model_analysis/slicing/sql_slicer.h"

namespace {

const tfxm::data::ExampleBatch& Examples() {
  static const auto* const batch = [] {
    auto* batch = new tfxm::data::ExampleBatch;
    tensorflow::Example example;
    auto& features = *example.mutable_features()->mutable_feature();
    for (int64_t day : {1, 2, 3}) features["day"].mutable_int64_list()->add_value(day);
    for (float size : {0.5f, -1e30f}) features["size"].mutable_float_list()->add_value(size);
    for (const char* tag : {"a", "b", "b", "\xff%_", ""}) features["tags"].mutable_bytes_list()->add_value(tag);
    if (!batch->Append(example.SerializeAsString()).ok()) abort();
    if (!batch->Append(tensorflow::Example().SerializeAsString()).ok()) abort();
    return batch;
  }();
  return *batch;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  tfxm::model_analysis::SqlSlicer slicer;
  if (!slicer.AddStatement(std::string(tfxm::fuzz::Text(data, size))).ok()) return 0;
  for (int row = 0; row < Examples().num_examples(); ++row) {
    std::vector<tfxm::model_analysis::SliceKey> keys;
    slicer.Slice(Examples(), row, &keys).IgnoreError();
  }
  return 0;
}
