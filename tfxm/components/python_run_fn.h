// SPDX-License-Identifier: Apache-2.0

// A run_fn in Python: FnArgs as JSON, and the rewriting that it asks for.
#ifndef TFXM_COMPONENTS_PYTHON_RUN_FN_H_
#define TFXM_COMPONENTS_PYTHON_RUN_FN_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "tfxm/components/executor.h"
#include "tfxm/nn/fn_args.h"

namespace tfxm {

struct PythonRunFn {
  std::string module_file;
  FnArgs fn_args;
  // JSON, where FnArgs' members are text; "" if there are none.
  std::string custom_config;
  std::string hyperparameters;
  // TensorFlow's threads; unless set, TensorFlow takes all cores.
  std::optional<int64_t> num_threads;
};

// Errors as CallPython's (modules/python_module.h).
absl::Status CallRunFn(const PythonRunFn& run_fn, const ExecutorContext& context);

}  // namespace tfxm

#endif  // TFXM_COMPONENTS_PYTHON_RUN_FN_H_
