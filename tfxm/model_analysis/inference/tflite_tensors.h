// SPDX-License-Identifier: Apache-2.0

// A TFLite model's outputs into predictions, as TFMA's tflite_predict_extractor.py does it: what is quantized is
// multiplied by its scale. Its inputs: data/feature_tensor.h.
#ifndef TFXM_MODEL_ANALYSIS_INFERENCE_TFLITE_TENSORS_H_
#define TFXM_MODEL_ANALYSIS_INFERENCE_TFLITE_TENSORS_H_

#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "tfxm/data/tensor.h"
#include "tfxm/litert/flatbuffer.h"
#include "tfxm/model_analysis/pass/extracts.h"

namespace tfxm::model_analysis {

// Appends an output of shape [count, …] as one list per example.
absl::Status AppendOutput(std::span<const char> memory, const Shape& shape, const TensorSpec& spec,
                          const litert::Quantization& quantization, int count, Values* values);
absl::Status AppendStringOutput(std::vector<std::string> strings, const Shape& shape, const TensorSpec& spec, int count,
                                Values* values);

}  // namespace tfxm::model_analysis

#endif  // TFXM_MODEL_ANALYSIS_INFERENCE_TFLITE_TENSORS_H_
