// SPDX-License-Identifier: Apache-2.0

// The progress of Fit: a bar on a terminal, lines elsewhere, or a listener.
#ifndef TFXM_NN_INTERNAL_PROGRESS_H_
#define TFXM_NN_INTERNAL_PROGRESS_H_

#include "tfxm/nn/callbacks/callbacks.h"

namespace tfxm::nn {

// For FitOptions::verbose; null if silent.
CallbackRef MakeProgressCallback(int verbose);

// A line on stderr about a training that goes on, however verbose it is.
void Warn(absl::string_view message);

}  // namespace tfxm::nn

#endif  // TFXM_NN_INTERNAL_PROGRESS_H_
