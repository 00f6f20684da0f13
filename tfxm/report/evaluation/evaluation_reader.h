// SPDX-License-Identifier: Apache-2.0

// Reads the directory an Evaluator wrote (TFX's or this project's): TFMA's files.
//
//   ASSIGN_OR_RETURN(Evaluation evaluation, ReadEvaluation("runs/mnist/pipeline_root/Evaluator.mnist/evaluation/7"));
//
// ```text
//   eval_config.json      EvalRun: the config, where data and models were (absent if TFMA's disabled_outputs said so)
//   metrics-*             TFRecord of MetricsForSlice
//   plots-*               TFRecord of PlotsForSlice
//   validations.tfrecord  TFRecord of one ValidationResult (absent in an evaluation without thresholds of TFMA
//                         before 0.30)
// ```
//
// Values and keys as both current (metric_keys_and_values) and earlier TFMA versions (metrics, bounded_value,
// t_distribution_value) write them. A t distribution's interval is mean ± t(0.975, df) · standard deviation, as TFMA
// reads it.
#ifndef TFXM_REPORT_EVALUATION_EVALUATION_READER_H_
#define TFXM_REPORT_EVALUATION_EVALUATION_READER_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tfxm/report/evaluation/evaluation.h"

namespace tfxm::report {

// NOT_FOUND if the directory holds none of these files; DATA_LOSS or INVALID_ARGUMENT name the file and record that
// cannot be read. Metrics in Parquet are UNIMPLEMENTED. Thread safe.
absl::StatusOr<Evaluation> ReadEvaluation(absl::string_view directory);

}  // namespace tfxm::report

#endif  // TFXM_REPORT_EVALUATION_EVALUATION_READER_H_
