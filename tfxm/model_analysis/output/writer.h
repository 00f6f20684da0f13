// SPDX-License-Identifier: Apache-2.0

// An evaluation on disk, as TFMA writes it: metrics-00000-of-00001.tfrecord (MetricsForSlice), plots-… (PlotsForSlice),
// validations.tfrecord (one ValidationResult) and eval_config.json (EvalRun). tfma.load_eval_result reads it.
#ifndef TFXM_MODEL_ANALYSIS_OUTPUT_WRITER_H_
#define TFXM_MODEL_ANALYSIS_OUTPUT_WRITER_H_

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tensorflow_model_analysis/proto/config.pb.h"
#include "tensorflow_model_analysis/proto/metrics_for_slice.pb.h"
#include "tensorflow_model_analysis/proto/validation_result.pb.h"
#include "tfxm/data/tfrecord.h"
#include "tfxm/model_analysis/output/output_folder.h"
#include "tfxm/model_analysis/pass/combine.h"

namespace tfxm::model_analysis {

class EvaluationWriter {
 public:
  // Outputs named in options.disabled_outputs are not written. The files appear when Close succeeds; else the directory
  // is as it was. `replace` and the errors about what is there already: OutputFolder::Open.
  static absl::StatusOr<std::unique_ptr<EvaluationWriter>> Create(
      const std::string& directory, const ::tensorflow_model_analysis::EvalConfig& eval_config, bool replace = false);

  absl::Status WritePlots(const SliceKey& slice, const std::map<MetricKey, Plot>& plots);
  absl::Status WriteMetrics(const std::vector<SliceMetrics>& slices);
  absl::Status WriteValidation(const ::tensorflow_model_analysis::ValidationResult& result);
  // `model_locations` by model name; data_location as the user gave it.
  absl::Status WriteEvalConfig(const std::string& data_location,
                               const std::map<std::string, std::string>& model_locations);
  // Where the files are before Close; what else is put there appears with them.
  const std::string& staging() const { return folder_->staging(); }
  absl::Status Close();

 private:
  EvaluationWriter() = default;
  bool Enabled(const std::string& output) const;
  std::unique_ptr<OutputFolder> folder_;
  ::tensorflow_model_analysis::EvalConfig eval_config_;
  std::unique_ptr<data::TFRecordWriter> plots_;
};

::tensorflow_model_analysis::MetricsForSlice ToProto(const SliceMetrics& slice);

// What eval_config.json says the version of TFMA is whose files these are.
inline constexpr char kTfmaVersion[] = "0.46.0";

}  // namespace tfxm::model_analysis

#endif  // TFXM_MODEL_ANALYSIS_OUTPUT_WRITER_H_
