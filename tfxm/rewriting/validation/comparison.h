// SPDX-License-Identifier: Apache-2.0

// A SavedModel and the TFLite model made of it, side by side on the same inputs.
//
//   ASSIGN_OR_RETURN(auto comparison, CompareModels(saved_model, signature, tflite, samples));
//   std::cout << RenderComparison(comparison);
#ifndef TFXM_REWRITING_VALIDATION_COMPARISON_H_
#define TFXM_REWRITING_VALIDATION_COMPARISON_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tfxm/litert/compiled_model.h"
#include "tfxm/rewriting/representative_data/samples.h"
#include "tfxm/rewriting/rewriter_options.h"
#include "tfxm/rewriting/validation/error_statistics.h"
#include "tfxm/saved_model/saved_model.h"

namespace tfxm::rewriting {

// A value that is NaN or infinite in one of the models and a number, or something else, in the other.
struct Mismatch {
  int64_t sample = 0;
  int64_t value = 0;  // Its place in the output, row major
  double saved_model = 0, tflite = 0;
  int64_t num_values = 0, num_samples = 0;  // How many there are of this kind
  std::string where;                        // The operator of the TFLite model that it comes from, if it was found.
};

// The difference of one output over all samples. Quantized inputs and outputs are compared as the real numbers they
// stand for. Equal infinities and two NaNs are equal.
struct OutputComparison {
  std::string name;
  DataType dtype = DataType::kInvalid;  // Of the TFLite model.
  int64_t num_values = 0;
  double min = 0, max = 0;  // Of the SavedModel.
  double max_abs_error = 0;
  double mean_abs_error = 0;
  // 10 log10(variance over the examples / mean squared error); infinite if there is no error.
  double sqnr_db = 0;
  bool constant = false;  // The SavedModel gives the same for every example; then there is no SQNR.
  bool lost = false;      // The TFLite model gives the same for every example, the SavedModel does not.
  // Columns of other ranges, values beside a mask, examples without outliers: each judged by itself.
  std::vector<ErrorPart> parts;
  double step = 0;  // Quantization step of the output, 0 if it is computed in float.
  // Of float outputs that are a matrix of two or more columns: rows; rows whose largest value is in the same place,
  // and nowhere else; rows that differ though the SavedModel is not undecided: there, the scores of the two places are
  // apart by more than a tenth of what the scores of an example are apart. Of integers, bools and strings: values, and
  // those that are equal.
  int64_t rows = 0;
  int64_t rows_agreeing = 0;
  int64_t rows_clearly_different = 0;
  bool categorical = false;  // Bools, strings, and integers of few different values
  bool integer = false;      // Integers of many different values, as pixels are: judged as numbers, if not equal
  std::optional<Mismatch> mismatch;
  int64_t num_nan = 0;  // Examples of which the SavedModel's output has a NaN; such a row has no top class.

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
  std::vector<std::string> names;  // Of the samples, as far as they have any.
};

// Of real numbers, as opposed to integers, classes and strings.
bool IsReal(DataType type);
// Whether two tensors of one type are the same, bit for bit.
bool SameBytes(const Tensor& a, const Tensor& b);

// Whether names, types and shapes of inputs and outputs are those of the SavedModel's signature, up to quantization.
absl::Status CheckSignature(const Signature& signature, const litert::CompiledModel& tflite);

// The sizes of the outputs' quantization steps: their own, or those of the integers that they are converted from; 0: none.
absl::StatusOr<std::vector<double>> StepsOfOutputs(const litert::ModelFile& file, const std::string& signature);

// OK if the two answer one input in one way: one SavedModel twice, or two that were loaded. UNIMPLEMENTED: it is random
// or, if it is one, keeps state.
absl::Status CheckDeterministic(const SavedModel& one, const SavedModel& other, const Signature& signature,
                                const Sample& sample);

// The samples go in in order, so that models that keep state see the same sequence. UNIMPLEMENTED: the runtime cannot
// be given an input.
absl::StatusOr<ModelComparison> CompareModels(const SavedModel& saved_model, const Signature& signature,
                                              litert::CompiledModel& tflite, const SampleSet& samples);

// OK, or every output and number that is outside of the limits.
absl::Status CheckLimits(const ModelComparison& comparison, const ValidationLimits& limits);

// What helps if a file whose weights alone are narrower (float16, dynamic_range, int4) is outside of the limits: weights
// as they are, or flags of `tfxm rewrite` whose limits it is within, if there are any and it is better than a constant.
// Empty if it is within the limits.
std::string AdviceOnWeights(const ModelComparison& comparison, const ValidationLimits& limits);

// In lines of at most `width` cells where words are that short; 0: as long as they get.
std::string RenderComparison(const ModelComparison& comparison, int width = 0);

}  // namespace tfxm::rewriting

#endif  // TFXM_REWRITING_VALIDATION_COMPARISON_H_
