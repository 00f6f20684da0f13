// SPDX-License-Identifier: Apache-2.0

// An EvalConfig for those who have none: the metrics of the problem, which the labels and what the model answers tell.
//
//   ASSIGN_OR_RETURN(DefaultConfig config, MakeDefaultConfig({{"", "model.tflite"}}, "label", files));
//   config.why;   // "label" is one of 10 classes, the predictions are 10 numbers that sum to 1: classification
//
// classification into n classes  SparseCategoricalAccuracy (label: the number of the class) or CategoricalAccuracy
//                                (label: n numbers), SparseTopKCategoricalAccuracy of 5 from 20 classes on, and, if
//                                the predictions are probabilities, the cross-entropy
// binary                         BinaryAccuracy, AUC, AUCPrecisionRecall, BinaryCrossentropy, Calibration; without the
//                                last four if the predictions are logits
// several labels at a time       BinaryAccuracy, BinaryCrossentropy
// regression                     MeanAbsoluteError, RootMeanSquaredError, Calibration
//
// ExampleCount is always there. There are no thresholds and no slices: for those one writes a config.
#ifndef TFXM_MODEL_ANALYSIS_DEFAULT_CONFIG_H_
#define TFXM_MODEL_ANALYSIS_DEFAULT_CONFIG_H_

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "tensorflow_model_analysis/proto/config.pb.h"
#include "tfxm/data/input_shape.h"

namespace tfxm::model_analysis {

struct DefaultConfig {
  ::tensorflow_model_analysis::EvalConfig eval_config;
  std::string why;
};

// Looks at the first 256 examples and at what each model (by name, as in EvaluateOptions) predicts for them. With a
// transform graph that is for what it makes of them, and the label is looked for there first. INVALID_ARGUMENT says what does not fit: no such feature (with the nearest ones), labels that are text, a model with
// several outputs, models that answer in different ways.
absl::StatusOr<DefaultConfig> MakeDefaultConfig(const std::map<std::string, std::string>& models,
                                                const std::string& label_key, const std::vector<std::string>& files,
                                                const InputShapes& input_shapes = {},
                                                const std::string& transform_graph = "");

// The kind of problem: `labels` and `predictions` are the numbers of some examples. None if it cannot be told.
struct Problem {
  std::vector<std::pair<std::string, std::string>> metrics;  // Class and config, without ExampleCount.
  std::string why;                                           // "is 0 or 1, …: binary classification"
};
std::optional<Problem> TellProblem(const std::vector<std::vector<double>>& labels,
                                   const std::vector<std::vector<double>>& predictions);

}  // namespace tfxm::model_analysis

#endif  // TFXM_MODEL_ANALYSIS_DEFAULT_CONFIG_H_
