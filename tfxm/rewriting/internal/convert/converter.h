// SPDX-License-Identifier: Apache-2.0

// TensorFlow's own MLIR converter and quantizer, in process. Not thread safe against itself: one at a time per process.
#ifndef TFXM_REWRITING_INTERNAL_CONVERT_CONVERTER_H_
#define TFXM_REWRITING_INTERNAL_CONVERT_CONVERTER_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tfxm/data/tensor.h"
#include "tfxm/rewriting/rewriter_options.h"

namespace tfxm::rewriting {

struct ConvertOptions {
  std::string signature;
  std::vector<std::string> tags = {"serve"};
  // kInt8 and kInt16x8 give a float model that is prepared for Quantize, unless it has trained ranges.
  QuantizationMode quantization = QuantizationMode::kNone;
  bool allow_select_tf_ops = false;
  bool allow_custom_ops = false;
  // Of a model with trained ranges, which kInt8 makes an int8 model at once: whether inputs and outputs are int8, too.
  bool int8_inputs_and_outputs = false;
};

// The TFLite flatbuffer of one signature, with the flags that Python's tf.lite.TFLiteConverter of the same release
// uses. INVALID_ARGUMENT: the converter's own diagnostics, with the nodes they are about.
absl::StatusOr<std::string> ConvertSavedModel(absl::string_view dir, const ConvertOptions& options);

struct QuantizeOptions {
  bool int16 = false;  // Activations int16 instead of int8; see quantize_int16.h.
  DataType input_type = DataType::kFloat;
  DataType output_type = DataType::kFloat;
  std::vector<std::string> keep_float_ops;    // TFLite operator names
  std::vector<std::string> keep_float_nodes;  // names of the tensors that are an operator's results
  std::vector<std::string> int16_nodes;       // QuantizeInt16x8: if there are any, only these, by the same names.
};

// Quantizes a float model whose activations carry min and max, to int8.
absl::StatusOr<std::string> QuantizeModel(absl::string_view model, const QuantizeOptions& options);

}  // namespace tfxm::rewriting

#endif  // TFXM_REWRITING_INTERNAL_CONVERT_CONVERTER_H_
