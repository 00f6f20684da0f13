// From a SavedModel to the bytes of a TFLite model: converting, calibrating, quantizing.
#ifndef TFXM_REWRITING_INTERNAL_TFLITE_CONVERSION_H_
#define TFXM_REWRITING_INTERNAL_TFLITE_CONVERSION_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tfxm/litert/flatbuffer.h"
#include "tfxm/rewriting/layer_report.h"
#include "tfxm/rewriting/rewriter_options.h"

namespace tfxm::rewriting {

struct TfliteConversion {
  std::shared_ptr<const litert::ModelFile> model;
  // Only of int8 and int16x8: what was quantized, and each layer's error.
  std::shared_ptr<const litert::ModelFile> float_model;
  std::vector<LayerError> layers;
  std::vector<std::string> kept_float;
};

// `accept` judges a quantized model, for keep_float_automatically: OK, or FAILED_PRECONDITION if it is outside of the
// limits.
using Accept = std::function<absl::Status(const std::shared_ptr<const litert::ModelFile>&)>;

// `trained_ranges`: whether the SavedModel has FakeQuant operations, whose ranges then are those of int8; samples are
// not looked at.
absl::StatusOr<TfliteConversion> ConvertToTflite(const std::string& saved_model_dir, const std::string& signature,
                                                 QuantizationMode mode, const RewriterOptions& options,
                                                 const std::vector<Sample>& samples, bool trained_ranges,
                                                 const Accept& accept);

}  // namespace tfxm::rewriting

#endif  // TFXM_REWRITING_INTERNAL_TFLITE_CONVERSION_H_
