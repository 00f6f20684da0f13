// SPDX-License-Identifier: Apache-2.0

#include "tfxm/model_analysis/output/writer.h"

#include <algorithm>

#include "google/protobuf/util/json_util.h"
#include "tfxm/model_analysis/output/tensorboard.h"
#include "tfxm/proto/sidecar_files.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"
#include "tfxm/util/text/message_json.h"

namespace tfxm::model_analysis {

namespace tfma = ::tensorflow_model_analysis;

namespace {

constexpr char kMetricsFile[] = "metrics-00000-of-00001.tfrecord";
constexpr char kPlotsFile[] = "plots-00000-of-00001.tfrecord";
constexpr char kValidationsFile[] = "validations.tfrecord";

tfma::CrossSliceKey ToCrossProto(const SliceOrCrossSlice& slice) {
  tfma::CrossSliceKey proto;
  *proto.mutable_baseline_slice_key() = ToProto(*slice.baseline);
  *proto.mutable_comparison_slice_key() = ToProto(slice.slice);
  return proto;
}

}  // namespace

tfma::MetricsForSlice ToProto(const SliceMetrics& slice) {
  tfma::MetricsForSlice proto;
  if (slice.slice.baseline) {
    *proto.mutable_cross_slice_key() = ToCrossProto(slice.slice);
  } else {
    *proto.mutable_slice_key() = ToProto(slice.slice.slice);
  }
  if (!slice.error.empty()) {
// The field is deprecated but it is where TFMA puts an error.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
    (*proto.mutable_metrics())["__ERROR__"].set_debug_message(slice.error);
#pragma GCC diagnostic pop
    return proto;
  }
  for (const auto& [key, result] : slice.metrics) {
    auto* added = proto.add_metric_keys_and_values();
    *added->mutable_key() = key.ToProto();
    *added->mutable_value() = ToProto(result.value);
    if (!result.confidence_interval) continue;
    auto* interval = added->mutable_confidence_interval();
    *interval->mutable_lower_bound() = ToProto(result.confidence_interval->lower_bound);
    *interval->mutable_upper_bound() = ToProto(result.confidence_interval->upper_bound);
    *interval->mutable_standard_error() = ToProto(result.confidence_interval->standard_error);
    interval->mutable_degrees_of_freedom()->set_value(result.confidence_interval->degrees_of_freedom);
  }
  return proto;
}

bool EvaluationWriter::Enabled(const std::string& output) const {
  const auto& disabled = eval_config_.options().disabled_outputs().values();
  return std::find(disabled.begin(), disabled.end(), output) == disabled.end();
}

absl::StatusOr<std::unique_ptr<EvaluationWriter>> EvaluationWriter::Create(const std::string& directory,
                                                                           const tfma::EvalConfig& eval_config,
                                                                           bool replace) {
  std::unique_ptr<EvaluationWriter> writer(new EvaluationWriter);
  writer->eval_config_ = eval_config;
  ASSIGN_OR_RETURN(writer->folder_,
                   OutputFolder::Open(directory,
                                      {kMetricsFile, kPlotsFile, kValidationsFile, sidecars::kEvalConfigFile,
                                       sidecars::kComparisonsFile, sidecars::kDisagreementsFile,
                                       sidecars::kDisagreementExamplesFile, sidecars::kModelFactsFile, kTensorBoardDir},
                                      replace));
  if (writer->Enabled("plots")) {
    ASSIGN_OR_RETURN(writer->plots_, data::TFRecordWriter::Create(io::JoinPath(writer->staging(), kPlotsFile)));
  }
  return writer;
}

absl::Status EvaluationWriter::WritePlots(const SliceKey& slice, const std::map<MetricKey, Plot>& plots) {
  if (plots_ == nullptr) return absl::OkStatus();
  tfma::PlotsForSlice proto;
  *proto.mutable_slice_key() = ToProto(slice);
  // The default confusion matrix and calibration plots share one nameless entry, as before plots had names.
  std::map<MetricKey, tfma::PlotData*> entries;
  for (const auto& [key, plot] : plots) {
    MetricKey parent = key;
    if (key.name == "confusion_matrix_plot" || key.name == "calibration_plot") parent.name.clear();
    tfma::PlotData*& entry = entries[parent];
    if (entry == nullptr) {
      auto* added = proto.add_plot_keys_and_values();
      *added->mutable_key() = parent.ToPlotProto();
      entry = added->mutable_value();
    }
    entry->MergeFrom(*plot);
  }
  return plots_->Write(io::SerializeDeterministically(proto));
}

absl::Status EvaluationWriter::WriteMetrics(const std::vector<SliceMetrics>& slices) {
  if (!Enabled("metrics")) return absl::OkStatus();
  ASSIGN_OR_RETURN(auto writer, data::TFRecordWriter::Create(io::JoinPath(staging(), kMetricsFile)));
  for (const SliceMetrics& slice : slices)
    RETURN_IF_ERROR(writer->Write(io::SerializeDeterministically(ToProto(slice))));
  return writer->Close();
}

absl::Status EvaluationWriter::WriteValidation(const tfma::ValidationResult& result) {
  if (!Enabled("validations")) return absl::OkStatus();
  ASSIGN_OR_RETURN(auto writer, data::TFRecordWriter::Create(io::JoinPath(staging(), kValidationsFile)));
  RETURN_IF_ERROR(writer->Write(io::SerializeDeterministically(result)));
  return writer->Close();
}

absl::Status EvaluationWriter::WriteEvalConfig(const std::string& data_location,
                                               const std::map<std::string, std::string>& model_locations) {
  if (!Enabled("eval_config")) return absl::OkStatus();
  tfma::EvalRun run;
  *run.mutable_eval_config() = eval_config_;
  run.set_version(kTfmaVersion);
  run.set_data_location(data_location);
  run.set_file_format("tfrecords");
  for (const auto& [name, location] : model_locations) (*run.mutable_model_locations())[name] = location;
  SortMaps(&run);
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = true;
  std::string json;
  absl::Status status = google::protobuf::util::MessageToJsonString(run, &json, options);
  if (!status.ok()) return status;
  return io::WriteFile(io::JoinPath(staging(), sidecars::kEvalConfigFile), json);
}

absl::Status EvaluationWriter::Close() {
  if (plots_ != nullptr) RETURN_IF_ERROR(plots_->Close());
  return folder_->Commit();
}

}  // namespace tfxm::model_analysis
