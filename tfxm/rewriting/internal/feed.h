// SPDX-License-Identifier: Apache-2.0

// Puts a sample into a TFLite model's inputs, and takes what comes out.
#ifndef TFXM_REWRITING_INTERNAL_FEED_H_
#define TFXM_REWRITING_INTERNAL_FEED_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tfxm/data/tensor.h"
#include "tfxm/litert/compiled_model.h"
#include "tfxm/rewriting/rewriter_options.h"

namespace tfxm::rewriting {

// Resizes the inputs as the sample needs. Float values are quantized for an input that is, as the
// evaluation does it (data/feature_tensor.h). INVALID_ARGUMENT names an
// input that the sample lacks or has with another type.
absl::Status Feed(litert::CompiledModel& model, const Sample& sample);

// A copy of output `i` of the last run.
absl::StatusOr<Tensor> ReadOutput(const litert::CompiledModel& model, int i);

}  // namespace tfxm::rewriting

#endif  // TFXM_REWRITING_INTERNAL_FEED_H_
