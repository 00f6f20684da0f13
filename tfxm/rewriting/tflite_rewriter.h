// SPDX-License-Identifier: Apache-2.0

// SavedModel -> TFLite: the rewriter behind kTfliteRewriter, and its report.
//
//   TfliteRewriter rewriter({.name = "int8", .quantization = QuantizationMode::kInt8, .representative_dataset = {…}});
//   RETURN_IF_ERROR(RewriteSavedModel(saved_model_dir, output_dir, rewriter, ModelType::kTfliteModel));
//   std::cout << rewriter.report().Render();
#ifndef TFXM_REWRITING_TFLITE_REWRITER_H_
#define TFXM_REWRITING_TFLITE_REWRITER_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tfxm/litert/inspect.h"
#include "tfxm/rewriting/rewriter.h"
#include "tfxm/rewriting/validation/comparison.h"
#include "tfxm/rewriting/validation/layer_report.h"

namespace tfxm {

// What a rewrite did and found.
struct RewriteReport {
  std::string name;
  std::string signature;
  bool trained_ranges = false;  // Of activations, in FakeQuant operations.
  QuantizationMode mode = QuantizationMode::kNone;
  std::vector<std::string> notes;     // What was done otherwise than asked, and why.
  std::vector<std::string> warnings;  // What is wrong with the representative data, with features and records.
  int64_t num_calibration_samples = 0;
  bool nothing_quantized = false;  // Every operator and weight was left in float; a note says why and what to do.
  std::string op_support;  // Of the file: operators that need more than TFLite's own. Without one: those that may.
  litert::Inspection model;
  std::vector<rewriting::LayerChoice> choices;  // What keep_float_automatically put in int16 or left in float.
  std::optional<rewriting::ModelComparison> comparison;
  std::string batch;  // What came of several examples in one batch; empty: the model takes no batch.
  std::string not_compared;                   // Why there is no comparison.
  std::vector<rewriting::LayerError> layers;  // Of int8 and int16x8.
  std::string advice;  // If a quantized model is outside of the limits: what helps, of int8 and int16x8 what was tried.

  // Text in lines of at most `width` cells where words are that short; 0: as long as they get.
  std::string Render(int width = 0) const;
};

class TfliteRewriter : public Rewriter {
 public:
  // The options must be ones that ResolveQuantization accepts; else each step fails with its error.
  explicit TfliteRewriter(RewriterOptions options);
  ~TfliteRewriter() override;

  const std::string& name() const override;
  absl::Status PreRewriteValidate(const ModelDescription& original) override;
  absl::Status Rewrite(const ModelDescription& original, const ModelDescription& rewritten) override;
  absl::Status PostRewriteValidate(const ModelDescription& original, const ModelDescription& rewritten) override;

  // Of the last rewrite, also of one that failed in validation.
  const RewriteReport& report() const;

 private:
  struct Rep;
  std::unique_ptr<Rep> rep_;
};

// One of several models made from one SavedModel.
struct Variant {
  RewriterOptions options;
  std::string dst;  // The directory of this variant's model.
};
// All variants, each as RewriteSavedModel makes it. Stops at the first that fails; those before it stay. `src` is
// removed if it lies inside the first one's directory.
absl::StatusOr<std::vector<RewriteReport>> RewriteVariants(absl::string_view src, const std::vector<Variant>& variants);

}  // namespace tfxm

#endif  // TFXM_REWRITING_TFLITE_REWRITER_H_
