// TensorFlow reads these while its libraries are loaded, before main() of any program, so they must be set before that. Only
// libtfxm_util needs this library, after libtensorflow_framework: it is loaded later and, having no dependency of its own,
// initialized earlier (the loader initializes the last loaded first). A value the user has set is kept.
#include <stdlib.h>

// Called by plugin.cc, so that the linker keeps this library.
extern "C" __attribute__((constructor)) void TfxmSetTensorFlowDefaults() {
  setenv("TF_CPP_MIN_LOG_LEVEL", "1", /*overwrite=*/0);  // Warnings and errors.
  // Eigen's kernels instead of oneDNN's: the same numbers on every processor, and no greeting from every program.
  setenv("TF_ENABLE_ONEDNN_OPTS", "0", /*overwrite=*/0);
}
