// The progress of Fit: a bar on a terminal, lines elsewhere, or a listener.
#ifndef TFXM_NN_PROGRESS_H_
#define TFXM_NN_PROGRESS_H_

#include "tfxm/nn/callbacks.h"

namespace tfxm::nn {

// For FitOptions::verbose; null if silent.
CallbackRef MakeProgressCallback(int verbose);

}  // namespace tfxm::nn

#endif  // TFXM_NN_PROGRESS_H_
