// SPDX-License-Identifier: Apache-2.0

#include "tfxm/report/evaluation/evaluation_reader.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tensorflow_model_analysis/proto/metrics_for_slice.pb.h"
#include "tensorflow_model_analysis/proto/validation_result.pb.h"
#include "tfxm/data/tfrecord.h"
#include "tfxm/proto/sidecar_files.h"
#include "tfxm/report/evaluation/proto_values.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"

// Deprecated fields are read on purpose: TFMA still puts the errors of slices there.
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

namespace tfxm::report {
namespace {

namespace tfma = ::tensorflow_model_analysis;

// TFMA's name for the message that takes the place of a slice's metrics.
constexpr absl::string_view kErrorName = "__ERROR__";

template <typename Message, typename Fn>
absl::Status ForEachMessage(const std::vector<std::string>& files, Fn&& fn) {
  for (const std::string& file : files) {
    int64_t index = 0;
    RETURN_IF_ERROR(data::ForEachRecord({file}, [&](absl::string_view record) -> absl::Status {
      Message message;
      if (!message.ParseFromArray(record.data(), static_cast<int>(record.size()))) {
        return absl::InvalidArgumentError(absl::StrCat(file, ": record ", index, " is not a ",
                                                       message.GetDescriptor()->full_name(), " (", record.size(),
                                                       " bytes); was the file written by an Evaluator?"));
      }
      ++index;
      return fn(message);
    }));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::string>> Files(const std::string& directory, absl::string_view name) {
  ASSIGN_OR_RETURN(std::vector<std::string> names, io::ListDir(directory));
  std::vector<std::string> files;
  for (const std::string& n : names) {
    if (n != name && !absl::StartsWith(n, absl::StrCat(name, "-")) && !absl::StartsWith(n, absl::StrCat(name, ".")))
      continue;
    if (absl::EndsWith(n, ".parquet")) {
      return absl::UnimplementedError(absl::StrCat(io::JoinPath(directory, n),
                                                   ": evaluations in Parquet are not read; write it as TFRecord "
                                                   "(tfma.run_model_analysis's default output_file_format)"));
    }
    files.push_back(io::JoinPath(directory, n));
  }
  return files;
}

template <typename Message>
Slice SliceOf(const Message& message) {
  Slice slice;
  if (message.has_cross_slice_key()) {
    slice.values = ToSliceValues(message.cross_slice_key().comparison_slice_key());
    slice.cross_baseline = ToSliceValues(message.cross_slice_key().baseline_slice_key());
  } else {
    slice.values = ToSliceValues(message.slice_key());
  }
  return slice;
}

void ReadSlice(const tfma::MetricsForSlice& message, Evaluation* evaluation) {
  SliceMetrics slice{.slice = SliceOf(message)};
  const auto add = [&](Metric metric) {
    if (metric.key.name == kErrorName && metric.value.kind == MetricValue::Kind::kMessage) {
      slice.error = metric.value.texts[0];
    } else {
      slice.metrics.push_back(std::move(metric));
    }
  };
  for (const auto& entry : message.metric_keys_and_values()) {
    Metric metric = ToMetric(entry.value());
    metric.key = ToKey(entry.key());
    if (entry.has_confidence_interval()) metric.interval = ToInterval(entry.confidence_interval());
    add(std::move(metric));
  }
  for (const auto& [name, value] : message.metrics()) {
    Metric metric = ToMetric(value);
    metric.key.name = name;
    add(std::move(metric));
  }
  std::sort(slice.metrics.begin(), slice.metrics.end(), [](const Metric& a, const Metric& b) { return a.key < b.key; });
  evaluation->slices.push_back(std::move(slice));
}

void ReadPlots(const tfma::PlotsForSlice& message, Evaluation* evaluation) {
  const Slice slice = SliceOf(message);
  const auto add = [&](Key key, const tfma::PlotData& data) {
    Plot plot = ToPlot(data);
    plot.slice = slice;
    plot.key = std::move(key);
    const bool empty = plot.binary.empty() && plot.multi_class.empty() && plot.multi_label.empty() &&
                       plot.calibration.empty() && plot.message.empty();
    if (!empty) evaluation->plots.push_back(std::move(plot));
  };
  for (const auto& entry : message.plot_keys_and_values()) add(ToKey(entry.key()), entry.value());
  for (const auto& [name, value] : message.plots()) {
    Key key;
    key.name = name;
    add(key, value);
  }
  if (message.has_plot_data()) add(Key(), message.plot_data());
}

Validation ReadValidation(const tfma::ValidationResult& message) {
  Validation validation{.ok = message.validation_ok(),
                        .missing_thresholds = message.missing_thresholds(),
                        .rubber_stamp = message.rubber_stamp()};
  for (const auto& slice : message.metric_validations_per_slice()) {
    for (const auto& f : slice.failures()) {
      ValidationFailure failure{.slice = SliceOf(slice),
                                .key = ToKey(f.metric_key()),
                                .threshold = f.metric_threshold(),
                                .message = f.message()};
      if (f.has_metric_value()) {
        const MetricValue value = ToMetric(f.metric_value()).value;
        if (value.kind == MetricValue::Kind::kNumber) failure.value = value.number;
      }
      validation.failures.push_back(std::move(failure));
    }
  }
  std::stable_sort(validation.failures.begin(), validation.failures.end(),
                   [](const auto& a, const auto& b) { return a.slice == b.slice ? a.key < b.key : a.slice < b.slice; });
  validation.missing_slices.assign(message.missing_slices().begin(), message.missing_slices().end());
  validation.missing_cross_slices.assign(message.missing_cross_slices().begin(), message.missing_cross_slices().end());
  return validation;
}

}  // namespace

absl::StatusOr<Evaluation> ReadEvaluation(absl::string_view directory) {
  Evaluation evaluation;
  evaluation.directory = std::string(directory);
  if (!io::IsDirectory(directory)) {
    return absl::NotFoundError(absl::StrCat(directory,
                                            ": no such directory; name the directory an Evaluator wrote "
                                            "(it holds eval_config.json and metrics-*)"));
  }
  ASSIGN_OR_RETURN(const std::vector<std::string> metrics, Files(evaluation.directory, "metrics"));
  ASSIGN_OR_RETURN(const std::vector<std::string> plots, Files(evaluation.directory, "plots"));
  ASSIGN_OR_RETURN(const std::vector<std::string> validations, Files(evaluation.directory, "validations"));
  const std::string config = io::JoinPath(directory, sidecars::kEvalConfigFile);
  if (metrics.empty() && plots.empty() && validations.empty()) {
    return absl::NotFoundError(
        absl::StrCat(directory,
                     ": no evaluation here: none of metrics-*, plots-* and validations.tfrecord; "
                     "name the directory an Evaluator wrote"));
  }
  if (io::Exists(config)) {
    ASSIGN_OR_RETURN(const std::string json, io::ReadFile(config));
    tfma::EvalRun run;
    RETURN_IF_ERROR(Annotate(io::ParseJson(json, &run), config));
    evaluation.config = run.eval_config();
    evaluation.data_location = run.data_location();
    evaluation.version = run.version();
    evaluation.model_locations.insert(run.model_locations().begin(), run.model_locations().end());
  }
  RETURN_IF_ERROR(ForEachMessage<tfma::MetricsForSlice>(metrics, [&](const tfma::MetricsForSlice& message) {
    ReadSlice(message, &evaluation);
    return absl::OkStatus();
  }));
  RETURN_IF_ERROR(ForEachMessage<tfma::PlotsForSlice>(plots, [&](const tfma::PlotsForSlice& message) {
    ReadPlots(message, &evaluation);
    return absl::OkStatus();
  }));
  RETURN_IF_ERROR(ForEachMessage<tfma::ValidationResult>(validations, [&](const tfma::ValidationResult& message) {
    evaluation.validation = ReadValidation(message);
    // TFX allows it in every run, whether there is a baseline or not.
    if (!evaluation.BaselineModel().empty()) evaluation.validation->rubber_stamp = false;
    return absl::OkStatus();
  }));
  std::stable_sort(evaluation.slices.begin(), evaluation.slices.end(),
                   [](const auto& a, const auto& b) { return a.slice < b.slice; });
  std::stable_sort(evaluation.plots.begin(), evaluation.plots.end(),
                   [](const auto& a, const auto& b) { return a.slice == b.slice ? a.key < b.key : a.slice < b.slice; });
  return evaluation;
}

}  // namespace tfxm::report
