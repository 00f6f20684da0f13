// SPDX-License-Identifier: Apache-2.0

#include "tfxm/rewriting/validation/nothing_quantized.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "tflite_generated.h"
#include "tfxm/litert/inspect.h"
#include "tfxm/litert/internal/schema_util.h"
#include "tfxm/rewriting/internal/quantize/mixed_precision.h"

namespace tfxm::rewriting {
namespace {

// TFLite's converter leaves weights of fewer values in float.
constexpr int64_t kFewestValues = 1024;

// How many values the largest weight in float32 has; 0: there is none.
int64_t LargestFloatWeight(const schema::Model& model) {
  int64_t largest = 0;
  for (const auto* graph : litert::Each(model.subgraphs())) {
    for (const auto* tensor : litert::Each(graph->tensors())) {
      if (tensor->type() != schema::TensorType_FLOAT32 || !litert::HasData(model, *tensor)) continue;
      int64_t values = 1;
      for (int size : litert::Each(tensor->shape())) values *= size;
      largest = std::max(largest, values);
    }
  }
  return largest;
}

std::string NoOperator(QuantizationMode mode, const RewriterOptions& options) {
  const bool asked = !options.keep_float_ops.empty() || !options.keep_float_layers.empty();
  return absl::StrCat("nothing is quantized: every operator computes in float, as with quantization none. ",
                      asked ? "keep_float names all that could be in integers: name less, or take float16 or "
                              "dynamic_range, which only make the weights smaller"
                            : absl::StrCat("None of them has an ", QuantizationName(mode),
                                           " kernel, or their values do not fit integers (then a note says so); "
                                           "float16 and dynamic_range make the weights smaller all the same"));
}

}  // namespace

std::string NothingQuantized(const litert::ModelFile& file, QuantizationMode mode, const RewriterOptions& options) {
  switch (mode) {
    case QuantizationMode::kNone: return "";
    case QuantizationMode::kInt8:
    case QuantizationMode::kInt16x8: return NumQuantized(file) == 0 ? NoOperator(mode, options) : "";
    default: break;
  }
  const auto weights = litert::Inspect(file).weights_by_type;
  for (const char* type : {"INT8", "INT4", "FLOAT16"}) {
    if (weights.count(type) > 0) return "";
  }
  const int64_t largest = LargestFloatWeight(file.model());
  const std::string nothing = "nothing is quantized: ";
  if (largest == 0) return absl::StrCat(nothing, "the model has no weights in float32");
  const std::string stays = absl::StrCat(nothing, "all weights stay in float32, as with quantization none. ");
  if (mode == QuantizationMode::kFloat16) {
    return absl::StrCat(stays, "No operator reads them through a conversion from float16");
  }
  if (largest < kFewestValues) {
    return absl::StrCat(stays, "TFLite's converter takes only weights of ", kFewestValues,
                        " values or more, and the largest here has ", largest,
                        "; float16 takes smaller ones as well, and int8, with representative data, all");
  }
  return absl::StrCat(stays, QuantizationName(mode),
                      " is for the weights of dense layers, convolutions, lookups and recurrent layers of ",
                      kFewestValues, " values or more, and here there is none; float16 takes those of every operator");
}

}  // namespace tfxm::rewriting
