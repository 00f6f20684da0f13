// SPDX-License-Identifier: Apache-2.0

// int8 and int16x8 from a float model and the ranges of its activations, with some of the layers left in float.
//
//   Quantizer quantizer(float_model, "serving_default", "tflite", samples, {.int16 = false});
//   RETURN_IF_ERROR(quantizer.SetRangesOf(ranges));
//   ASSIGN_OR_RETURN(auto model, quantizer.Run({}));
//   ASSIGN_OR_RETURN(MixedPrecision mixed, KeepFloat(quantizer, accept, /*most=*/100));
#ifndef TFXM_REWRITING_INTERNAL_QUANTIZE_MIXED_PRECISION_H_
#define TFXM_REWRITING_INTERNAL_QUANTIZE_MIXED_PRECISION_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tfxm/litert/flatbuffer.h"
#include "tfxm/rewriting/internal/convert/converter.h"
#include "tfxm/rewriting/internal/convert/model_edit.h"
#include "tfxm/rewriting/rewriter_options.h"
#include "tfxm/rewriting/validation/layer_report.h"

namespace tfxm::rewriting {

using FilePtr = std::shared_ptr<const litert::ModelFile>;
// Judges a quantized model: OK, or FAILED_PRECONDITION if it is outside of the limits.
using Accept = std::function<absl::Status(const FilePtr&)>;

class Quantizer {
 public:
  // `samples`: a few are enough to see where the loss is.
  Quantizer(FilePtr float_model, std::string signature, std::string name, std::vector<Sample> samples,
            QuantizeOptions options);

  // Takes the activations' ranges, cuts those of masked softmaxes, and finds what cannot be quantized with them.
  absl::Status SetRangesOf(Ranges ranges);
  // Results of operators that stay in float, each with the reason.
  const std::vector<std::pair<std::string, std::string>>& unquantizable() const { return unquantizable_; }

  // With these results, too, in float. Of an int8 model those of `int16` in int16 (int16_layers.h), where they do not
  // stay in float anyway.
  absl::StatusOr<FilePtr> Run(const std::vector<std::string>& keep_float,
                              const std::vector<std::string>& int16 = {}) const;
  absl::StatusOr<std::vector<LayerError>> Layers(const FilePtr& model) const;

 private:
  const FilePtr float_model_;
  const std::string signature_, name_;
  const std::vector<Sample> samples_;
  const QuantizeOptions options_;
  Ranges ranges_;
  std::vector<std::string> cut_;  // Results that stay in float for their mask.
  std::vector<std::pair<std::string, std::string>> unquantizable_;
};

struct MixedPrecision {
  FilePtr model;
  std::vector<std::string> kept_float;  // Names of results, the noisiest first.
  std::vector<std::string> described;   // Of each, operator, name and range: SUB "sub_1" of [-1e+30, 2.7]
};

// As few further layers in float as it takes until `accept` says OK: the noisiest first, each step measured anew, since
// a layer may look bad only for what came before it; then those that were not needed are quantized again.
// FAILED_PRECONDITION: nothing that computes would be left to quantize, or more than `most` would be in float.
absl::StatusOr<MixedPrecision> KeepFloat(const Quantizer& quantizer, const Accept& accept, size_t most);

// How many operators compute with integers; conversions and moves of values do not count.
int NumQuantized(const litert::ModelFile& model);

}  // namespace tfxm::rewriting

#endif  // TFXM_REWRITING_INTERNAL_QUANTIZE_MIXED_PRECISION_H_
