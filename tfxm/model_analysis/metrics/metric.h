// SPDX-License-Identifier: Apache-2.0

// A metric or plot: a class registered under TFMA's class name that says which computations it needs. New metrics, a
// user's own included, are a file that registers one.
//
//   class ExampleCount : public PerKeyMetric {
//     absl::Status Configure(MetricArguments* arguments) override;
//     absl::Status AddForKey(const KeyRequest& request, ComputationPlan* plan) const override;
//   };
//   TFXM_REGISTER(MetricRegistry, "ExampleCount", [] { return std::make_unique<ExampleCount>(); });
//
// As in TFMA there are computations over the examples (accumulators, one per slice) and computations derived from their
// results. Metrics ask for the computations they build on by adding them; what is added twice is computed once.
#ifndef TFXM_MODEL_ANALYSIS_METRICS_METRIC_H_
#define TFXM_MODEL_ANALYSIS_METRICS_METRIC_H_

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tensorflow_metadata/proto/v0/schema.pb.h"
#include "tensorflow_model_analysis/proto/config.pb.h"
#include "tfxm/model_analysis/metrics/metric_arguments.h"
#include "tfxm/model_analysis/metrics/metric_key.h"
#include "tfxm/model_analysis/metrics/metric_value.h"
#include "tfxm/model_analysis/pass/views.h"
#include "tfxm/util/coding/state.h"
#include "tfxm/util/registry.h"

namespace tfxm::model_analysis {

// What a computation keeps of the examples of one slice. What compute/accumulator.h says of accumulators holds for it:
// above all, its result does not depend on the order of the examples or on how they were split over accumulators.
// AccumulatorOf (accumulators.h) makes one of its parts.
class Accumulator {
 public:
  virtual ~Accumulator() = default;
  // Adds the examples `rows` of the batch (ascending; an example that is drawn several times is there several times).
  virtual absl::Status Add(BatchViews* batch, std::span<const int32_t> rows) = 0;
  // `other` was made by the same computation.
  virtual void Merge(const Accumulator& other) = 0;
  // What was added (util/coding/state.h); loaded into a new one of the same computation.
  virtual void Save(StateWriter* writer) const = 0;
  virtual void Load(StateReader* reader) = 0;
  virtual absl::Status Output(MetricsMap* results) const = 0;
};

// Derives further results of a slice from those there are. Appends to `results`; reads `metrics`.
using DerivedFunction = std::function<absl::Status(const MetricsMap& metrics, MetricsMap* results)>;
using CrossSliceFunction =
    std::function<absl::Status(const MetricsMap& baseline, const MetricsMap& comparison, MetricsMap* results)>;

// One example's share in a metric that is a weighted mean over the examples.
struct ExampleTerm {
  double value = 0, weight = 0;

  // Several values of one example: their weighted mean.
  void Add(double v, double w) {
    value = weight == 0 ? v : (value * weight + v * w) / (weight + w);
    weight += w;
  }
};
// Appends a term for each of the examples `rows` of the batch, in their order.
using ExampleTermsFunction =
    std::function<absl::Status(BatchViews* batch, std::span<const int32_t> rows, std::vector<ExampleTerm>* terms)>;

// What a metric reads of what a model costs; nullopt if a model of its kind has no such cost.
struct ModelCost;
using CostFunction = std::function<std::optional<double>(const ModelCost&)>;

// What it takes to compare models by groups of examples (comparison/comparison_plan.h), in each group of each slice.
enum class ComparisonCost {
  kNone,   // They are not compared.
  kLight,  // A few sums.
  kHeavy,  // A histogram of the predictions, whose every evaluation takes about half a millisecond.
};

class ComputationPlan {
 public:
  struct Computation {
    std::string id;
    std::function<std::unique_ptr<Accumulator>()> make;
    ComparisonCost cost;
  };

  FlatViewId AddFlatView(const ViewSpec& spec) { return views_.AddFlat(spec); }
  ListViewId AddListView(const ViewSpec& spec) { return views_.AddList(spec); }
  FlatViewId AddCustomView(const std::string& id, ViewMaker maker) { return views_.AddCustom(id, std::move(maker)); }
  // Makes a feature's values available in Extracts::feature_values.
  void AddFeature(const std::string& name) { features_.insert(name); }
  // `kind` names the sort of accumulator. As in TFMA, two computations with the same kind and keys are the same and the
  // first one added counts. Returns whether it was added.
  bool Add(const std::string& kind, const std::vector<MetricKey>& keys,
           std::function<std::unique_ptr<Accumulator>()> make, ComparisonCost cost = ComparisonCost::kLight);
  // Derived computations run in the order they are added; the first with these keys counts.
  bool AddDerived(const std::vector<MetricKey>& keys, DerivedFunction function);
  bool AddCrossSlice(const std::vector<MetricKey>& keys, CrossSliceFunction function);
  // Says that the result `key` is a weighted mean of a number of each example, and gives these numbers. Not needed for
  // the metric itself: it lets models be compared example by example (comparison/).
  void AddExampleTerms(const MetricKey& key, ExampleTermsFunction terms) { example_terms_[key] = std::move(terms); }

  // A result that is the model's own rather than of examples (cost/cost_metrics.h).
  void AddCost(const MetricKey& key, CostFunction cost) { costs_[key] = std::move(cost); }

  const ViewTable& views() const { return views_; }
  const std::set<std::string>& features() const { return features_; }
  const std::vector<Computation>& computations() const { return computations_; }
  const std::vector<DerivedFunction>& derived() const { return derived_; }
  const std::vector<CrossSliceFunction>& cross_slice() const { return cross_slice_; }
  const std::map<MetricKey, ExampleTermsFunction>& example_terms() const { return example_terms_; }
  const std::map<MetricKey, CostFunction>& costs() const { return costs_; }
  // Every key that a computation was added for.
  const std::set<MetricKey>& keys() const { return keys_; }

 private:
  ViewTable views_;
  std::set<std::string> features_;
  std::vector<Computation> computations_;
  std::vector<DerivedFunction> derived_;
  std::vector<CrossSliceFunction> cross_slice_;
  std::set<std::string> ids_;
  std::set<std::vector<MetricKey>> derived_keys_, cross_slice_keys_;
  std::map<MetricKey, ExampleTermsFunction> example_terms_;
  std::map<MetricKey, CostFunction> costs_;
  std::set<MetricKey> keys_;
};

// What a metrics spec asks of a metric.
struct MetricRequest {
  const ::tensorflow_model_analysis::EvalConfig* eval_config = nullptr;
  const ::tensorflow::metadata::v0::Schema* schema = nullptr;  // May be null.
  std::vector<std::string> model_names, output_names;          // At least one each; "" for the only one.
  std::vector<SubKey> sub_keys;                                // At least one; empty: the whole output.
  Aggregation aggregation = Aggregation::kNone;                // kMicro or kNone.
  std::map<int, double> class_weights;
  bool example_weighted = false;
  std::string query_key;
  // A metric the model brings along (keras_default_metrics.h): its keys do not say whether it is weighted.
  bool is_default = false;
};

class Metric {
 public:
  virtual ~Metric() = default;
  // Reads its arguments; "name" is read by the caller into set_name afterwards. INVALID_ARGUMENT names the argument.
  virtual absl::Status Configure(MetricArguments* arguments) { return absl::OkStatus(); }
  // The name used if the config gives none.
  virtual std::string DefaultName(absl::string_view class_name) const { return SnakeCase(class_name); }
  virtual absl::Status AddComputations(const MetricRequest& request, ComputationPlan* plan) const = 0;
  // False: no confidence interval is computed for it.
  virtual bool ComputesConfidenceInterval() const { return true; }
  // `plan` is of this metric alone. Unless it says otherwise: what has no confidence interval (counts do not differ) is
  // not compared, and the rest costs as much as the dearest of its computations.
  virtual ComparisonCost CostOfComparison(const ComputationPlan& plan) const;
  // Whether it is one of Keras's own metrics, which TFMA computes before the others.
  virtual bool IsKerasMetric() const { return false; }

  const std::string& name() const { return name_; }
  void set_name(std::string name) { name_ = std::move(name); }

 private:
  std::string name_;
};

using MetricRegistry = Registry<Metric>;

// One of the combinations of model, output and sub key in a request.
struct KeyRequest {
  const MetricRequest* request;
  std::string model_name, output_name;
  SubKey sub_key;

  bool example_weighted() const { return request->example_weighted; }
  Aggregation aggregation() const { return request->aggregation; }
  // A key of this model, output, sub key and weighting; without aggregation, as most of TFMA's metrics have it.
  MetricKey Key(const std::string& name) const;
  // The view of it, without fractional labels. INVALID_ARGUMENT if the EvalConfig has no such model.
  absl::StatusOr<ViewSpec> View() const;
};

// A metric that treats the combinations of model, output and sub key separately.
class PerKeyMetric : public Metric {
 public:
  absl::Status AddComputations(const MetricRequest& request, ComputationPlan* plan) const final;
  virtual absl::Status AddForKey(const KeyRequest& request, ComputationPlan* plan) const = 0;
  // What TFMA cannot apply class_weights to.
  virtual bool SupportsClassWeights() const { return true; }
};

// The spec of `model_name` ("" is the only model). INVALID_ARGUMENT names the nearest ones.
absl::StatusOr<int> FindModelSpec(const ::tensorflow_model_analysis::EvalConfig& config, const std::string& model_name);
// The name of the baseline's spec; empty if there is none.
std::string BaselineModelName(const ::tensorflow_model_analysis::EvalConfig& config);

// metrics.at(key) as T, or INTERNAL.
template <typename T>
absl::StatusOr<const T*> FindResult(const MetricsMap& metrics, const MetricKey& key) {
  const auto it = metrics.find(key);
  if (it == metrics.end()) return absl::InternalError("no result " + key.ToString());
  if (const T* value = std::get_if<T>(&it->second)) return value;
  return absl::InternalError("result " + key.ToString() + " is of another kind");
}

}  // namespace tfxm::model_analysis

#endif  // TFXM_MODEL_ANALYSIS_METRICS_METRIC_H_
