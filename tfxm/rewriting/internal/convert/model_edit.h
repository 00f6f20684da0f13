// SPDX-License-Identifier: Apache-2.0

// Changes to TFLite models on their way through the rewriter. All take and give flatbuffers; the input must be valid.
// Models of 2 GB and more have their weights behind the flatbuffer: those are given back as they are.
#ifndef TFXM_REWRITING_INTERNAL_CONVERT_MODEL_EDIT_H_
#define TFXM_REWRITING_INTERNAL_CONVERT_MODEL_EDIT_H_

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"

namespace tfxm::rewriting {

struct Range {
  float min = 0;
  float max = 0;
};
// By (subgraph, tensor).
using Ranges = std::map<std::pair<int, int>, Range>;

// Whether weights lie behind the flatbuffer.
bool HasOutsideBuffers(absl::string_view model);

// What was converted and how, as tf.lite.TFLiteConverter notes it in the metadata CONVERSION_METADATA (a FlatBuffer of
// its own, tensorflow/compiler/mlir/lite/schema/conversion_metadata.fbs). `modes` are ModelOptimizationModes.
struct ConversionMetadata {
  std::string tensorflow_version;
  std::vector<int> modes;
  bool allow_custom_ops = false;
  bool enable_select_tf_ops = false;
};
// The last step of a conversion, as Python's: weights that are equal byte for byte become one buffer, and the metadata
// is added.
std::string FinishModel(absl::string_view model, const ConversionMetadata& metadata);

// TensorFlow's converter leaves out of some tensors that a side is open: their shape is -1 there, which no TFLite
// file may have. It becomes 1, and the shape signature says that it is open.
std::string WithShapeSignatures(std::string model);

// Puts min and max into the tensors' quantization parameters, where the quantizer reads them.
std::string SetRanges(absl::string_view model, const Ranges& ranges);

}  // namespace tfxm::rewriting

#endif  // TFXM_REWRITING_INTERNAL_CONVERT_MODEL_EDIT_H_
