// SPDX-License-Identifier: Apache-2.0

// Custom metrics for an evaluation (model_analysis/custom_metric.h): compiles and loads the module files that
// define them, which registers them.
//
//   RETURN_IF_ERROR(LoadMetricModules("my_metrics.cc", options.eval_config));
//   ASSIGN_OR_RETURN(auto result, model_analysis::Evaluate(options));
#ifndef TFXM_COMPONENTS_MODULES_METRIC_MODULES_H_
#define TFXM_COMPONENTS_MODULES_METRIC_MODULES_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "tensorflow_model_analysis/proto/config.pb.h"

namespace tfxm {

// Loads `module_file` (unless empty) and every `module` of the config's metrics that is a file (ends with .cc, .cpp,
// .cxx or .so; others are the names of Python modules that TFMA's own metrics may carry, and are left alone).
// INVALID_ARGUMENT holds the compiler's messages, or says that a module does not define the metric it is named for;
// NOT_FOUND names a file that is not there.
absl::Status LoadMetricModules(absl::string_view module_file, const tensorflow_model_analysis::EvalConfig& eval_config);

// The module files among them, without `module_file`.
std::vector<std::string> MetricModules(const tensorflow_model_analysis::EvalConfig& eval_config);

}  // namespace tfxm

#endif  // TFXM_COMPONENTS_MODULES_METRIC_MODULES_H_
