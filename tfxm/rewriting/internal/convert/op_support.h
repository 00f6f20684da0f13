// SPDX-License-Identifier: Apache-2.0

// Which operators of a SavedModel's signature TFLite has, before the converter runs; and what its diagnostics mean.
#ifndef TFXM_REWRITING_INTERNAL_CONVERT_OP_SUPPORT_H_
#define TFXM_REWRITING_INTERNAL_CONVERT_OP_SUPPORT_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tfxm/litert/inspect.h"

namespace tfxm::rewriting {

// TensorFlow operator -> the nodes that use it ("sequential/dense/MatMul": layers are in the names).
using OpNodes = std::map<std::string, std::vector<std::string>>;

struct OpSupport {
  OpNodes builtin;           // The converter knows a way to TFLite's own operators.
  OpNodes select_tf;         // Only as a TensorFlow kernel in the app, unless the converter can fold or lower it.
  OpNodes custom;            // Neither.
  int64_t weight_bytes = 0;  // Of the variables that the signature reads.
  std::vector<std::string> unknown_rank;  // Inputs of the signature of which it does not know the number of dimensions.
  // Layers that normalize the examples of a batch by their own mean and variance, as BatchNormalization in training.
  std::vector<std::string> normalized_by_batch;
};

// Of every operator that the signature reaches, through functions and control flow.
absl::StatusOr<OpSupport> FindOpSupport(absl::string_view saved_model_dir, absl::string_view signature);

// Whether the model was trained quantization-aware: FakeQuant operations hold the ranges of its activations.
bool HasTrainedRanges(const OpSupport& support);

// Whether the signature assigns to variables: what it answers depends on what it was asked before.
bool KeepsState(const OpSupport& support);

// What is hardly meant to be as it is in the model, and what to do.
std::vector<std::string> NotesAbout(const OpSupport& support);

// What may need more than TFLite's own operators, in readable lines; empty if nothing does. Not an error by itself: the
// converter folds and fuses some of them away (the Erfc of a GELU).
std::string RenderOpSupport(const OpSupport& support);

// Of the file that came out, with what is in it alone: `ops` are its operators.
std::string RenderOpSupport(const OpSupport& support, const std::map<std::string, litert::OpUse>& ops);

// The converter's diagnostics in a sentence: the operators and nodes they are about and what to do; then the first of
// them as they are.
std::string ExplainDiagnostics(absl::string_view diagnostics, bool allow_select_tf_ops);

}  // namespace tfxm::rewriting

#endif  // TFXM_REWRITING_INTERNAL_CONVERT_OP_SUPPORT_H_
