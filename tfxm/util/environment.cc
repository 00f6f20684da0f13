// SPDX-License-Identifier: Apache-2.0

// What TensorFlow reads while its libraries are loaded, before main() of any program, has to be set before that. Only
// libtfxm_util needs this library, after libtensorflow_framework: it is loaded later and, having no dependency of its
// own, initialized earlier (the loader initializes the last loaded first). A value the user has set is kept.
#include <stdlib.h>

#include "absl/base/log_severity.h"
#include "absl/log/globals.h"

// Weak, so that this library needs no other: it is bound when all libraries are in memory, which is before any is
// initialized.
namespace absl {
ABSL_NAMESPACE_BEGIN
__attribute__((weak)) void SetMinLogLevel(LogSeverityAtLeast severity);
ABSL_NAMESPACE_END
}  // namespace absl

// Called by plugin.cc, so that the linker keeps this library.
extern "C" __attribute__((constructor)) void TfxmSetTensorFlowDefaults() {
  setenv("TF_CPP_MIN_LOG_LEVEL", "1", /*overwrite=*/0);  // Warnings and errors.
  // Keep what oneDNN makes for the gradient of a convolution's weights: by default it is made anew at each step, which
  // takes a tenth of the time of a small CNN's training.
  setenv("TF_MKL_OPTIMIZE_PRIMITIVE_MEMUSE", "false", /*overwrite=*/0);
  // TensorFlow reads TF_CPP_MIN_LOG_LEVEL too late for what its libraries say as they are loaded.
  const char* const level = getenv("TF_CPP_MIN_LOG_LEVEL");
  if (&absl::SetMinLogLevel != nullptr && level[0] >= '0' && level[0] <= '3' && level[1] == '\0') {
    absl::SetMinLogLevel(static_cast<absl::LogSeverityAtLeast>(level[0] - '0'));
  }
}
