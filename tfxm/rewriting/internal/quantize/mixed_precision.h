// SPDX-License-Identifier: Apache-2.0

// int8 and int16x8 from a float model and the ranges of its activations, with some of the layers in int16 or in float.
//
//   Quantizer quantizer(float_model, "serving_default", "tflite", samples, {.int16 = false});
//   RETURN_IF_ERROR(quantizer.SetRangesOf(ranges));
//   ASSIGN_OR_RETURN(auto model, quantizer.Run({}));
//   ASSIGN_OR_RETURN(MixedPrecision mixed, MixPrecisions(quantizer, accept, /*most=*/100));
#ifndef TFXM_REWRITING_INTERNAL_QUANTIZE_MIXED_PRECISION_H_
#define TFXM_REWRITING_INTERNAL_QUANTIZE_MIXED_PRECISION_H_

#include <functional>
#include <memory>
#include <set>
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
  // Whether `tensor` of an int8 model can be in int16: LiteRT has a 16x8 kernel of what makes it, for these ranges.
  bool CanBeInt16(const std::string& tensor) const { return can_be_int16_.count(tensor) > 0; }
  // Whether all is int16.
  bool int16() const { return options_.int16; }
  absl::StatusOr<std::vector<LayerError>> Layers(const FilePtr& model) const;

 private:
  const FilePtr float_model_;
  const std::string signature_, name_;
  const std::vector<Sample> samples_;
  const QuantizeOptions options_;
  Ranges ranges_;
  std::set<std::string> can_be_int16_;
  std::vector<std::string> cut_;  // Results that stay in float for their mask.
  std::vector<std::pair<std::string, std::string>> unquantizable_;
};

struct MixedPrecision {
  FilePtr model;
  std::vector<LayerChoice> choices;  // The noisiest first.
  std::vector<LayerError> layers;    // Of the model.
};

// As few further layers in int16 and float as it takes until `accept` says OK. The layer that adds most noise goes from
// int8 to int16 or, where that is what it is or there is no such kernel, to float; each step is measured anew, since a
// layer may look bad only for what came before it. After kOneByOne steps each one is twice as many layers as the one
// before, and of the last one no more are taken than it needs: so a model of N layers is quantized at most kOneByOne +
// 2 log2(2 N) times on the way. Of up to kMostToTakeBack choices none is left that would not be needed, or where int16
// would do instead of float, the others as they are; of more of them that is not tried.
// FAILED_PRECONDITION: nothing that computes would be left to quantize, or more than `most` would not be in int8.
absl::StatusOr<MixedPrecision> MixPrecisions(const Quantizer& quantizer, const Accept& accept, size_t most);
inline constexpr int kOneByOne = 12;
inline constexpr size_t kMostToTakeBack = 8;

// How many operators compute with integers; conversions and moves of values do not count.
int NumQuantized(const litert::ModelFile& model);

}  // namespace tfxm::rewriting

#endif  // TFXM_REWRITING_INTERNAL_QUANTIZE_MIXED_PRECISION_H_
