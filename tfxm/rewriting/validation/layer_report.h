// SPDX-License-Identifier: Apache-2.0

// Where a quantized model loses accuracy: each activation of the quantized model against the same one of the float
// model.
//
//   ASSIGN_OR_RETURN(auto layers, MeasureLayers(float_model, quantized_model, "serving_default", samples));
//   std::cout << RenderLayers(layers, /*most=*/20, samples.size());
#ifndef TFXM_REWRITING_VALIDATION_LAYER_REPORT_H_
#define TFXM_REWRITING_VALIDATION_LAYER_REPORT_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tfxm/litert/flatbuffer.h"
#include "tfxm/rewriting/rewriter_options.h"

namespace tfxm::rewriting {

// One operator's result, as it comes out of the quantized model with all that went wrong before it.
struct LayerError {
  std::string op;      // "CONV_2D"
  std::string tensor;  // Its name, which holds the layer's
  bool quantized = false;
  int bits = 32;            // 8 or 16 if it is quantized
  double scale = 0;         // Of the quantized tensor
  double min = 0, max = 0;  // Of the float model
  double rmse = 0;
  double sqnr_db = 0;  // Of the part of it that fares worst (error_statistics.h)
  std::string part;    // Which that is ("column 1 after RESHAPE": in the shape that one gives it); empty: all of it.
  // How much of the noise at the output is new: noise over signal here, less the worst of the operator's inputs.
  double added_noise = 0;
  double RmseOverScale() const { return scale == 0 ? 0 : rmse / scale; }
};

// A layer that automatic mixed precision keeps from int8, or from int16 in an int16x8 model.
struct LayerChoice {
  std::string op, tensor;
  double min = 0, max = 0;  // Of the float model
  bool in_float = false;    // Else in int16.
  std::string why;          // What was tried before, and what it left: "in int8 3.1 dB, in int16 3.2 dB".
};

// In the order of decreasing added_noise. Tensors that are in only one of the models (by name) are left out.
absl::StatusOr<std::vector<LayerError>> MeasureLayers(const std::shared_ptr<const litert::ModelFile>& float_model,
                                                      const std::shared_ptr<const litert::ModelFile>& quantized_model,
                                                      const std::string& signature, const std::vector<Sample>& samples);

// A table of the worst layers and, below it, what is conspicuous about them; in lines of at most `width` cells where
// words are that short, 0: as long as they get.
std::string RenderLayers(const std::vector<LayerError>& layers, int most, int64_t num_samples, int width = 0);
// A table of what was chosen and why.
std::string RenderChoices(const std::vector<LayerChoice>& choices, int width = 0);

}  // namespace tfxm::rewriting

#endif  // TFXM_REWRITING_VALIDATION_LAYER_REPORT_H_
