// A SavedModel and the TFLite model made of it, side by side on the same inputs.
//
//   ASSIGN_OR_RETURN(auto comparison, CompareModels(saved_model, signature, tflite, samples));
//   std::cout << RenderComparison(comparison);
#ifndef TFXM_REWRITING_COMPARISON_H_
#define TFXM_REWRITING_COMPARISON_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tfxm/litert/compiled_model.h"
#include "tfxm/rewriting/rewriter_options.h"
#include "tfxm/saved_model/saved_model.h"

namespace tfxm::rewriting {

// The difference of one output over all samples. Quantized inputs and outputs are compared as the real numbers they
// stand for.
struct OutputComparison {
  std::string name;
  DataType dtype = DataType::kInvalid;  // Of the TFLite model.
  int64_t num_values = 0;
  double min = 0, max = 0;  // Of the SavedModel.
  double max_abs_error = 0;
  double mean_abs_error = 0;
  double sqnr_db = 0;  // 10 log10(sum of squares / sum of squared errors); infinite if there is no error.
  double step = 0;     // Quantization step of the output, 0 if it is computed in float.
  // Of float outputs that are a matrix of two or more columns: rows, rows whose largest value is in the same place, and
  // rows that differ though the SavedModel is not undecided: there, the scores of the two places are apart by more than
  // a tenth of the output's range and two steps. Of integers, bools and strings: values, and those that are equal.
  int64_t rows = 0;
  int64_t rows_agreeing = 0;
  int64_t rows_clearly_different = 0;
  bool categorical = false;   // Integers, bools, strings
  bool not_a_number = false;  // The TFLite model gives NaN or infinity where the SavedModel does not.

  std::optional<double> TopAgreement() const {
    if (rows == 0) return std::nullopt;
    return static_cast<double>(rows_agreeing) / rows;
  }
  std::optional<double> ClearAgreement() const {
    if (rows == 0) return std::nullopt;
    return 1 - static_cast<double>(rows_clearly_different) / rows;
  }
};

struct ModelComparison {
  int64_t num_examples = 0;
  std::string source;  // Where the inputs come from.
  std::vector<OutputComparison> outputs;
};

// Whether names, types and shapes of inputs and outputs are those of the SavedModel's signature, up to quantization.
absl::Status CheckSignature(const Signature& signature, const litert::CompiledModel& tflite);

// UNIMPLEMENTED: the two cannot be compared, since the SavedModel is random or keeps state (it answers the same input
// in two ways), or since the runtime cannot be given an input.
absl::StatusOr<ModelComparison> CompareModels(const SavedModel& saved_model, const Signature& signature,
                                              litert::CompiledModel& tflite, const std::vector<Sample>& samples);

// OK, or every output and number that is outside of the limits.
absl::Status CheckLimits(const ModelComparison& comparison, const ValidationLimits& limits);

std::string RenderComparison(const ModelComparison& comparison);

}  // namespace tfxm::rewriting

#endif  // TFXM_REWRITING_COMPARISON_H_
