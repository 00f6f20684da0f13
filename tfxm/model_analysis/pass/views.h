// SPDX-License-Identifier: Apache-2.0

// The (label, prediction, weight) triples that a metric is computed from: TFMA's to_label_prediction_example_weight for
// whole batches. Metrics that look at the same triples share one view, which is made once per batch.
//
//   ViewTable table;
//   const FlatViewId view = table.AddFlat({.model_index = 0, .sub_key = {.class_id = 3}});
//   BatchViews views(&table);
//   views.Reset(&extracts);
//   ASSIGN_OR_RETURN(const FlatView* triples, views.Flat(view));
//   for (int i = triples->begin(row); i < triples->ends[row]; ++i)
//     Use(triples->labels[i], triples->predictions[i], …);
#ifndef TFXM_MODEL_ANALYSIS_PASS_VIEWS_H_
#define TFXM_MODEL_ANALYSIS_PASS_VIEWS_H_

#include <bit>
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
  // Flat views only: multiplies the weight of the i-th prediction; 0 where there is none.
  std::map<int, double> class_weights;
  bool example_weighted = false;
  // Flat views only: a label y in [0, 1] becomes two triples, label 0 with weight w * (1 - y) and label 1 with w * y.
  bool fractional_labels = false;
  // An example without a label is not an error; its FlatView label is kNoLabel.
  bool allow_missing_label = false;
  // The predictions stand in for the labels.
  bool labels_are_predictions = false;

  auto operator<=>(const ViewSpec&) const = default;
};

// A NaN that is none of the data.
inline constexpr uint64_t kNoLabelBits = 0x7ff8'6e6f'6c61'626c;
inline constexpr double kNoLabel = std::bit_cast<double>(kNoLabelBits);
inline bool IsNoLabel(double label) { return std::bit_cast<uint64_t>(label) == kNoLabelBits; }

// One triple per prediction of an example; a class index becomes one-hot.
struct FlatView {
  std::vector<double> labels, predictions, weights;
  std::vector<int32_t> ends;  // Per example.
  bool is_float32 = false;    // The predictions are float32 values.

  int begin(int row) const { return row == 0 ? 0 : ends[row - 1]; }
};

// Makes triples of its own kind (matched boxes, matched sets) from a batch; the view is empty before.
using ViewMaker = std::function<absl::Status(const Extracts& extracts, FlatView* view)>;

// Numbers of views. A view of one kind cannot be asked for as the other.
struct FlatViewId {
  int index = 0;
  bool operator==(const FlatViewId&) const = default;
};
struct ListViewId {
  int index = 0;
  bool operator==(const ListViewId&) const = default;
};

// All views of an evaluation, without repetitions. Filled before the pass, then read-only.
class ViewTable {
 public:
  FlatViewId AddFlat(const ViewSpec& spec);
  ListViewId AddList(const ViewSpec& spec);
  // A view of triples that `maker` makes; the same id means the same maker.
  FlatViewId AddCustom(const std::string& id, ViewMaker maker);
  const std::vector<ViewSpec>& flat() const { return flat_; }
  const std::vector<ViewSpec>& lists() const { return lists_; }
  const ViewMaker& maker(int custom) const { return makers_[custom - 1].second; }

 private:
  std::vector<ViewSpec> flat_, lists_;
  std::vector<std::pair<std::string, ViewMaker>> makers_;
};

// What there is of each example, as it is.
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
  absl::StatusOr<const FlatView*> Flat(FlatViewId view);
  absl::StatusOr<const ListView*> List(ListViewId view);

 private:
  struct Entry;
  struct FlatEntry;
  struct ListEntry;
  absl::Status MakeFlat(const ViewSpec& spec, FlatEntry* entry);
  absl::Status MakeList(const ViewSpec& spec, ListEntry* entry);
  absl::Status ApplySubKeys(const ViewSpec& spec, ListEntry* entry) const;

  const ViewTable* table_;
  const Extracts* extracts_ = nullptr;
  std::vector<std::unique_ptr<FlatEntry>> flat_;
  std::vector<std::unique_ptr<ListEntry>> lists_;
};

}  // namespace tfxm::model_analysis

#endif  // TFXM_MODEL_ANALYSIS_PASS_VIEWS_H_
