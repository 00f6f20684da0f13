// SPDX-License-Identifier: Apache-2.0

// A run_fn or a tuner_fn in Python: FnArgs as JSON, and the rewriting that it asks for.
#ifndef TFXM_COMPONENTS_TRAINER_PYTHON_RUN_FN_H_
#define TFXM_COMPONENTS_TRAINER_PYTHON_RUN_FN_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "tfxm/components/executor.h"
#include "tfxm/nn/fn_args.h"

namespace tfxm {

struct PythonRunFn {
  std::string function = "run_fn";  // Or "tuner_fn".
  std::string module_file;
  FnArgs fn_args;
  // JSON, where FnArgs' members are text; "" if there are none.
  std::string custom_config;
  std::string hyperparameters;
  // TensorFlow's threads; unless set, TensorFlow takes all cores.
  std::optional<int64_t> num_threads;
  // Files that a tuner_fn's search leaves; the second may be "".
  std::string best_hyperparameters;
  std::string tuner_results;
};

// Errors as CallPython's (modules/python_module.h).
absl::Status CallRunFn(const PythonRunFn& run_fn, const ExecutorContext& context);

}  // namespace tfxm

#endif  // TFXM_COMPONENTS_TRAINER_PYTHON_RUN_FN_H_
