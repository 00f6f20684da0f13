// SPDX-License-Identifier: Apache-2.0

#include "tfxm/report/evaluation/proto_values.h"

#include <algorithm>
#include <limits>

#include "absl/strings/str_cat.h"
#include "tfxm/proto/key_text.h"
#include "tfxm/util/numeric/student_t.h"

// Deprecated kinds of values are read on purpose: earlier versions of TFMA wrote them.
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

namespace tfxm::report {
namespace {

namespace tfma = ::tensorflow_model_analysis;

MetricValue Number(double x) { return {.kind = MetricValue::Kind::kNumber, .number = x}; }

template <typename ProtoKey>
void CopyCommon(const ProtoKey& proto, Key* key) {
  key->name = proto.name();
  key->model_name = proto.model_name();
  key->output_name = proto.output_name();
  if (proto.has_sub_key()) {
    if (proto.sub_key().has_class_id()) key->class_id = proto.sub_key().class_id().value();
    if (proto.sub_key().has_k()) key->k = proto.sub_key().k().value();
    if (proto.sub_key().has_top_k()) key->top_k = proto.sub_key().top_k().value();
  }
  if (proto.has_example_weighted()) key->example_weighted = proto.example_weighted().value();
}

std::vector<BinaryMatrix> Binary(const tfma::ConfusionMatrixAtThresholds& proto) {
  std::vector<BinaryMatrix> matrices;
  matrices.reserve(proto.matrices_size());
  for (const auto& m : proto.matrices()) {
    matrices.push_back({.threshold = m.threshold(),
                        .tp = m.true_positives(),
                        .tn = m.true_negatives(),
                        .fp = m.false_positives(),
                        .fn = m.false_negatives(),
                        .precision = m.precision(),
                        .recall = m.recall(),
                        .false_positive_rate = m.false_positive_rate(),
                        .f1 = m.f1(),
                        .accuracy = m.accuracy(),
                        .false_omission_rate = m.false_omission_rate()});
  }
  std::stable_sort(matrices.begin(), matrices.end(),
                   [](const auto& a, const auto& b) { return a.threshold < b.threshold; });
  return matrices;
}

std::vector<MultiClassMatrix> MultiClass(const tfma::MultiClassConfusionMatrixAtThresholds& proto) {
  std::vector<MultiClassMatrix> matrices;
  for (const auto& m : proto.matrices()) {
    MultiClassMatrix matrix{.threshold = m.threshold()};
    for (const auto& e : m.entries()) {
      matrix.cells.push_back({e.actual_class_id(), e.predicted_class_id(), e.num_weighted_examples()});
    }
    matrices.push_back(std::move(matrix));
  }
  return matrices;
}

std::vector<MultiLabelMatrix> MultiLabel(const tfma::MultiLabelConfusionMatrixAtThresholds& proto) {
  std::vector<MultiLabelMatrix> matrices;
  for (const auto& m : proto.matrices()) {
    MultiLabelMatrix matrix{.threshold = m.threshold()};
    for (const auto& e : m.entries()) {
      matrix.cells.push_back({e.actual_class_id(), e.predicted_class_id(), e.true_positives(), e.true_negatives(),
                              e.false_positives(), e.false_negatives()});
    }
    matrices.push_back(std::move(matrix));
  }
  return matrices;
}

MetricValue Array(const tfma::ArrayValue& proto) {
  MetricValue value{.kind = MetricValue::Kind::kNumbers};
  value.shape.assign(proto.shape().begin(), proto.shape().end());
  const auto append = [&](const auto& numbers) {
    value.numbers.insert(value.numbers.end(), numbers.begin(), numbers.end());
  };
  switch (proto.data_type()) {
    case tfma::ArrayValue::BYTES:
      value.kind = MetricValue::Kind::kTexts;
      value.texts.assign(proto.bytes_values().begin(), proto.bytes_values().end());
      break;
    case tfma::ArrayValue::INT32: append(proto.int32_values()); break;
    case tfma::ArrayValue::INT64: append(proto.int64_values()); break;
    case tfma::ArrayValue::FLOAT32: append(proto.float32_values()); break;
    case tfma::ArrayValue::FLOAT64: append(proto.float64_values()); break;
    default:
      value.kind = MetricValue::Kind::kMessage;
      value.texts = {absl::StrCat("an array of the unknown type ", static_cast<int>(proto.data_type()))};
  }
  return value;
}

}  // namespace

std::vector<std::pair<std::string, SliceValue>> ToSliceValues(const tfma::SliceKey& key) {
  std::vector<std::pair<std::string, SliceValue>> values;
  for (const auto& single : key.single_slice_keys()) {
    SliceValue value;
    if (single.has_float_value()) {
      value = single.float_value();
    } else if (single.has_int64_value()) {
      value = static_cast<int64_t>(single.int64_value());
    } else {
      value = std::string(single.bytes_value());
    }
    values.emplace_back(single.column(), std::move(value));
  }
  std::sort(values.begin(), values.end());
  return values;
}

Key ToKey(const tfma::MetricKey& proto) {
  Key key;
  CopyCommon(proto, &key);
  if (proto.has_aggregation_type()) {
    if (proto.aggregation_type().micro_average()) key.aggregation = sidecars::kMicro;
    if (proto.aggregation_type().macro_average()) key.aggregation = sidecars::kMacro;
    if (proto.aggregation_type().weighted_macro_average()) key.aggregation = sidecars::kWeightedMacro;
  }
  key.is_diff = proto.is_diff();
  return key;
}

Key ToKey(const tfma::PlotKey& proto) {
  Key key;
  CopyCommon(proto, &key);
  return key;
}

Metric ToMetric(const tfma::MetricValue& proto) {
  Metric metric;
  MetricValue& value = metric.value;
  switch (proto.type_case()) {
    case tfma::MetricValue::kDoubleValue: value = Number(proto.double_value().value()); break;
    case tfma::MetricValue::kBoundedValue:
      value = Number(proto.bounded_value().value().value());
      metric.interval = Interval{.lower = Number(proto.bounded_value().lower_bound().value()),
                                 .upper = Number(proto.bounded_value().upper_bound().value())};
      break;
    case tfma::MetricValue::kTDistributionValue: {
      const auto& t = proto.t_distribution_value();
      const double df = static_cast<double>(t.sample_degrees_of_freedom().value());
      const double margin = StudentTQuantile(0.975, df) * t.sample_standard_deviation().value();
      value = Number(t.has_unsampled_value() ? t.unsampled_value().value() : t.sample_mean().value());
      metric.interval = Interval{.lower = Number(t.sample_mean().value() - margin),
                                 .upper = Number(t.sample_mean().value() + margin),
                                 .standard_error = Number(t.sample_standard_deviation().value()),
                                 .degrees_of_freedom = t.sample_degrees_of_freedom().value()};
      break;
    }
    case tfma::MetricValue::kValueAtCutoffs:
      value.kind = MetricValue::Kind::kCutoffs;
      for (const auto& pair : proto.value_at_cutoffs().values())
        value.cutoffs.emplace_back(pair.cutoff(), pair.value());
      break;
    case tfma::MetricValue::kConfusionMatrixAtThresholds:
      value.kind = MetricValue::Kind::kBinaryMatrices;
      value.binary = Binary(proto.confusion_matrix_at_thresholds());
      break;
    case tfma::MetricValue::kMultiClassConfusionMatrixAtThresholds:
      value.kind = MetricValue::Kind::kMultiClassMatrices;
      value.multi_class = MultiClass(proto.multi_class_confusion_matrix_at_thresholds());
      break;
    case tfma::MetricValue::kArrayValue: value = Array(proto.array_value()); break;
    case tfma::MetricValue::kBytesValue:
      value.kind = MetricValue::Kind::kTexts;
      value.texts = {std::string(proto.bytes_value())};
      break;
    case tfma::MetricValue::kDebugMessage:
      value.kind = MetricValue::Kind::kMessage;
      value.texts = {proto.debug_message()};
      break;
    case tfma::MetricValue::kUnknownType:
      value.kind = MetricValue::Kind::kMessage;
      value.texts = {proto.unknown_type().error()};
      break;
    case tfma::MetricValue::TYPE_NOT_SET: break;
  }
  return metric;
}

Interval ToInterval(const tfma::ConfidenceInterval& proto) {
  Interval interval{.lower = ToMetric(proto.lower_bound()).value, .upper = ToMetric(proto.upper_bound()).value};
  if (proto.has_standard_error()) interval.standard_error = ToMetric(proto.standard_error()).value;
  if (proto.has_degrees_of_freedom()) interval.degrees_of_freedom = proto.degrees_of_freedom().value();
  return interval;
}

Plot ToPlot(const tfma::PlotData& data) {
  Plot plot;
  plot.binary = Binary(data.confusion_matrix_at_thresholds());
  plot.multi_class = MultiClass(data.multi_class_confusion_matrix_at_thresholds());
  plot.multi_label = MultiLabel(data.multi_label_confusion_matrix_at_thresholds());
  for (const auto& b : data.calibration_histogram_buckets().buckets()) {
    plot.calibration.push_back({b.lower_threshold_inclusive(), b.upper_threshold_exclusive(),
                                b.num_weighted_examples().value(), b.total_weighted_label().value(),
                                b.total_weighted_refined_prediction().value()});
  }
  plot.message = data.debug_message();
  return plot;
}

}  // namespace tfxm::report
