// SPDX-License-Identifier: Apache-2.0

// Whether a TFLite model of an open batch answers several examples at once as it answers each of them alone. All else
// that a conversion is judged by is one example at a time, and a file may be right there and wrong in a batch.
//
//   ASSIGN_OR_RETURN(std::string found, CheckExamplesInBatch(saved_model, signature, tflite, samples, limits));
#ifndef TFXM_REWRITING_VALIDATION_BATCH_CHECK_H_
#define TFXM_REWRITING_VALIDATION_BATCH_CHECK_H_

#include <string>

#include "absl/status/statusor.h"
#include "tfxm/litert/compiled_model.h"
#include "tfxm/rewriting/representative_data/samples.h"
#include "tfxm/rewriting/rewriter_options.h"
#include "tfxm/saved_model/saved_model.h"

namespace tfxm::rewriting {

// Runs three examples of the samples, of one size, alone and in one batch, in both models. In the batch each must get the
// answer that it gets alone, but for rounding: 1e-5 of the output's magnitude, two steps of an output of integers, or 1.5
// times the error that the answers of examples alone have against the SavedModel's; one integer of all may be another.
// A SavedModel whose answer to an example depends on the others, too (by more than 1e-3), or that has an output which is
// not one of examples (a mean over the batch), is compared on the batch instead, within `limits`.
//
// Returns what was found, a sentence for people; empty if there is no batch to try. FAILED_PRECONDITION, as of
// CheckLimits: the TFLite model is wrong in a batch; the message names output, example and what to do.
absl::StatusOr<std::string> CheckExamplesInBatch(const SavedModel& saved_model, const Signature& signature,
                                                 litert::CompiledModel& tflite, const SampleSet& samples,
                                                 const ValidationLimits& limits);

}  // namespace tfxm::rewriting

#endif  // TFXM_REWRITING_VALIDATION_BATCH_CHECK_H_
