// SPDX-License-Identifier: Apache-2.0

#include "tfxm/model_analysis/metrics/metric_specs.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tfxm/model_analysis/metrics/aggregation.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::model_analysis {

namespace tfma = ::tensorflow_model_analysis;

namespace {

using SubKeysByAggregation = std::vector<std::pair<Aggregation, std::vector<SubKey>>>;

Aggregation AggregationOf(const tfma::MetricsSpec& spec) {
  if (spec.aggregate().micro_average()) return Aggregation::kMicro;
  if (spec.aggregate().macro_average()) return Aggregation::kMacro;
  if (spec.aggregate().weighted_macro_average()) return Aggregation::kWeightedMacro;
  return Aggregation::kNone;
}

SubKeysByAggregation SubKeysOf(const tfma::MetricsSpec& spec) {
  SubKeysByAggregation result;
  if (spec.has_binarize()) {
    std::vector<SubKey> sub_keys;
    for (int v : spec.binarize().class_ids().values()) sub_keys.push_back({.class_id = v});
    for (int v : spec.binarize().k_list().values()) sub_keys.push_back({.k = v});
    for (int v : spec.binarize().top_k_list().values()) sub_keys.push_back({.top_k = v});
    if (!sub_keys.empty()) result.emplace_back(Aggregation::kNone, std::move(sub_keys));
  }
  if (spec.has_aggregate()) {
    std::vector<SubKey> sub_keys;
    for (int v : spec.aggregate().top_k_list().values()) sub_keys.push_back({.top_k = v});
    if (sub_keys.empty()) sub_keys.emplace_back();
    const Aggregation aggregation = AggregationOf(spec);
    if (aggregation == Aggregation::kNone) result.clear();
    result.emplace_back(aggregation, std::move(sub_keys));
  }
  if (result.empty()) result.emplace_back(Aggregation::kNone, std::vector<SubKey>{SubKey()});
  return result;
}

bool IsMacro(Aggregation aggregation) {
  return aggregation == Aggregation::kMacro || aggregation == Aggregation::kWeightedMacro;
}

absl::StatusOr<std::map<int, double>> ClassWeights(const tfma::MetricsSpec& spec) {
  std::map<int, double> weights;
  for (const auto& [id, weight] : spec.aggregate().class_weights()) weights[id] = weight;
  if (spec.aggregate().has_top_k_list() && !weights.empty()) {
    return absl::InvalidArgumentError("aggregate: class_weights cannot be combined with top_k_list");
  }
  return weights;
}

absl::StatusOr<std::vector<SubKey>> MacroSubKeys(const SubKey& sub_key, const std::map<int, double>& class_weights) {
  std::vector<SubKey> result;
  if (sub_key.empty()) {
    if (class_weights.empty()) {
      return absl::InvalidArgumentError(
          "aggregate: macro averages need class_weights (say which classes there are), or a top_k_list");
    }
    for (const auto& [id, weight] : class_weights) result.push_back({.class_id = id});
  } else {
    // A computation each.
    if (*sub_key.top_k > 10000) {
      return absl::InvalidArgumentError(
          absl::StrCat("aggregate: top_k_list has ", *sub_key.top_k, "; a macro average is of at most 10000"));
    }
    for (int k = 1; k <= *sub_key.top_k; ++k) result.push_back({.k = k});
  }
  return result;
}

bool WeightedByDefault(const tfma::EvalConfig& config, const tfma::MetricsSpec& spec) {
  auto has_weights = [&](const tfma::ModelSpec& model) {
    if (!model.example_weight_key().empty()) return true;
    return std::any_of(spec.output_names().begin(), spec.output_names().end(),
                       [&](const std::string& name) { return model.example_weight_keys().contains(name); });
  };
  for (const tfma::ModelSpec& model : config.model_specs()) {
    const bool wanted =
        spec.model_names().empty() || config.model_specs_size() == 1 ||
        std::find(spec.model_names().begin(), spec.model_names().end(), model.name()) != spec.model_names().end();
    if (wanted && has_weights(model)) return true;
  }
  return false;
}

std::vector<bool> WeightOptions(const tfma::EvalConfig& config, const tfma::MetricsSpec& spec) {
  if (!spec.has_example_weights()) return {WeightedByDefault(config, spec)};
  std::vector<bool> options;
  if (spec.example_weights().weighted()) options.push_back(true);
  if (spec.example_weights().unweighted()) options.push_back(false);
  return options;
}

std::vector<std::string> NamesOrEmpty(const google::protobuf::RepeatedPtrField<std::string>& names) {
  if (names.empty()) return {""};
  return {names.begin(), names.end()};
}

// The computations of one metric of one spec, without the averages over classes and outputs.
absl::Status AddMetric(const tfma::EvalConfig& config, const ::tensorflow::metadata::v0::Schema* schema,
                       const tfma::MetricsSpec& spec, const tfma::MetricConfig& metric_config, const Metric& metric,
                       ComputationPlan* plan) {
  const SubKeysByAggregation by_aggregation = SubKeysOf(spec);
  ASSIGN_OR_RETURN(const auto class_weights, ClassWeights(spec));
  std::vector<SubKey> shared;
  for (const auto& [aggregation, sub_keys] : by_aggregation) {
    if (aggregation == Aggregation::kNone) shared = sub_keys;
  }
  for (const auto& [aggregation, sub_keys] : by_aggregation) {
    MetricRequest request{.eval_config = &config,
                          .schema = schema,
                          .model_names = NamesOrEmpty(spec.model_names()),
                          .output_names = NamesOrEmpty(spec.output_names()),
                          .sub_keys = sub_keys,
                          .query_key = spec.query_key()};
    std::unique_ptr<Metric> private_metric;
    if (IsMacro(aggregation)) {
      // The values per class that are averaged; those the spec asks for anyway are not computed twice.
      request.sub_keys.clear();
      for (const SubKey& sub_key : sub_keys) {
        ASSIGN_OR_RETURN(const std::vector<SubKey> children, MacroSubKeys(sub_key, class_weights));
        for (const SubKey& child : children) {
          if (std::find(shared.begin(), shared.end(), child) == shared.end()) request.sub_keys.push_back(child);
        }
      }
      if (request.sub_keys.empty()) continue;
      ASSIGN_OR_RETURN(private_metric, MakeMetric(metric_config, /*is_private=*/true));
    } else if (aggregation == Aggregation::kMicro) {
      request.aggregation = aggregation;
      request.class_weights = class_weights;
    }
    for (bool weighted : WeightOptions(config, spec)) {
      request.example_weighted = weighted;
      RETURN_IF_ERROR((private_metric ? *private_metric : metric).AddComputations(request, plan));
    }
  }
  return absl::OkStatus();
}

absl::Status AddAverages(const tfma::EvalConfig& config, const tfma::MetricsSpec& spec,
                         const std::vector<std::string>& metric_names, ComputationPlan* plan) {
  const std::vector<std::string> output_names = NamesOrEmpty(spec.output_names());
  std::map<std::string, double> output_weights;
  for (const auto& [name, weight] : spec.output_weights()) {
    output_weights[name] = weight;
    if (std::find(output_names.begin(), output_names.end(), name) == output_names.end()) {
      const std::string near = NearestNames(name, output_names);
      return absl::InvalidArgumentError(absl::StrCat("output_weights: \"", name, "\" is not in output_names",
                                                     near.empty() ? "" : "; did you mean ", near));
    }
  }
  ASSIGN_OR_RETURN(const auto class_weights, ClassWeights(spec));
  for (bool weighted : WeightOptions(config, spec)) {
    MetricRequest request{.eval_config = &config, .example_weighted = weighted};
    for (const auto& [aggregation, sub_keys] : SubKeysOf(spec)) {
      for (const std::string& model_name : NamesOrEmpty(spec.model_names())) {
        for (const SubKey& sub_key : sub_keys) {
          for (const std::string& name : metric_names) {
            if (IsMacro(aggregation)) {
              ASSIGN_OR_RETURN(const std::vector<SubKey> children, MacroSubKeys(sub_key, class_weights));
              for (const std::string& output_name : output_names) {
                RETURN_IF_ERROR(AddMacroAverage(name, {&request, model_name, output_name, sub_key}, children,
                                                class_weights, aggregation == Aggregation::kWeightedMacro, plan));
              }
            }
            if (!output_weights.empty())
              AddOutputAverage(name, {&request, model_name, "", sub_key}, output_weights, plan);
          }
        }
      }
    }
  }
  return absl::OkStatus();
}

std::vector<MetricKey> KeysOf(const std::string& name, const tfma::MetricsSpec& spec, Aggregation aggregation,
                              const std::vector<SubKey>& sub_keys, const std::vector<std::optional<bool>>& weighted) {
  std::vector<MetricKey> keys;
  for (const std::string& model_name : NamesOrEmpty(spec.model_names())) {
    for (const std::string& output_name : NamesOrEmpty(spec.output_names())) {
      for (const SubKey& sub_key : sub_keys) {
        for (const std::optional<bool>& w : weighted) {
          keys.push_back({.name = name,
                          .model_name = model_name,
                          .output_name = output_name,
                          .sub_key = sub_key,
                          .aggregation = aggregation,
                          .example_weighted = w});
        }
      }
    }
  }
  return keys;
}

class ThresholdsBuilder {
 public:
  using Slice = decltype(SliceThreshold::slice);

  absl::Status Add(const MetricKey& key, const Slice& slice, const tfma::MetricThreshold& threshold) {
    if (threshold.has_value_threshold()) RETURN_IF_ERROR(AddOne(key, {slice, threshold.value_threshold()}));
    if (threshold.has_change_threshold()) RETURN_IF_ERROR(AddOne(key.DiffKey(), {slice, threshold.change_threshold()}));
    return absl::OkStatus();
  }
  template <typename PerSlice, typename CrossSlice>
  absl::Status AddPerSlice(const MetricKey& key, const PerSlice& per_slice, const CrossSlice& cross_slice) {
    for (const auto& threshold : per_slice) {
      for (const auto& slice : threshold.slicing_specs()) RETURN_IF_ERROR(Add(key, slice, threshold.threshold()));
    }
    for (const auto& threshold : cross_slice) {
      for (const auto& slice : threshold.cross_slicing_specs()) RETURN_IF_ERROR(Add(key, slice, threshold.threshold()));
    }
    return absl::OkStatus();
  }
  Thresholds Take() { return std::move(result_); }

 private:
  absl::Status AddOne(const MetricKey& key, SliceThreshold threshold) {
    std::string slice, value;
    if (const auto* spec = std::get_if<tfma::SlicingSpec>(&threshold.slice))
      slice = absl::StrCat("s", io::SerializeDeterministically(*spec));
    if (const auto* spec = std::get_if<tfma::CrossSlicingSpec>(&threshold.slice))
      slice = absl::StrCat("c", io::SerializeDeterministically(*spec));
    std::visit([&](const auto& t) { value = std::string(t.GetTypeName()) + io::SerializeDeterministically(t); },
               threshold.threshold);
    if (!seen_.insert({key, slice, value}).second) return absl::OkStatus();
    auto it = std::find_if(result_.begin(), result_.end(), [&](const auto& entry) { return entry.first == key; });
    if (it == result_.end()) it = result_.insert(result_.end(), {key, {}});
    it->second.push_back(std::move(threshold));
    return absl::OkStatus();
  }

  Thresholds result_;
  std::set<std::tuple<MetricKey, std::string, std::string>> seen_;
};

template <typename Map>
std::vector<std::string> SortedKeys(const Map& map) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : map) keys.push_back(key);
  std::sort(keys.begin(), keys.end());
  return keys;
}

std::vector<std::optional<bool>> Weighted(const tfma::EvalConfig& config, const tfma::MetricsSpec& spec) {
  std::vector<std::optional<bool>> weighted;
  for (bool w : WeightOptions(config, spec)) weighted.emplace_back(w);
  return weighted;
}

// The thresholds by name: of metrics that the model computes itself, which are neither weighted nor not.
absl::Status AddByName(const tfma::MetricsSpec& spec, ThresholdsBuilder* builder) {
  const google::protobuf::RepeatedPtrField<tfma::PerSliceMetricThreshold> no_slices;
  const google::protobuf::RepeatedPtrField<tfma::CrossSliceMetricThreshold> no_cross_slices;
  for (const auto& [aggregation, sub_keys] : SubKeysOf(spec)) {
    const auto keys = [&, &aggregation = aggregation, &sub_keys = sub_keys](const std::string& name) {
      return KeysOf(name, spec, aggregation, sub_keys, {std::nullopt});
    };
    for (const std::string& name : SortedKeys(spec.thresholds())) {
      for (const MetricKey& key : keys(name)) {
        RETURN_IF_ERROR(builder->Add(key, std::monostate(), spec.thresholds().at(name)));
      }
    }
    for (const std::string& name : SortedKeys(spec.per_slice_thresholds())) {
      for (const MetricKey& key : keys(name)) {
        RETURN_IF_ERROR(builder->AddPerSlice(key, spec.per_slice_thresholds().at(name).thresholds(), no_cross_slices));
      }
    }
    for (const std::string& name : SortedKeys(spec.cross_slice_thresholds())) {
      for (const MetricKey& key : keys(name)) {
        RETURN_IF_ERROR(builder->AddPerSlice(key, no_slices, spec.cross_slice_thresholds().at(name).thresholds()));
      }
    }
  }
  return absl::OkStatus();
}

// The thresholds in the metrics' own configs, by spec, aggregation and metric.
absl::Status AddOfMetrics(const ResolvedConfig& resolved, ThresholdsBuilder* builder) {
  for (int s = 0; s < resolved.eval_config->metrics_specs_size(); ++s) {
    const tfma::MetricsSpec& spec = resolved.eval_config->metrics_specs(s);
    const std::vector<std::optional<bool>> weighted = Weighted(*resolved.eval_config, spec);
    for (const auto& [aggregation, sub_keys] : SubKeysOf(spec)) {
      for (const ConfiguredMetric& metric : resolved.metrics) {
        if (metric.spec != s) continue;
        const tfma::MetricConfig& config = *metric.config;
        for (const MetricKey& key : KeysOf(metric.metric->name(), spec, aggregation, sub_keys, weighted)) {
          if (config.has_threshold()) RETURN_IF_ERROR(builder->Add(key, std::monostate(), config.threshold()));
          RETURN_IF_ERROR(builder->AddPerSlice(key, config.per_slice_thresholds(), config.cross_slice_thresholds()));
        }
      }
    }
  }
  return absl::OkStatus();
}

// The plans of the specs that are the keys of `names`, whose values become the names of their metrics.
absl::StatusOr<std::vector<QueryPlan>> MakePlans(const ResolvedConfig& resolved,
                                                 const std::function<bool(const ConfiguredMetric&)>& wanted,
                                                 std::map<int, std::vector<std::string>> names) {
  const tfma::EvalConfig& config = *resolved.eval_config;
  std::map<std::string, QueryPlan> plans;
  // Keras metrics come before TFMA's, and averages last: later results replace earlier ones of the same key.
  for (const bool keras : {true, false}) {
    for (const ConfiguredMetric& metric : resolved.metrics) {
      if (metric.metric->IsKerasMetric() != keras || !wanted(metric)) continue;
      const tfma::MetricsSpec& spec = config.metrics_specs(metric.spec);
      RETURN_IF_ERROR(Annotate(
          AddMetric(config, resolved.schema, spec, *metric.config, *metric.metric, &plans[spec.query_key()].plan),
          absl::StrCat("metric ", metric.config->class_name())));
      names[metric.spec].push_back(metric.metric->name());
    }
  }
  for (const auto& [s, of_spec] : names) {
    const tfma::MetricsSpec& spec = config.metrics_specs(s);
    RETURN_IF_ERROR(AddAverages(config, spec, of_spec, &plans[spec.query_key()].plan));
  }
  std::vector<QueryPlan> result;
  for (auto& [query_key, plan] : plans) {
    plan.query_key = query_key;
    result.push_back(std::move(plan));
  }
  return result;
}

// Results are told apart by their keys alone, which a query_key is no part of; TFMA refuses such a config, too.
absl::Status CheckQueryKeys(const std::vector<QueryPlan>& plans) {
  std::map<MetricKey, std::string> query_keys;
  for (const QueryPlan& plan : plans) {
    for (const MetricKey& key : plan.plan.keys()) {
      if (key.is_private()) continue;
      const auto [first, is_new] = query_keys.try_emplace(key, plan.query_key);
      if (is_new) continue;
      const auto of = [](const std::string& query_key) {
        return query_key.empty() ? std::string("without a query_key")
                                 : absl::StrCat("of query_key \"", query_key, "\"");
      };
      return absl::InvalidArgumentError(absl::StrCat(
          "there is a metric ", key.ToString(), " ", of(first->second), " and one ", of(plan.query_key),
          ", and only one of them could be told; give one a name of its own: config: '{\"name\": \"…\"}' (QueryStatistics: total_queries_name, total_documents_name, min_documents_name, max_documents_name)"));
    }
  }
  return absl::OkStatus();
}

std::string ConfigText(const tfma::MetricConfig& config) {
  return config.config().empty() ? config.class_name() : absl::StrCat(config.class_name(), " ", config.config());
}

// Of metrics of one name (and output, class and so on) there is one result, as in TFMA.
absl::Status WarnOfDuplicates(ResolvedConfig* resolved) {
  std::map<std::string, std::vector<const ConfiguredMetric*>> by_name;
  for (const ConfiguredMetric& metric : resolved->metrics) by_name[metric.metric->name()].push_back(&metric);
  for (const auto& [name, metrics] : by_name) {
    std::map<MetricKey, const ConfiguredMetric*> seen;
    std::set<std::string> warnings;
    for (size_t i = 0; metrics.size() > 1 && i < metrics.size(); ++i) {
      ASSIGN_OR_RETURN(const auto plans, MakeQueryPlans(*resolved, [&](const auto& m) { return &m == metrics[i]; }));
      for (const QueryPlan& plan : plans) {
        for (const MetricKey& key : plan.plan.keys()) {
          const ConfiguredMetric* last = std::exchange(seen[key], metrics[i]);
          if (key.is_private() || last == nullptr || ConfigText(*last->config) == ConfigText(*metrics[i]->config))
            continue;
          warnings.insert(absl::StrCat(
              "metrics ", ConfigText(*last->config), " and ", ConfigText(*metrics[i]->config), " are both called \"",
              name,
              "\": as in TFMA, only one of them is reported, and the thresholds of both are checked against it; give "
              "one a name of its own in its config: \"name\": \"…\""));
        }
      }
    }
    resolved->warnings.insert(resolved->warnings.end(), warnings.begin(), warnings.end());
  }
  return absl::OkStatus();
}

// Says why there is no such metric, and which ones have similar names.
absl::Status UnknownMetric(const tfma::MetricConfig& config) {
  const std::string& name = config.class_name();
  for (const auto& [known, why] : std::initializer_list<std::pair<absl::string_view, absl::string_view>>{
           {"Attributions", "it reads attributions, which only extractors of TFMA's compute"},
           {"Rouge", "TFMA 0.46 fails on it"},
           {"Bleu", "TFMA 0.46 fails on it"},
           {"R2Score", "TFMA 0.46 fails on it; SquaredPearsonCorrelation is near to it"},
           {"FBetaScore", "TFMA 0.46 fails on it; F1Score is there"}}) {
    if (absl::EndsWith(name, known)) {
      return absl::InvalidArgumentError(absl::StrCat("metric ", name, " of TFMA or Keras is not there: ", why));
    }
  }
  if (absl::EndsWith(config.module(), ".cc")) {
    return absl::InvalidArgumentError(absl::StrCat("metric ", name, " of ", config.module(),
                                                   " is not loaded; a program does that with LoadMetricModules "
                                                   "(tfxm/components/modules/metric_modules.h)"));
  }
  if (!config.module().empty() && !absl::StartsWith(config.module(), "tensorflow_model_analysis") &&
      !absl::StrContains(config.module(), "keras")) {
    return absl::InvalidArgumentError(absl::StrCat("metric ", name, " is of module ", config.module(),
                                                   ", but custom metrics are written in C++ (custom_metric.h)"));
  }
  std::vector<std::string> names;
  for (const std::string& known : MetricRegistry::Get().Names()) {
    if (known.find('>') == std::string::npos) names.push_back(known);
  }
  const std::string near = NearestNames(name, names);
  return absl::InvalidArgumentError(absl::StrCat(
      "no metric is called \"", name, "\"",
      near.empty() ? absl::StrCat("; there are ", absl::StrJoin(names, ", ")) : absl::StrCat("; did you mean ", near)));
}

}  // namespace

absl::StatusOr<std::unique_ptr<Metric>> MakeMetric(const tfma::MetricConfig& config, bool is_private) {
  absl::StatusOr<std::unique_ptr<Metric>> metric = MetricRegistry::Get().Create(config.class_name());
  if (!metric.ok()) {
    return UnknownMetric(config);
  }
  ASSIGN_OR_RETURN(MetricArguments arguments, MetricArguments::Parse(config.class_name(), config.config()));
  arguments.set_module(config.module());
  ASSIGN_OR_RETURN(std::string name, arguments.String("name", ""));
  RETURN_IF_ERROR((*metric)->Configure(&arguments));
  RETURN_IF_ERROR(arguments.CheckAllRead());
  if (name.empty()) name = (*metric)->DefaultName(config.class_name());
  if (is_private && !name.starts_with("_")) name = "_" + name;
  (*metric)->set_name(std::move(name));
  return metric;
}

absl::StatusOr<std::vector<QueryPlan>> MakeQueryPlans(const ResolvedConfig& resolved,
                                                      const std::function<bool(const ConfiguredMetric&)>& wanted) {
  std::map<int, std::vector<std::string>> names;
  for (const ConfiguredMetric& metric : resolved.metrics) {
    if (wanted(metric)) names[metric.spec];
  }
  return MakePlans(resolved, wanted, std::move(names));
}

absl::StatusOr<ResolvedConfig> ResolveConfig(const tfma::EvalConfig* eval_config,
                                             const ::tensorflow::metadata::v0::Schema* schema) {
  ResolvedConfig resolved;
  resolved.eval_config = eval_config;
  resolved.schema = schema;
  for (int s = 0; s < eval_config->metrics_specs_size(); ++s) {
    for (const tfma::MetricConfig& config : eval_config->metrics_specs(s).metrics()) {
      ASSIGN_OR_RETURN(std::unique_ptr<Metric> metric, MakeMetric(config));
      resolved.metrics.push_back({s, &config, std::move(metric)});
    }
  }
  std::map<int, std::vector<std::string>> names;
  for (int s = 0; s < eval_config->metrics_specs_size(); ++s) names[s];
  ASSIGN_OR_RETURN(resolved.plans, MakePlans(resolved, [](const ConfiguredMetric&) { return true; }, std::move(names)));
  RETURN_IF_ERROR(CheckQueryKeys(resolved.plans));
  RETURN_IF_ERROR(WarnOfDuplicates(&resolved));
  if (resolved.plans.empty()) resolved.plans.emplace_back();
  for (const ConfiguredMetric& metric : resolved.metrics) {
    if (metric.metric->ComputesConfidenceInterval()) continue;
    const tfma::MetricsSpec& spec = eval_config->metrics_specs(metric.spec);
    for (const auto& [aggregation, sub_keys] : SubKeysOf(spec)) {
      for (MetricKey& key : KeysOf(metric.metric->name(), spec, aggregation, sub_keys, Weighted(*eval_config, spec))) {
        resolved.keys_without_confidence_interval.insert(std::move(key));
      }
    }
  }
  ThresholdsBuilder thresholds;
  for (const tfma::MetricsSpec& spec : eval_config->metrics_specs()) RETURN_IF_ERROR(AddByName(spec, &thresholds));
  RETURN_IF_ERROR(AddOfMetrics(resolved, &thresholds));
  resolved.thresholds = thresholds.Take();
  return resolved;
}

}  // namespace tfxm::model_analysis
