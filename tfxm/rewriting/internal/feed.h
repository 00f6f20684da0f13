// SPDX-License-Identifier: Apache-2.0

// Puts a sample into a TFLite model's inputs.
#ifndef TFXM_REWRITING_INTERNAL_FEED_H_
#define TFXM_REWRITING_INTERNAL_FEED_H_

#include "absl/status/status.h"
#include "tfxm/litert/compiled_model.h"
#include "tfxm/rewriting/rewriter_options.h"

namespace tfxm::rewriting {

// Resizes the inputs as the sample needs. Float values are quantized for an input that is, as the
// evaluation does it (data/feature_tensor.h). INVALID_ARGUMENT names an
// input that the sample lacks or has with another type.
absl::Status Feed(litert::CompiledModel& model, const Sample& sample);

}  // namespace tfxm::rewriting

#endif  // TFXM_REWRITING_INTERNAL_FEED_H_
