// TensorFlow reads these while its libraries are loaded, before main() of any program. This library is linked with
// -z initfirst: its constructor runs before theirs. A value the user has set is kept.
#include <stdlib.h>

// Called by plugin.cc, so that the linker keeps this library.
extern "C" __attribute__((constructor)) void TfxmSetTensorFlowDefaults() {
  setenv("TF_CPP_MIN_LOG_LEVEL", "1", /*overwrite=*/0);  // Warnings and errors, no greetings.
}
