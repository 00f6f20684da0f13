// SPDX-License-Identifier: Apache-2.0

// Checks an EvalConfig and fills in its defaults: TFMA's config_util.py.
#ifndef TFXM_MODEL_ANALYSIS_EVAL_CONFIG_H_
#define TFXM_MODEL_ANALYSIS_EVAL_CONFIG_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tensorflow_model_analysis/proto/config.pb.h"

namespace tfxm::model_analysis {

// INVALID_ARGUMENT says what is wrong: no or unnamed or repeated model_specs, several baselines, a key and its map
// given both, per-slice thresholds without slices.
absl::Status CheckEvalConfig(const ::tensorflow_model_analysis::EvalConfig& eval_config);

// Returns the config that is evaluated. With a baseline model, a single unnamed spec becomes "candidate" and a copy of
// it "baseline"; without (has_baseline = false), baseline specs and change thresholds are dropped, which is an error
// unless rubber_stamp. A single spec's name becomes "". metrics_specs without model_names get all.
absl::StatusOr<::tensorflow_model_analysis::EvalConfig> WithDefaults(
    const ::tensorflow_model_analysis::EvalConfig& eval_config, bool has_baseline, bool rubber_stamp);

bool HasChangeThreshold(const ::tensorflow_model_analysis::EvalConfig& eval_config);

}  // namespace tfxm::model_analysis

#endif  // TFXM_MODEL_ANALYSIS_EVAL_CONFIG_H_
