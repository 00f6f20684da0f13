// SPDX-License-Identifier: Apache-2.0

// A pipeline that is written in Python is run by tfxm's Python part (python/tfxm/run_pipeline.py), which compiles it and
// then has the engine, `tfxm run --ir=…`, take its place.
#ifndef TFXM_COMPONENTS_MODULES_PYTHON_PIPELINE_H_
#define TFXM_COMPONENTS_MODULES_PYTHON_PIPELINE_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace tfxm {

// The command without its flags; $TFXM_ENGINE says to it who calls. The Python is $TFXM_PYTHON, which the package's
// launcher sets to the one that it runs in, else python3. FAILED_PRECONDITION if there is none, or not tfxm's part.
absl::StatusOr<std::vector<std::string>> PythonPipelineCommand(absl::string_view file);

}  // namespace tfxm

#endif  // TFXM_COMPONENTS_MODULES_PYTHON_PIPELINE_H_
