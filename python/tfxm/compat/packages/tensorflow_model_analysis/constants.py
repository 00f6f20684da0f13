# SPDX-License-Identifier: Apache-2.0
UNKNOWN_EVAL_MODE = "unknown_eval_mode"
DATA_CENTRIC_MODE = "data_centric_mode"
MODEL_CENTRIC_MODE = "model_centric_mode"

TF_KERAS = "tf_keras"
TF_LITE = "tf_lite"
TF_GENERIC = "tf_generic"
CANDIDATE_KEY = "candidate"
BASELINE_KEY = "baseline"
