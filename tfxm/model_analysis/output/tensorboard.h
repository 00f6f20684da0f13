// SPDX-License-Identifier: Apache-2.0

// An evaluation for TensorBoard: `tensorboard --logdir=EVALUATION_DIR` shows the metrics of every model as scalars,
// side by side; over several evaluations of a pipeline it is pointed at their common folder.
#ifndef TFXM_MODEL_ANALYSIS_OUTPUT_TENSORBOARD_H_
#define TFXM_MODEL_ANALYSIS_OUTPUT_TENSORBOARD_H_

#include <string>

#include "absl/status/status.h"
#include "tfxm/model_analysis/evaluate.h"

namespace tfxm::model_analysis {

inline constexpr char kTensorBoardDir[] = "tensorboard";

// Writes tensorboard/MODEL/events.out.tfevents.… in `directory` for each model ("model" if it has no name): the numbers
// of the overall slice, tagged as the metric's key, and the model's costs, tagged cost/NAME; step 0. The files hold the
// time they were written at.
absl::Status WriteTensorBoard(const EvaluationResult& result, const std::string& directory);

}  // namespace tfxm::model_analysis

#endif  // TFXM_MODEL_ANALYSIS_OUTPUT_TENSORBOARD_H_
