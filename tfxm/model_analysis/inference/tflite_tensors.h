// SPDX-License-Identifier: Apache-2.0

// Features into a TFLite model's inputs and its outputs into predictions, as TFMA's tflite_predict_extractor.py does
// it: a quantized input is fed with its features divided by its scale, a quantized output is multiplied by its own.
#ifndef TFXM_MODEL_ANALYSIS_INFERENCE_TFLITE_TENSORS_H_
#define TFXM_MODEL_ANALYSIS_INFERENCE_TFLITE_TENSORS_H_

#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tfxm/data/example_batch.h"
#include "tfxm/data/tensor.h"
#include "tfxm/litert/flatbuffer.h"
#include "tfxm/model_analysis/pass/extracts.h"

namespace tfxm::model_analysis {

// Writes the examples [first, first + count) of a feature to an input's memory. An example without the feature gets -1,
// TFMA's default, where the input is float or int64. INVALID_ARGUMENT names the example (counted from 0) and what does
// not fit: another number of values than the input's shape has, bytes, or floats for an integer input without a scale.
absl::Status FillInput(const data::Column& column, int first, int count, const TensorSpec& spec,
                       const litert::Quantization& quantization, std::span<char> memory);

// The same for an input of strings, of which the input's shape wants `per_example` each; "" for an example without the
// feature.
absl::StatusOr<std::vector<std::string>> StringInput(const data::Column& column, int first, int count,
                                                     const TensorSpec& spec, int64_t per_example);

// Appends an output of shape [count, …] as one list per example.
absl::Status AppendOutput(std::span<const char> memory, const Shape& shape, const TensorSpec& spec,
                          const litert::Quantization& quantization, int count, Values* values);
absl::Status AppendStringOutput(std::vector<std::string> strings, const Shape& shape, const TensorSpec& spec, int count,
                                Values* values);

}  // namespace tfxm::model_analysis

#endif  // TFXM_MODEL_ANALYSIS_INFERENCE_TFLITE_TENSORS_H_
