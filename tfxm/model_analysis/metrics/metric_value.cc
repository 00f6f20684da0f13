// SPDX-License-Identifier: Apache-2.0

#include "tfxm/model_analysis/metrics/metric_value.h"

#include <cmath>
#include <set>

namespace tfxm::model_analysis {
namespace {

namespace tfma = ::tensorflow_model_analysis;

// numpy.round(x, 6), which ConfusionMatrixAtThresholds applies to thresholds.
double RoundToSixDigits(double x) { return std::isfinite(x) ? std::nearbyint(x * 1e6) / 1e6 : x; }

BinaryConfusionMatrices Map(const BinaryConfusionMatrices& a, const BinaryConfusionMatrices& b,
                            const std::function<double(double, double)>& op) {
  BinaryConfusionMatrices result;
  size_t i = 0, j = 0;
  while (i < a.thresholds.size() || j < b.thresholds.size()) {
    const bool has_a = i < a.thresholds.size() && (j >= b.thresholds.size() || a.thresholds[i] <= b.thresholds[j]);
    const bool has_b = j < b.thresholds.size() && (i >= a.thresholds.size() || b.thresholds[j] <= a.thresholds[i]);
    result.thresholds.push_back(has_a ? a.thresholds[i] : b.thresholds[j]);
    result.tp.push_back(op(has_a ? a.tp[i] : 0, has_b ? b.tp[j] : 0));
    result.tn.push_back(op(has_a ? a.tn[i] : 0, has_b ? b.tn[j] : 0));
    result.fp.push_back(op(has_a ? a.fp[i] : 0, has_b ? b.fp[j] : 0));
    result.fn.push_back(op(has_a ? a.fn[i] : 0, has_b ? b.fn[j] : 0));
    i += has_a;
    j += has_b;
  }
  return result;
}

MultiClassConfusionMatrices Map(const MultiClassConfusionMatrices& a, const MultiClassConfusionMatrices& b,
                                const std::function<double(double, double)>& op) {
  MultiClassConfusionMatrices result;
  std::map<double, std::set<std::pair<int, int>>> keys;
  for (const auto* side : {&a, &b}) {
    for (const auto& [threshold, matrix] : side->matrices) {
      for (const auto& [key, count] : matrix) keys[threshold].insert(key);
    }
  }
  auto count = [](const MultiClassConfusionMatrices& m, double threshold, const std::pair<int, int>& key) {
    const auto matrix = m.matrices.find(threshold);
    if (matrix == m.matrices.end()) return 0.0;
    const auto entry = matrix->second.find(key);
    return entry == matrix->second.end() ? 0.0 : entry->second;
  };
  for (const auto& [threshold, entries] : keys) {
    for (const auto& key : entries)
      result.matrices[threshold][key] = op(count(a, threshold, key), count(b, threshold, key));
  }
  return result;
}

}  // namespace

tfma::ConfusionMatrixAtThresholds BinaryConfusionMatrices::ToProto() const {
  tfma::ConfusionMatrixAtThresholds proto;
  for (size_t i = 0; i < thresholds.size(); ++i) {
    auto* matrix = proto.add_matrices();
    matrix->set_threshold(RoundToSixDigits(thresholds[i]));
    matrix->set_true_positives(tp[i]);
    matrix->set_false_positives(fp[i]);
    matrix->set_true_negatives(tn[i]);
    matrix->set_false_negatives(fn[i]);
    // Where nothing is predicted positive, precision is 1; where nothing is labeled positive, recall is 0.
    const double precision = tp[i] + fp[i] > 0 ? tp[i] / (tp[i] + fp[i]) : 1;
    const double recall = tp[i] + fn[i] > 0 ? tp[i] / (tp[i] + fn[i]) : 0;
    matrix->set_precision(precision);
    matrix->set_recall(recall);
    matrix->set_f1(2 * precision * recall / (precision + recall));
    matrix->set_accuracy((tp[i] + tn[i]) / (tp[i] + tn[i] + fp[i] + fn[i]));
    matrix->set_false_positive_rate(fp[i] / (tn[i] + fp[i]));
    matrix->set_false_omission_rate(fn[i] / (tn[i] + fn[i]));
  }
  return proto;
}

tfma::MultiClassConfusionMatrixAtThresholds MultiClassConfusionMatrices::ToProto() const {
  tfma::MultiClassConfusionMatrixAtThresholds proto;
  for (const auto& [threshold, entries] : matrices) {
    auto* matrix = proto.add_matrices();
    matrix->set_threshold(threshold == -kThresholdEpsilon ? 0 : threshold == 1 + kThresholdEpsilon ? 1 : threshold);
    for (const auto& [key, count] : entries) {
      auto* entry = matrix->add_entries();
      entry->set_actual_class_id(key.first);
      entry->set_predicted_class_id(key.second);
      entry->set_num_weighted_examples(count);
    }
  }
  return proto;
}

bool IsNumeric(const MetricValue& value) {
  return std::holds_alternative<double>(value) || std::holds_alternative<NumericArray>(value) ||
         std::holds_alternative<BinaryConfusionMatrices>(value) ||
         std::holds_alternative<MultiClassConfusionMatrices>(value);
}

std::optional<MetricValue> Elementwise(const MetricValue& a, const MetricValue& b,
                                       const std::function<double(double, double)>& op) {
  if (a.index() != b.index()) return std::nullopt;
  if (const auto* x = std::get_if<double>(&a)) return op(*x, std::get<double>(b));
  if (const auto* x = std::get_if<NumericArray>(&a)) {
    const NumericArray& y = std::get<NumericArray>(b);
    if (x->values.size() != y.values.size()) return std::nullopt;
    NumericArray result{.is_float32 = x->is_float32};
    for (size_t i = 0; i < x->values.size(); ++i) result.values.push_back(op(x->values[i], y.values[i]));
    return result;
  }
  if (const auto* x = std::get_if<BinaryConfusionMatrices>(&a))
    return Map(*x, std::get<BinaryConfusionMatrices>(b), op);
  if (const auto* x = std::get_if<MultiClassConfusionMatrices>(&a))
    return Map(*x, std::get<MultiClassConfusionMatrices>(b), op);
  return std::nullopt;
}

std::optional<MetricValue> Elementwise(const MetricValue& a, double b,
                                       const std::function<double(double, double)>& op) {
  // The second operand only supplies the shape.
  return Elementwise(a, a, [&](double x, double) { return op(x, b); });
}

tfma::MetricValue ToProto(const MetricValue& value) {
  tfma::MetricValue proto;
  if (const auto* x = std::get_if<double>(&value)) {
    proto.mutable_double_value()->set_value(*x);
  } else if (const auto* x = std::get_if<NumericArray>(&value)) {
    auto* array = proto.mutable_array_value();
    array->set_data_type(x->is_float32 ? tfma::ArrayValue::FLOAT32 : tfma::ArrayValue::FLOAT64);
    array->add_shape(static_cast<int>(x->values.size()));
    if (x->is_float32) {
      for (const double value : x->values) array->add_float32_values(static_cast<float>(value));
    } else {
      array->mutable_float64_values()->Add(x->values.begin(), x->values.end());
    }
  } else if (const auto* x = std::get_if<std::string>(&value)) {
    proto.set_bytes_value(*x);
  } else if (const auto* x = std::get_if<StringArray>(&value)) {
    auto* array = proto.mutable_array_value();
    // NumPy makes an empty list an array of float64.
    array->set_data_type(x->values.empty() ? tfma::ArrayValue::FLOAT64 : tfma::ArrayValue::BYTES);
    array->add_shape(static_cast<int>(x->values.size()));
    if (!x->values.empty()) array->add_shape(1);
    array->mutable_bytes_values()->Add(x->values.begin(), x->values.end());
  } else if (const auto* x = std::get_if<BinaryConfusionMatrices>(&value)) {
    *proto.mutable_confusion_matrix_at_thresholds() = x->ToProto();
  } else if (const auto* x = std::get_if<MultiClassConfusionMatrices>(&value)) {
    *proto.mutable_multi_class_confusion_matrix_at_thresholds() = x->ToProto();
  }
  return proto;
}

}  // namespace tfxm::model_analysis
