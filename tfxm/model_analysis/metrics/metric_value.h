// SPDX-License-Identifier: Apache-2.0

// The value of a metric, and the intermediate results that metrics are derived from, for one slice.
//
// Numbers, arrays and confusion matrices can be subtracted (candidate minus baseline, cross slices) and have a standard
// deviation (confidence intervals); the others cannot.
#ifndef TFXM_MODEL_ANALYSIS_METRICS_METRIC_VALUE_H_
#define TFXM_MODEL_ANALYSIS_METRICS_METRIC_VALUE_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "tensorflow_model_analysis/proto/metrics_for_slice.pb.h"
#include "tfxm/model_analysis/metrics/metric_key.h"

namespace tfxm::model_analysis {

// A one-dimensional array of float64, as NumPy would return it; of float32 in files, as Keras's own metrics are.
struct NumericArray {
  std::vector<double> values;
  bool is_float32 = false;
};

// Ids of examples, as NumPy would return a list of features with one value each: an array of shape [n, 1].
struct StringArray {
  std::vector<std::string> values;
};

// TFMA's marks of the ends of a range of thresholds: -kThresholdEpsilon and 1 + kThresholdEpsilon, shown as 0 and 1.
inline constexpr double kThresholdEpsilon = 1e-7;

// Weighted counts at each threshold, thresholds ascending. A prediction is positive if it is greater than the
// threshold.
struct BinaryConfusionMatrices {
  std::vector<double> thresholds, tp, tn, fp, fn;

  ::tensorflow_model_analysis::ConfusionMatrixAtThresholds ToProto() const;
};

// Weighted counts by (actual class, predicted class) at each threshold; predicted class -1: no prediction above the
// threshold.
struct MultiClassConfusionMatrices {
  std::map<double, std::map<std::pair<int, int>, double>> matrices;

  ::tensorflow_model_analysis::MultiClassConfusionMatrixAtThresholds ToProto() const;
};

// Weighted sums of the labels, predictions and examples whose prediction falls into each bucket, ascending by bucket.
struct CalibrationHistogram {
  struct Bucket {
    int id;
    double labels, predictions, examples;
  };
  std::vector<Bucket> buckets;
  bool has_nan = false;  // Some prediction or label was NaN, hence in no bucket.
};

// Totals that some derived metrics are made of; what each is, its producer says.
using Totals = std::vector<double>;
using Plot = std::shared_ptr<const ::tensorflow_model_analysis::PlotData>;
using Histogram = std::shared_ptr<const CalibrationHistogram>;

using MetricValue = std::variant<double, NumericArray, std::string, BinaryConfusionMatrices,
                                 MultiClassConfusionMatrices, Totals, Histogram, Plot, StringArray>;
using MetricsMap = std::map<MetricKey, MetricValue>;

// Whether values of this kind can be subtracted and averaged: numbers, arrays and confusion matrices.
bool IsNumeric(const MetricValue& value);
// op applied to corresponding numbers of two values of the same kind (a missing entry of a matrix counts as 0), or to
// every number and a constant. nullopt if the kinds differ or are not numeric.
std::optional<MetricValue> Elementwise(const MetricValue& a, const MetricValue& b,
                                       const std::function<double(double, double)>& op);
std::optional<MetricValue> Elementwise(const MetricValue& a, double b, const std::function<double(double, double)>& op);

// A value that is reported, as TFMA writes it. Totals, histograms and plots have no such form and give an unset value.
::tensorflow_model_analysis::MetricValue ToProto(const MetricValue& value);

}  // namespace tfxm::model_analysis

#endif  // TFXM_MODEL_ANALYSIS_METRICS_METRIC_VALUE_H_
