// SPDX-License-Identifier: Apache-2.0

// The (label, prediction, weight) triples that a metric is computed from: TFMA's to_label_prediction_example_weight for
// whole batches. Metrics that look at the same triples share one view, which is made once per batch.
//
//   int view = table.Add({.model_index = 0, .sub_key = {.class_id = 3}, .flatten = true});
//   BatchViews views(&table);
//   views.Reset(&extracts);
//   ASSIGN_OR_RETURN(const FlatView* triples, views.Flat(view));
//   for (int i = triples->begin(row); i < triples->ends[row]; ++i)
//     Use(triples->labels[i], triples->predictions[i], …);
#ifndef TFXM_MODEL_ANALYSIS_PASS_VIEWS_H_
#define TFXM_MODEL_ANALYSIS_PASS_VIEWS_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tfxm/model_analysis/metrics/metric_key.h"
#include "tfxm/model_analysis/pass/extracts.h"

namespace tfxm::model_analysis {

struct ViewSpec {
  // Not 0: the triples are made by ViewTable's custom maker of that number, and nothing else here matters.
  int custom = 0;
  int model_index = 0;
  std::string output_name;
  std::string prediction_key;  // Which of several outputs, when output_name is empty.
  // class_id: that class against the rest. k: the k-th largest prediction. top_k: the others are -inf, or, when
  // aggregated, left out.
  SubKey sub_key;
  bool aggregated = false;
  std::map<int, double>
      class_weights;  // Multiplies the weight of the i-th prediction; 0 where there is none. Needs flatten.
  bool example_weighted = false;
  // One triple per prediction of an example (a class index becomes one-hot); otherwise lists.
  bool flatten = true;
  // Flattened only: a label y in [0, 1] becomes two triples, label 0 with weight w * (1 - y) and label 1 with w * y.
  bool fractional_labels = false;
  // An example without label is no error; its FlatView label is NaN.
  bool allow_missing_label = false;
  // The predictions stand in for the labels.
  bool labels_are_predictions = false;

  auto operator<=>(const ViewSpec&) const = default;
};

struct FlatView {
  std::vector<double> labels, predictions, weights;
  std::vector<int32_t> ends;  // Per example.
  bool is_float32 = false;    // The predictions are float32 values.

  int begin(int row) const { return row == 0 ? 0 : ends[row - 1]; }
};

// Makes triples of its own kind (matched boxes, matched sets) from a batch; the view is empty before.
using ViewMaker = std::function<absl::Status(const Extracts& extracts, FlatView* view)>;

// All views of an evaluation, without repetitions. Filled before the pass, then read-only.
class ViewTable {
 public:
  int Add(const ViewSpec& spec);
  // A view of triples that `maker` makes; the same id means the same maker.
  int AddCustom(const std::string& id, ViewMaker maker);
  const std::vector<ViewSpec>& specs() const { return specs_; }
  const ViewMaker& maker(int custom) const { return makers_[custom - 1].second; }

 private:
  std::vector<ViewSpec> specs_;
  std::vector<std::pair<std::string, ViewMaker>> makers_;
};

struct ListView {
  const Values* labels = nullptr;  // Empty lists if there are none; may hold strings.
  const Values* predictions = nullptr;
  std::vector<double> weights;  // One per example.
};

// The views of one batch, made when first asked for. Used by one thread at a time; buffers are kept from batch to
// batch.
class BatchViews {
 public:
  explicit BatchViews(const ViewTable* table);
  ~BatchViews();
  // Starts a new batch. `extracts` must outlive the uses of its views.
  void Reset(const Extracts* extracts);
  const Extracts& extracts() const { return *extracts_; }

  // INVALID_ARGUMENT names the record whose label and prediction do not fit together, a label out of range, a model's
  // output that does not exist, or a missing label.
  absl::StatusOr<const FlatView*> Flat(int view);
  absl::StatusOr<const ListView*> List(int view);

 private:
  struct Entry;
  struct Sources;
  absl::Status Resolve(const ViewSpec& spec, Entry* entry, Sources* sources);
  absl::Status MakeFlat(const ViewSpec& spec, Entry* entry);
  absl::Status MakeList(const ViewSpec& spec, Entry* entry);
  absl::Status CheckWeights(const Values& weights, int row, double* weight) const;

  const ViewTable* table_;
  const Extracts* extracts_ = nullptr;
  std::vector<std::unique_ptr<Entry>> entries_;
};

}  // namespace tfxm::model_analysis

#endif  // TFXM_MODEL_ANALYSIS_PASS_VIEWS_H_
