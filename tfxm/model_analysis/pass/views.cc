// SPDX-License-Identifier: Apache-2.0

#include "tfxm/model_analysis/pass/views.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tfxm/model_analysis/pass/numpy_partition.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::model_analysis {
namespace {

// Names under which estimators and Keras models put what TFMA takes for the prediction of several outputs, by
// precedence.
constexpr absl::string_view kPredictionNames[] = {"scores",   "outputs",       "predictions",
                                                  "logistic", "probabilities", "logits"};
// TFMA's within_interval allows for rounding.
constexpr double kIntervalEpsilon = 1e-7;

std::string OutputNames(const NamedValues& values) {
  return absl::StrJoin(values, ", ",
                       [](std::string* out, const auto& v) { absl::StrAppend(out, "\"", v.first, "\""); });
}

// The positions of the k largest values of p, the k-th largest first.
void TopK(std::span<const double> p, int k, bool integers, std::vector<int>* order) {
  NumpyArgPartition(p, static_cast<int>(p.size()) - k, integers, order);
  order->erase(order->begin(), order->end() - k);
}

int AddTo(std::vector<ViewSpec>* specs, const ViewSpec& spec) {
  const auto it = std::find(specs->begin(), specs->end(), spec);
  if (it != specs->end()) return static_cast<int>(it - specs->begin());
  specs->push_back(spec);
  return static_cast<int>(specs->size()) - 1;
}

// Where a view's labels, predictions and weights come from.
struct Sources {
  const Values* labels = nullptr;  // Null: there are none.
  const Values* predictions = nullptr;
  const Values* weights = nullptr;  // Null: 1.
};

// The prediction of the output that the view is of.
absl::StatusOr<const Values*> FindPredictions(const ViewSpec& spec, const NamedValues& outputs) {
  if (outputs.empty()) {
    return absl::InvalidArgumentError(
        "there are no predictions: give a model, or a prediction_key in the model_spec to read them from the examples");
  }
  const std::string& wanted = spec.output_name.empty() ? spec.prediction_key : spec.output_name;
  for (const auto& [name, values] : outputs) {
    if (name == wanted && !values.unusable.empty()) return absl::InvalidArgumentError(values.unusable);
  }
  if (!spec.output_name.empty()) {
    if (const Values* found = FindValues(outputs, spec.output_name)) return found;
    return absl::InvalidArgumentError(
        absl::StrCat("the model has no output \"", spec.output_name, "\"; it has ", OutputNames(outputs)));
  }
  if (outputs.size() == 1) return &outputs[0].second;
  if (!spec.prediction_key.empty()) {
    if (const Values* found = FindValues(outputs, spec.prediction_key)) return found;
  }
  for (absl::string_view name : kPredictionNames) {
    if (const Values* found = FindValues(outputs, name)) return found;
  }
  return absl::InvalidArgumentError(
      absl::StrCat("the model has several outputs (", OutputNames(outputs),
                   "): say which one with output_names in the metrics_spec or prediction_key in the model_spec"));
}

// The label or weight of an output, from the features that `field` of the model_spec names. Null if it names none.
absl::StatusOr<const Values*> FindForOutput(const NamedValues& values, const std::string& output_name,
                                            absl::string_view field) {
  const Values* found = FindValues(values, output_name);
  if (found == nullptr) found = FindValues(values, "");
  if (found == nullptr && !values.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(field, " of the model_spec name the outputs ", OutputNames(values),
                                                   "; the metrics_spec must say which one with output_names"));
  }
  return found;
}

// Labels that are strings, as indices of the classes that the model says it has; -1 for none of them.
absl::Status LabelsAsIndices(const NamedValues& outputs, const Values& labels, int num_examples, Values* indices) {
  const Values* vocabulary = FindValues(outputs, "all_classes");
  if (vocabulary == nullptr && FindValues(outputs, "scores") != nullptr) vocabulary = FindValues(outputs, "classes");
  if (vocabulary == nullptr || !vocabulary->is_string) {
    return absl::InvalidArgumentError(
        "the labels are strings but the predictions are numbers, and the model has no output \"all_classes\" that says "
        "which class is which");
  }
  indices->Clear();
  indices->ends = labels.ends;
  for (int row = 0; row < num_examples; ++row) {
    const auto first = vocabulary->strings.begin() + vocabulary->begin(row),
               last = vocabulary->strings.begin() + vocabulary->ends[row];
    for (int i = labels.begin(row); i < labels.ends[row]; ++i) {
      const auto it = std::find(first, last, labels.strings[i]);
      indices->numbers.push_back(it == last ? -1 : it - first);
    }
  }
  return absl::OkStatus();
}

// `indices` is for what LabelsAsIndices makes.
absl::StatusOr<Sources> FindSources(const ViewSpec& spec, const Extracts& extracts, Values* indices) {
  const ModelExtracts& model = extracts.models[spec.model_index];
  Sources sources;
  ASSIGN_OR_RETURN(sources.predictions, FindPredictions(spec, model.predictions));
  sources.labels = sources.predictions;
  if (!spec.labels_are_predictions) {
    ASSIGN_OR_RETURN(sources.labels, FindForOutput(model.labels, spec.output_name, "label_keys"));
  }
  if (sources.labels != nullptr && sources.labels->is_string && !sources.predictions->is_string) {
    RETURN_IF_ERROR(LabelsAsIndices(model.predictions, *sources.labels, extracts.num_examples, indices));
    sources.labels = indices;
  }
  if (spec.example_weighted) {
    ASSIGN_OR_RETURN(sources.weights, FindForOutput(model.example_weights, spec.output_name, "example_weight_keys"));
  }
  return sources;
}

// The weight of an example of which all weights are the same.
absl::StatusOr<double> OneWeight(const Values& weights, const Extracts& extracts, int row) {
  const auto values = weights.row(row);
  if (values.empty()) return absl::InvalidArgumentError(absl::StrCat(extracts.Describe(row), " has no example weight"));
  for (double w : values) {
    if (w != values[0]) {
      return absl::InvalidArgumentError(absl::StrCat(extracts.Describe(row),
                                                     ": the metric needs one example weight but there are ",
                                                     values.size(), " that differ: ", values[0], ", ", w, ", …"));
    }
  }
  return values[0];
}

// The lists of one example while sub keys are applied to them.
struct Lists {
  std::vector<double> labels, predictions;
  bool integers = false;  // The predictions are.
  std::vector<int> order;
};

absl::Status OneHot(int num_classes, std::vector<double>* labels) {
  std::vector<double> dense(num_classes, 0.0);
  if (labels->size() == 1) {
    const int64_t index = static_cast<int64_t>((*labels)[0]);
    if (index < -1 || index >= num_classes) {
      return absl::InvalidArgumentError(absl::StrCat("label ", (*labels)[0], " is out of range: the prediction has ",
                                                     num_classes, " classes (0 to ", num_classes - 1, ")"));
    }
    if (index >= 0) dense[index] = 1;
  } else {
    return absl::InvalidArgumentError(absl::StrCat("the label has ", labels->size(), " values but the prediction has ",
                                                   num_classes,
                                                   "; expected one class index or one value per prediction"));
  }
  *labels = std::move(dense);
  return absl::OkStatus();
}

absl::Status ApplySubKey(const ViewSpec& spec, Lists* lists) {
  std::vector<double>& l = lists->labels;
  std::vector<double>& p = lists->predictions;
  const int wanted = spec.sub_key.k ? *spec.sub_key.k : spec.sub_key.top_k ? *spec.sub_key.top_k : 0;
  if (wanted > static_cast<int>(p.size())) {
    return absl::InvalidArgumentError(
        absl::StrCat("the ", wanted, " largest predictions are wanted but there are only ", p.size()));
  }
  if (spec.sub_key.k || (spec.sub_key.top_k && spec.aggregated)) {
    if (l.size() != p.size()) RETURN_IF_ERROR(OneHot(static_cast<int>(p.size()), &l));
    TopK(p, wanted, lists->integers, &lists->order);
    if (spec.sub_key.k) lists->order.resize(1);
    std::vector<double> labels, predictions;
    for (int i : lists->order) {
      labels.push_back(l[i]);
      predictions.push_back(p[i]);
    }
    l = std::move(labels);
    p = std::move(predictions);
  } else if (spec.sub_key.top_k) {
    TopK(p, wanted, lists->integers, &lists->order);
    std::vector<double> predictions(p.size(), -std::numeric_limits<double>::infinity());
    for (int i : lists->order) predictions[i] = p[i];
    p = std::move(predictions);
  }
  if (spec.sub_key.class_id && !l.empty() && !p.empty()) {
    const int id = *spec.sub_key.class_id;
    if (id < 0 || id >= static_cast<int>(p.size())) {
      return absl::InvalidArgumentError(
          absl::StrCat("class_id ", id, " is out of range: the prediction has ", p.size(), " classes"));
    }
    l = {l.size() != p.size() ? (static_cast<double>(l[0] == id)) : l[id]};
    p = {p[id]};
  }
  return absl::OkStatus();
}

// The triples of one example, as AppendExample goes through them.
struct Row {
  const ViewSpec& spec;
  const Extracts& extracts;
  int row;
  size_t first;  // Of its triples in the view.
  std::span<const double> labels, predictions;

  template <typename... Parts>
  absl::Status Error(const Parts&... parts) const {
    return absl::InvalidArgumentError(absl::StrCat(extracts.Describe(row), parts...));
  }
};

// A label per prediction, kNoLabel if there is none.
absl::Status AppendLabels(const Row& row, FlatView* view) {
  const size_t n = row.predictions.size();
  const auto& l = row.labels;
  if (l.empty()) {
    view->labels.resize(row.first + n, kNoLabel);
  } else if (l.size() == n) {
    view->labels.insert(view->labels.end(), l.begin(), l.end());
  } else if (l.size() == 1) {
    const int64_t index = static_cast<int64_t>(l[0]);
    if (!(l[0] > -2) || index >= static_cast<int64_t>(n)) {
      return row.Error(": label ", l[0], " is out of range: the prediction has ", n, " classes (0 to ", n - 1, ")");
    }
    view->labels.resize(row.first + n, 0.0);
    if (index >= 0) view->labels[row.first + index] = 1;
  } else {
    return row.Error(": the label has ", l.size(), " values but the prediction has ", n,
                     "; expected one class index or one value per prediction");
  }
  return absl::OkStatus();
}

absl::Status AppendWeights(const Row& row, const Values* weights, FlatView* view) {
  const size_t n = row.predictions.size();
  if (weights == nullptr) {
    view->weights.resize(row.first + n, 1.0);
  } else if (const auto w = weights->row(row.row); w.size() == n) {
    view->weights.insert(view->weights.end(), w.begin(), w.end());
  } else if (w.size() == 1) {
    view->weights.resize(row.first + n, w[0]);
  } else {
    return row.Error(" has ", w.size(), " example weights for ", n, " predictions");
  }
  if (row.spec.class_weights.empty()) return absl::OkStatus();
  for (size_t i = 0; i < n; ++i) {
    const auto it = row.spec.class_weights.find(static_cast<int>(i));
    view->weights[row.first + i] *= it == row.spec.class_weights.end() ? 0 : it->second;
  }
  return absl::OkStatus();
}

// Fractional labels: most are 0 or 1 and stay in place.
absl::Status SplitLabels(const Row& row, FlatView* view) {
  const size_t end = row.first + row.predictions.size();
  for (size_t i = row.first; i < end; ++i) {
    const double y = view->labels[i];
    if (!(y >= -kIntervalEpsilon && y <= 1 + kIntervalEpsilon)) {
      if (std::isnan(y)) continue;
      return row.Error(": label ", y, " is not within [0, 1]");
    }
    if (y != 0 && y != 1) {
      view->labels[i] = 0;
      view->labels.push_back(1);
      view->predictions.push_back(view->predictions[i]);
      view->weights.push_back(view->weights[i] * y);
      view->weights[i] *= 1 - y;
    }
  }
  return absl::OkStatus();
}

}  // namespace

FlatViewId ViewTable::AddFlat(const ViewSpec& spec) { return {AddTo(&flat_, spec)}; }

ListViewId ViewTable::AddList(const ViewSpec& spec) { return {AddTo(&lists_, spec)}; }

FlatViewId ViewTable::AddCustom(const std::string& id, ViewMaker maker) {
  auto it = std::find_if(makers_.begin(), makers_.end(), [&](const auto& entry) { return entry.first == id; });
  if (it == makers_.end()) it = makers_.insert(makers_.end(), {id, std::move(maker)});
  return AddFlat({.custom = static_cast<int>(it - makers_.begin()) + 1});
}

struct BatchViews::Entry {
  bool made = false;
  absl::Status status;
  Values vocabulary_labels;  // String labels as class indices.
};

struct BatchViews::FlatEntry : Entry {
  FlatView view;
};

struct BatchViews::ListEntry : Entry {
  ListView view;
  Values labels, predictions;  // Where the view is not one of existing values.
};

BatchViews::BatchViews(const ViewTable* table) : table_(table) {
  for (size_t i = 0; i < table->flat().size(); ++i) flat_.push_back(std::make_unique<FlatEntry>());
  for (size_t i = 0; i < table->lists().size(); ++i) lists_.push_back(std::make_unique<ListEntry>());
}

BatchViews::~BatchViews() = default;

void BatchViews::Reset(const Extracts* extracts) {
  extracts_ = extracts;
  for (auto& entry : flat_) entry->made = false;
  for (auto& entry : lists_) entry->made = false;
}

absl::Status BatchViews::MakeFlat(const ViewSpec& spec, FlatEntry* entry) {
  FlatView& view = entry->view;
  view.labels.clear();
  view.predictions.clear();
  view.weights.clear();
  view.ends.clear();
  if (spec.custom != 0) return table_->maker(spec.custom)(*extracts_, &view);
  ASSIGN_OR_RETURN(const Sources sources, FindSources(spec, *extracts_, &entry->vocabulary_labels));
  if (sources.predictions->is_string || (sources.labels != nullptr && sources.labels->is_string)) {
    return absl::InvalidArgumentError("a metric of numbers was given predictions or labels that are strings");
  }
  view.is_float32 = sources.predictions->is_float32;
  Lists lists;
  lists.integers = sources.predictions->is_integer;
  for (int r = 0; r < extracts_->num_examples; ++r) {
    Row row = {spec, *extracts_, r, view.labels.size(), {}, sources.predictions->row(r)};
    if (sources.labels != nullptr) row.labels = sources.labels->row(r);
    if (row.labels.empty() && !spec.allow_missing_label) return row.Error(" has no label");
    if (row.predictions.empty()) return row.Error(" has no prediction");
    if (!spec.sub_key.empty() && !row.labels.empty()) {
      lists.labels.assign(row.labels.begin(), row.labels.end());
      lists.predictions.assign(row.predictions.begin(), row.predictions.end());
      RETURN_IF_ERROR(Annotate(ApplySubKey(spec, &lists), extracts_->Describe(r)));
      row.labels = lists.labels;
      row.predictions = lists.predictions;
    }
    RETURN_IF_ERROR(AppendLabels(row, &view));
    view.predictions.insert(view.predictions.end(), row.predictions.begin(), row.predictions.end());
    RETURN_IF_ERROR(AppendWeights(row, sources.weights, &view));
    if (spec.fractional_labels) RETURN_IF_ERROR(SplitLabels(row, &view));
    view.ends.push_back(static_cast<int32_t>(view.labels.size()));
  }
  return absl::OkStatus();
}

absl::Status BatchViews::MakeList(const ViewSpec& spec, ListEntry* entry) {
  ListView& view = entry->view;
  ASSIGN_OR_RETURN(const Sources sources, FindSources(spec, *extracts_, &entry->vocabulary_labels));
  const int n = extracts_->num_examples;
  view.weights.assign(n, 1.0);
  if (sources.weights != nullptr) {
    for (int row = 0; row < n; ++row) {
      ASSIGN_OR_RETURN(view.weights[row], OneWeight(*sources.weights, *extracts_, row));
    }
  }
  view.labels = sources.labels;
  view.predictions = sources.predictions;
  if (view.labels == nullptr) {
    entry->labels.Clear();
    entry->labels.ends.assign(n, 0);
    view.labels = &entry->labels;
  }
  for (int row = 0; !spec.allow_missing_label && row < n; ++row) {
    if (view.labels->size(row) == 0) {
      return absl::InvalidArgumentError(absl::StrCat(extracts_->Describe(row), " has no label"));
    }
  }
  return spec.sub_key.empty() ? absl::OkStatus() : ApplySubKeys(spec, entry);
}

absl::Status BatchViews::ApplySubKeys(const ViewSpec& spec, ListEntry* entry) const {
  ListView& view = entry->view;
  if (view.predictions->is_string || view.labels->is_string) {
    return absl::InvalidArgumentError("binarize needs predictions and labels that are numbers");
  }
  Values labels, predictions;
  predictions.is_float32 = view.predictions->is_float32;
  Lists lists;
  lists.integers = view.predictions->is_integer;
  for (int row = 0; row < extracts_->num_examples; ++row) {
    const auto l = view.labels->row(row), p = view.predictions->row(row);
    lists.labels.assign(l.begin(), l.end());
    lists.predictions.assign(p.begin(), p.end());
    if (!l.empty()) RETURN_IF_ERROR(Annotate(ApplySubKey(spec, &lists), extracts_->Describe(row)));
    labels.numbers.insert(labels.numbers.end(), lists.labels.begin(), lists.labels.end());
    labels.ends.push_back(static_cast<int32_t>(labels.numbers.size()));
    predictions.numbers.insert(predictions.numbers.end(), lists.predictions.begin(), lists.predictions.end());
    predictions.ends.push_back(static_cast<int32_t>(predictions.numbers.size()));
  }
  entry->labels = std::move(labels);
  entry->predictions = std::move(predictions);
  view.labels = &entry->labels;
  view.predictions = &entry->predictions;
  return absl::OkStatus();
}

absl::StatusOr<const FlatView*> BatchViews::Flat(FlatViewId view) {
  FlatEntry* const entry = flat_[view.index].get();
  if (!entry->made) {
    entry->status = MakeFlat(table_->flat()[view.index], entry);
    entry->made = true;
  }
  if (!entry->status.ok()) return entry->status;
  return &entry->view;
}

absl::StatusOr<const ListView*> BatchViews::List(ListViewId view) {
  ListEntry* const entry = lists_[view.index].get();
  if (!entry->made) {
    entry->status = MakeList(table_->lists()[view.index], entry);
    entry->made = true;
  }
  if (!entry->status.ok()) return entry->status;
  return &entry->view;
}

}  // namespace tfxm::model_analysis
