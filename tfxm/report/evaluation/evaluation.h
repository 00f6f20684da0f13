// SPDX-License-Identifier: Apache-2.0

// An evaluation as plain values: what TFMA's files (metrics_for_slice.proto, validation_result.proto) say, in structs
// that are easy to go through. evaluation_reader.h fills them.
//
//   for (const SliceMetrics& slice : evaluation.slices)
//     for (const Metric& metric : slice.metrics)
//       if (metric.value.kind == MetricValue::Kind::kNumber)
//         Use(slice.slice.Text(), metric.key.Text(), metric.value.number);
#ifndef TFXM_REPORT_EVALUATION_EVALUATION_H_
#define TFXM_REPORT_EVALUATION_EVALUATION_H_

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "tensorflow_model_analysis/proto/config.pb.h"

namespace tfxm::report {

// The value of a feature that examples are sliced by: bytes, a float or an integer.
using SliceValue = std::variant<std::string, float, int64_t>;
std::string SliceValueText(const SliceValue& value);  // "east", "0.5", "3"; bytes that are not UTF-8 as "\xff\x00".

// One slice: the features and values its examples have; none is all examples. Or a cross slice: the difference of two.
struct Slice {
  std::vector<std::pair<std::string, SliceValue>> values;
  // Set: this is baseline minus `values`, as TFMA's CrossSliceKey. An empty baseline is all examples.
  std::optional<std::vector<std::pair<std::string, SliceValue>>> cross_baseline;

  bool overall() const { return values.empty() && !cross_baseline; }
  std::string Text() const;  // "Overall", "region: east, day: 3", "Overall − region: east".
  // Overall first, fewer features first, then by feature and value (numbers as numbers), cross slices last.
  bool operator<(const Slice& other) const;
  bool operator==(const Slice& other) const = default;
};

// What identifies a metric or a plot within a slice (TFMA's MetricKey, PlotKey).
struct Key {
  std::string name;  // May be empty for a plot.
  std::string model_name;
  std::string output_name;
  std::optional<int> class_id, k, top_k;
  std::string aggregation;  // "", "micro", "macro" or "weighted macro".
  std::optional<bool> example_weighted;
  bool is_diff = false;  // Candidate minus baseline.

  // "auc", "click/precision, class 3, macro": without the model and without saying weighted.
  std::string Text() const;
  std::string SubKeyText() const;  // "", "class 3", "top 2", "k 1".
  auto operator<=>(const Key&) const = default;
};

// Weighted counts of a binary decision "prediction > threshold" and the ratios TFMA stores with them.
struct BinaryMatrix {
  double threshold = 0, tp = 0, tn = 0, fp = 0, fn = 0;
  double precision = 0, recall = 0, false_positive_rate = 0, f1 = 0, accuracy = 0, false_omission_rate = 0;
};

struct MultiClassMatrix {
  struct Cell {
    int actual, predicted;  // predicted -1: no class was above the threshold.
    double examples;
  };
  double threshold = 0;
  std::vector<Cell> cells;
};

// For each pair of labels: among the examples that have label `actual`, how `predicted` was decided.
struct MultiLabelMatrix {
  struct Cell {
    int actual, predicted;
    double tp, tn, fp, fn;
  };
  double threshold = 0;
  std::vector<Cell> cells;
};

struct CalibrationBucket {
  double lower, upper;                   // lower <= prediction < upper; the first and the last bucket are open.
  double examples, labels, predictions;  // Weighted count and weighted sums.
};

struct MetricValue {
  enum class Kind { kNone, kNumber, kNumbers, kTexts, kCutoffs, kBinaryMatrices, kMultiClassMatrices, kMessage };
  Kind kind = Kind::kNone;
  double number = 0;
  std::vector<double> numbers;  // kNumbers: row-major, of shape `shape`.
  std::vector<int> shape;
  std::vector<std::string> texts;  // kTexts: bytes. kMessage: what TFMA says instead of a value.
  std::vector<std::pair<int, double>> cutoffs;
  std::vector<BinaryMatrix> binary;
  std::vector<MultiClassMatrix> multi_class;
};

// A 95 % confidence interval. The bounds have the kind of the value they belong to.
struct Interval {
  MetricValue lower, upper, standard_error;
  std::optional<int64_t> degrees_of_freedom;
};

struct Metric {
  Key key;
  MetricValue value;
  std::optional<Interval> interval;
};

struct SliceMetrics {
  Slice slice;
  std::vector<Metric> metrics;  // Ordered by key.
  std::string error;            // Why the slice has no metrics, e.g. that it is smaller than min_slice_size.
};

struct Plot {
  Slice slice;
  Key key;
  std::vector<BinaryMatrix> binary;  // At ascending thresholds.
  std::vector<MultiClassMatrix> multi_class;
  std::vector<MultiLabelMatrix> multi_label;
  std::vector<CalibrationBucket> calibration;
  std::string message;  // What TFMA says instead of a plot.
};

struct ValidationFailure {
  Slice slice;
  Key key;
  tensorflow_model_analysis::MetricThreshold threshold;
  std::optional<double> value;  // None: the metric was not computed.
  std::string message;
};

struct Validation {
  bool ok = false;
  bool missing_thresholds = false;  // Nothing was to be checked.
  bool rubber_stamp = false;        // Change thresholds were ignored, for want of a baseline.
  std::vector<ValidationFailure> failures;
  // Slices that thresholds are set for and no example belongs to.
  std::vector<tensorflow_model_analysis::SlicingSpec> missing_slices;
  std::vector<tensorflow_model_analysis::CrossSlicingSpec> missing_cross_slices;
};

struct Evaluation {
  std::string directory;
  tensorflow_model_analysis::EvalConfig config;  // Empty if there is no eval_config.json.
  std::string data_location, version;
  std::map<std::string, std::string> model_locations;  // By model name.
  std::vector<SliceMetrics> slices;                    // Ordered by slice.
  std::vector<Plot> plots;                             // Ordered by slice and key.
  std::optional<Validation> validation;                // None if there is no validations.tfrecord.

  // Names of the models that have metrics or plots, baseline first, then in the order of the config.
  std::vector<std::string> ModelNames() const;
  std::string BaselineModel() const;  // Empty if none is marked as baseline.
};

}  // namespace tfxm::report

#endif  // TFXM_REPORT_EVALUATION_EVALUATION_H_
