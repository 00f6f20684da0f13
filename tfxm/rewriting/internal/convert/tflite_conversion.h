// SPDX-License-Identifier: Apache-2.0

// From a SavedModel to the bytes of a TFLite model: converting, calibrating, quantizing.
#ifndef TFXM_REWRITING_INTERNAL_CONVERT_TFLITE_CONVERSION_H_
#define TFXM_REWRITING_INTERNAL_CONVERT_TFLITE_CONVERSION_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tfxm/litert/flatbuffer.h"
#include "tfxm/rewriting/internal/quantize/mixed_precision.h"
#include "tfxm/rewriting/representative_data/sample_check.h"
#include "tfxm/rewriting/rewriter_options.h"
#include "tfxm/rewriting/validation/layer_report.h"

namespace tfxm::rewriting {

struct TfliteConversionInput {
  std::string saved_model_dir;
  std::string name;  // Of the SavedModel, for messages.
  std::string signature;
  QuantizationMode mode = QuantizationMode::kNone;
  // Whether the SavedModel has FakeQuant operations, whose ranges then are those of int8; samples are not looked at.
  bool trained_ranges = false;
  bool keeps_state = false;  // The samples are a sequence.
  SampleSet samples;
  SampleFindings findings;  // Of the samples
  // Judges a model of int8 or int16x8, once it is made; null: every model will do.
  Accept accept;
};

struct TfliteConversion {
  FilePtr model;
  // Only of int8 and int16x8: what was quantized, each layer's error, and how.
  FilePtr float_model;
  std::vector<LayerError> layers;
  std::vector<LayerChoice> choices;  // For the limits
  // What was done otherwise than asked, and why: a batch of 1, examples left out of calibration, operators that cannot
  // be quantized.
  std::vector<std::string> notes;
  int64_t calibration_samples = 0;
  // If the model is not accepted: options with which one is, tried, as flags of `tfxm rewrite`; or that there are none.
  std::string advice;
};

absl::StatusOr<TfliteConversion> ConvertToTflite(const TfliteConversionInput& input, const RewriterOptions& options);

}  // namespace tfxm::rewriting

#endif  // TFXM_REWRITING_INTERNAL_CONVERT_TFLITE_CONVERSION_H_
