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
constexpr double kEpsilon = 1e-7;

std::string OutputNames(const NamedValues& values) {
  return absl::StrJoin(values, ", ",
                       [](std::string* out, const auto& v) { absl::StrAppend(out, "\"", v.first, "\""); });
}

// The positions of the k largest values of p, the k-th largest first.
void TopK(std::span<const double> p, int k, bool integers, std::vector<int>* order) {
  NumpyArgPartition(p, static_cast<int>(p.size()) - k, integers, order);
  order->erase(order->begin(), order->end() - k);
}

}  // namespace

int ViewTable::Add(const ViewSpec& spec) {
  const auto it = std::find(specs_.begin(), specs_.end(), spec);
  if (it != specs_.end()) return static_cast<int>(it - specs_.begin());
  specs_.push_back(spec);
  return static_cast<int>(specs_.size()) - 1;
}

int ViewTable::AddCustom(const std::string& id, ViewMaker maker) {
  auto it = std::find_if(makers_.begin(), makers_.end(), [&](const auto& entry) { return entry.first == id; });
  if (it == makers_.end()) it = makers_.insert(makers_.end(), {id, std::move(maker)});
  return Add({.custom = static_cast<int>(it - makers_.begin()) + 1});
}

struct BatchViews::Entry {
  bool made = false;
  absl::Status status;
  FlatView flat;
  ListView list;
  Values labels, predictions;  // Where the list view is no view of existing values.
  Values vocabulary_labels;    // String labels as class indices.
};

struct BatchViews::Sources {
  const Values* labels = nullptr;
  const Values* predictions = nullptr;
  const Values* weights = nullptr;  // Null: 1.
};

BatchViews::BatchViews(const ViewTable* table) : table_(table) {
  for (size_t i = 0; i < table->specs().size(); ++i) entries_.push_back(std::make_unique<Entry>());
}

BatchViews::~BatchViews() = default;

void BatchViews::Reset(const Extracts* extracts) {
  extracts_ = extracts;
  for (auto& entry : entries_) entry->made = false;
}

absl::Status BatchViews::Resolve(const ViewSpec& spec, Entry* entry, Sources* sources) {
  const ModelExtracts& model = extracts_->models[spec.model_index];
  // The prediction.
  const NamedValues& outputs = model.predictions;
  if (outputs.empty()) {
    return absl::InvalidArgumentError(
        "there are no predictions: give a model, or a prediction_key in the model_spec to read them from the examples");
  }
  for (const auto& [name, values] : outputs) {
    const std::string& wanted = spec.output_name.empty() ? spec.prediction_key : spec.output_name;
    if (name == wanted && !values.unusable.empty()) return absl::InvalidArgumentError(values.unusable);
  }
  if (!spec.output_name.empty()) sources->predictions = FindValues(outputs, spec.output_name);
  if (sources->predictions == nullptr && spec.output_name.empty()) {
    if (outputs.size() == 1) sources->predictions = &outputs[0].second;
    if (sources->predictions == nullptr && !spec.prediction_key.empty()) {
      sources->predictions = FindValues(outputs, spec.prediction_key);
    }
    for (absl::string_view name : kPredictionNames) {
      if (sources->predictions == nullptr) sources->predictions = FindValues(outputs, name);
    }
  }
  if (sources->predictions == nullptr) {
    return absl::InvalidArgumentError(
        spec.output_name.empty()
            ? absl::StrCat("the model has several outputs (", OutputNames(outputs),
                           "): say which one with output_names in the metrics_spec or prediction_key in the model_spec")
            : absl::StrCat("the model has no output \"", spec.output_name, "\"; it has ", OutputNames(outputs)));
  }
  // The label.
  if (spec.labels_are_predictions) {
    sources->labels = sources->predictions;
  } else {
    sources->labels = FindValues(model.labels, spec.output_name);
    if (sources->labels == nullptr) sources->labels = FindValues(model.labels, "");
    if (sources->labels == nullptr && !model.labels.empty()) {
      return absl::InvalidArgumentError(absl::StrCat("label_keys of the model_spec name the outputs ",
                                                     OutputNames(model.labels),
                                                     "; the metrics_spec must say which one with output_names"));
    }
  }
  if (sources->labels != nullptr && sources->labels->is_string && !sources->predictions->is_string) {
    const Values* vocabulary = FindValues(outputs, "all_classes");
    if (vocabulary == nullptr && FindValues(outputs, "scores") != nullptr) vocabulary = FindValues(outputs, "classes");
    if (vocabulary == nullptr || !vocabulary->is_string) {
      return absl::InvalidArgumentError(
          "the labels are strings but the predictions are numbers, and the model has no output \"all_classes\" that "
          "says which class is which");
    }
    Values& indices = entry->vocabulary_labels;
    indices.Clear();
    indices.ends = sources->labels->ends;
    for (int row = 0; row < extracts_->num_examples; ++row) {
      const auto first = vocabulary->strings.begin() + vocabulary->begin(row),
                 last = vocabulary->strings.begin() + vocabulary->ends[row];
      for (int i = sources->labels->begin(row); i < sources->labels->ends[row]; ++i) {
        const auto it = std::find(first, last, sources->labels->strings[i]);
        indices.numbers.push_back(it == last ? -1 : it - first);
      }
    }
    sources->labels = &indices;
  }
  // The weight.
  if (spec.example_weighted) {
    sources->weights = FindValues(model.example_weights, spec.output_name);
    if (sources->weights == nullptr) sources->weights = FindValues(model.example_weights, "");
    if (sources->weights == nullptr && !model.example_weights.empty()) {
      return absl::InvalidArgumentError(absl::StrCat("example_weight_keys of the model_spec name the outputs ",
                                                     OutputNames(model.example_weights),
                                                     "; the metrics_spec must say which one with output_names"));
    }
  }
  return absl::OkStatus();
}

absl::Status BatchViews::CheckWeights(const Values& weights, int row, double* weight) const {
  const auto values = weights.row(row);
  if (values.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(extracts_->Describe(row), " has no example weight"));
  }
  for (double w : values) {
    if (w != values[0]) {
      return absl::InvalidArgumentError(absl::StrCat(extracts_->Describe(row),
                                                     ": the metric needs one example weight but there are ",
                                                     values.size(), " that differ: ", values[0], ", ", w, ", …"));
    }
  }
  *weight = values[0];
  return absl::OkStatus();
}

namespace {

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

}  // namespace

absl::Status BatchViews::MakeFlat(const ViewSpec& spec, Entry* entry) {
  FlatView& view = entry->flat;
  view.labels.clear();
  view.predictions.clear();
  view.weights.clear();
  view.ends.clear();
  if (spec.custom != 0) return table_->maker(spec.custom)(*extracts_, &view);
  Sources sources;
  RETURN_IF_ERROR(Resolve(spec, entry, &sources));
  if (sources.predictions->is_string || (sources.labels != nullptr && sources.labels->is_string)) {
    return absl::InvalidArgumentError("a metric of numbers was given predictions or labels that are strings");
  }
  view.is_float32 = sources.predictions->is_float32;
  Lists lists;
  lists.integers = sources.predictions->is_integer;
  for (int row = 0; row < extracts_->num_examples; ++row) {
    std::span<const double> l = sources.labels != nullptr ? sources.labels->row(row) : std::span<const double>();
    std::span<const double> p = sources.predictions->row(row);
    if (l.empty() && !spec.allow_missing_label) {
      return absl::InvalidArgumentError(absl::StrCat(extracts_->Describe(row), " has no label"));
    }
    if (p.empty()) return absl::InvalidArgumentError(absl::StrCat(extracts_->Describe(row), " has no prediction"));
    if (!spec.sub_key.empty() && !l.empty()) {
      lists.labels.assign(l.begin(), l.end());
      lists.predictions.assign(p.begin(), p.end());
      RETURN_IF_ERROR(Annotate(ApplySubKey(spec, &lists), extracts_->Describe(row)));
      l = lists.labels;
      p = lists.predictions;
    }
    const size_t first = view.labels.size(), n = p.size();
    if (l.empty()) {
      view.labels.resize(first + n, std::numeric_limits<double>::quiet_NaN());
    } else if (l.size() == n) {
      view.labels.insert(view.labels.end(), l.begin(), l.end());
    } else if (l.size() == 1) {
      const int64_t index = static_cast<int64_t>(l[0]);
      if (!(l[0] > -2) || index >= static_cast<int64_t>(n)) {
        return absl::InvalidArgumentError(absl::StrCat(extracts_->Describe(row), ": label ", l[0],
                                                       " is out of range: the prediction has ", n, " classes (0 to ",
                                                       n - 1, ")"));
      }
      view.labels.resize(first + n, 0.0);
      if (index >= 0) view.labels[first + index] = 1;
    } else {
      return absl::InvalidArgumentError(absl::StrCat(extracts_->Describe(row), ": the label has ", l.size(),
                                                     " values but the prediction has ", n,
                                                     "; expected one class index or one value per prediction"));
    }
    view.predictions.insert(view.predictions.end(), p.begin(), p.end());
    if (sources.weights == nullptr) {
      view.weights.resize(first + n, 1.0);
    } else {
      const auto w = sources.weights->row(row);
      if (w.size() == n) {
        view.weights.insert(view.weights.end(), w.begin(), w.end());
      } else if (w.size() == 1) {
        view.weights.resize(first + n, w[0]);
      } else {
        return absl::InvalidArgumentError(
            absl::StrCat(extracts_->Describe(row), " has ", w.size(), " example weights for ", n, " predictions"));
      }
    }
    if (!spec.class_weights.empty()) {
      for (size_t i = 0; i < n; ++i) {
        const auto it = spec.class_weights.find(static_cast<int>(i));
        view.weights[first + i] *= it == spec.class_weights.end() ? 0 : it->second;
      }
    }
    if (spec.fractional_labels) {
      // Most labels are 0 or 1 and stay in place.
      for (size_t i = first; i < first + n; ++i) {
        const double y = view.labels[i];
        if (!(y >= -kEpsilon && y <= 1 + kEpsilon)) {
          if (std::isnan(y)) continue;
          return absl::InvalidArgumentError(
              absl::StrCat(extracts_->Describe(row), ": label ", y, " is not within [0, 1]"));
        }
        if (y != 0 && y != 1) {
          view.labels[i] = 0;
          view.labels.push_back(1);
          view.predictions.push_back(view.predictions[i]);
          view.weights.push_back(view.weights[i] * y);
          view.weights[i] *= 1 - y;
        }
      }
    }
    view.ends.push_back(static_cast<int32_t>(view.labels.size()));
  }
  return absl::OkStatus();
}

absl::Status BatchViews::MakeList(const ViewSpec& spec, Entry* entry) {
  ListView& view = entry->list;
  Sources sources;
  RETURN_IF_ERROR(Resolve(spec, entry, &sources));
  const int n = extracts_->num_examples;
  view.weights.assign(n, 1.0);
  if (sources.weights != nullptr) {
    for (int row = 0; row < n; ++row) RETURN_IF_ERROR(CheckWeights(*sources.weights, row, &view.weights[row]));
  }
  if (sources.labels == nullptr) {
    entry->labels.Clear();
    entry->labels.ends.assign(n, 0);
    sources.labels = &entry->labels;
  }
  if (!spec.allow_missing_label) {
    for (int row = 0; row < n; ++row) {
      if (sources.labels->size(row) == 0) {
        return absl::InvalidArgumentError(absl::StrCat(extracts_->Describe(row), " has no label"));
      }
    }
  }
  if (!spec.sub_key.empty()) {
    if (sources.predictions->is_string || sources.labels->is_string) {
      return absl::InvalidArgumentError("binarize needs predictions and labels that are numbers");
    }
    Values labels, predictions;
    predictions.is_float32 = sources.predictions->is_float32;
    Lists lists;
    lists.integers = sources.predictions->is_integer;
    for (int row = 0; row < n; ++row) {
      const auto l = sources.labels->row(row), p = sources.predictions->row(row);
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
    sources.labels = &entry->labels;
    sources.predictions = &entry->predictions;
  }
  view.labels = sources.labels;
  view.predictions = sources.predictions;
  return absl::OkStatus();
}

absl::StatusOr<const FlatView*> BatchViews::Flat(int view) {
  Entry* entry = entries_[view].get();
  if (!entry->made) {
    entry->status = MakeFlat(table_->specs()[view], entry);
    entry->made = true;
  }
  if (!entry->status.ok()) return entry->status;
  return &entry->flat;
}

absl::StatusOr<const ListView*> BatchViews::List(int view) {
  Entry* entry = entries_[view].get();
  if (!entry->made) {
    entry->status = MakeList(table_->specs()[view], entry);
    entry->made = true;
  }
  if (!entry->status.ok()) return entry->status;
  return &entry->list;
}

}  // namespace tfxm::model_analysis
