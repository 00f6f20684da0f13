// SPDX-License-Identifier: Apache-2.0

// Quantization to int16 activations and int8 weights (TFLite's 16x8 scheme), by rewriting the float flatbuffer.
//
// TensorFlow's quantizer for it is not exported; mlir::lite::QuantizeModel with int16 leaves constants and zero points
// that TFLite's 16x8 kernels refuse. The scheme is TFLite's: activations symmetric, scale = largest magnitude / 32767;
// weights symmetric per channel, / 127; biases int64; softmax, logistic and tanh with scale 1/32768.
#ifndef TFXM_REWRITING_INTERNAL_QUANTIZE_QUANTIZE_INT16_H_
#define TFXM_REWRITING_INTERNAL_QUANTIZE_QUANTIZE_INT16_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tflite_generated.h"
#include "tfxm/rewriting/internal/convert/converter.h"
#include "tfxm/rewriting/internal/convert/model_edit.h"

namespace tfxm::rewriting {

// `ranges` are those of `model`'s activations. Operators without a 16x8 kernel stay float, as do those of loop bodies,
// with a conversion at each border. options.int16 is not looked at; input_type and output_type are kFloat or kInt16.
absl::StatusOr<std::string> QuantizeInt16x8(absl::string_view model, const Ranges& ranges,
                                            const QuantizeOptions& options);

// Whether the operator is one of those that do not stay float.
bool HasInt16Kernel(schema::BuiltinOperator kind);

}  // namespace tfxm::rewriting

#endif  // TFXM_REWRITING_INTERNAL_QUANTIZE_QUANTIZE_INT16_H_
