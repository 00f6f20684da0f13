// SPDX-License-Identifier: Apache-2.0

// Layers of an int8 model whose activations are int16: the quantizer to int8 has left them in float, and what it makes
// of the model is gone through once more, for these alone.
//
//   options.keep_float_nodes = layers;
//   ASSIGN_OR_RETURN(std::string int8, QuantizeModel(SetRanges(float_model, ranges), options));
//   ASSIGN_OR_RETURN(std::string mixed, QuantizeInt16Layers(int8, float_model, ranges, layers));
#ifndef TFXM_REWRITING_INTERNAL_QUANTIZE_INT16_LAYERS_H_
#define TFXM_REWRITING_INTERNAL_QUANTIZE_INT16_LAYERS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tfxm/rewriting/internal/convert/model_edit.h"

namespace tfxm::rewriting {

// `layers` are names of results; `ranges` those of `float_model`'s activations. Where int8 and int16 meet, values go
// to int8 with one QUANTIZE, to int16 with a DEQUANTIZE and a QUANTIZE.
absl::StatusOr<std::string> QuantizeInt16Layers(absl::string_view model, absl::string_view float_model,
                                                const Ranges& ranges, const std::vector<std::string>& layers);

}  // namespace tfxm::rewriting

#endif  // TFXM_REWRITING_INTERNAL_QUANTIZE_INT16_LAYERS_H_
