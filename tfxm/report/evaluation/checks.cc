// SPDX-License-Identifier: Apache-2.0

#include "tfxm/report/evaluation/checks.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tfxm/proto/costs.h"
#include "tfxm/report/evaluation/metric_direction.h"
#include "tfxm/util/io.h"
#include "tfxm/util/text/text.h"

namespace tfxm::report {
namespace {

namespace tfma = ::tensorflow_model_analysis;

std::string Signed(double x) { return absl::StrCat(x > 0 ? "+" : "", ShortNumber(x)); }
std::string Percent(double x) { return absl::StrCat(Signed(100 * x), " %"); }

// Costs are a model's, whatever the slice (model_analysis/cost/cost_metrics.h).
bool IsCost(absl::string_view class_name) {
  return std::any_of(std::begin(kCosts), std::end(kCosts),
                     [&](const Cost& cost) { return !class_name.empty() && cost.metric_class == class_name; });
}

// One demand: a value threshold or a change threshold, for all slices or those of one spec.
struct Demand {
  std::string metric;
  const tfma::MetricsSpec* metrics_spec;
  tfma::MetricThreshold threshold;  // Exactly one of its two parts.
  const tfma::SlicingSpec* slicing = nullptr;
  const tfma::CrossSlicingSpec* cross_slicing = nullptr;
  bool is_cost = false;
};

bool Matches(const tfma::SlicingSpec& spec, const std::vector<std::pair<std::string, SliceValue>>& values) {
  std::set<std::string> columns(spec.feature_keys().begin(), spec.feature_keys().end());
  for (const auto& [column, text] : spec.feature_values()) columns.insert(column);
  if (columns.size() != values.size()) return false;
  for (const auto& [column, value] : values) {
    if (columns.count(column) == 0) return false;
    const auto wanted = spec.feature_values().find(column);
    if (wanted != spec.feature_values().end() && wanted->second != SliceValueText(value)) return false;
  }
  return true;
}

bool AppliesTo(const Demand& demand, const Slice& slice) {
  if (demand.cross_slicing != nullptr) {
    if (!slice.cross_baseline || !Matches(demand.cross_slicing->baseline_spec(), *slice.cross_baseline)) return false;
    return std::any_of(demand.cross_slicing->slicing_specs().begin(), demand.cross_slicing->slicing_specs().end(),
                       [&](const tfma::SlicingSpec& spec) { return Matches(spec, slice.values); });
  }
  if (slice.cross_baseline) return false;
  return demand.slicing == nullptr || Matches(*demand.slicing, slice.values);
}

bool AppliesTo(const Demand& demand, const Key& key, const std::string& baseline) {
  if (key.is_diff != demand.threshold.has_change_threshold()) return false;
  if (!baseline.empty() && key.model_name == baseline) return false;
  if (!SameMetricName(demand.metric, key.name)) return false;
  const auto listed = [](const auto& names, const std::string& name) {
    return names.empty() || std::find(names.begin(), names.end(), name) != names.end();
  };
  return listed(demand.metrics_spec->model_names(), key.model_name) &&
         listed(demand.metrics_spec->output_names(), key.output_name);
}

template <typename Fn>
void ForEachPart(const tfma::MetricThreshold& threshold, Fn&& fn) {
  if (threshold.has_value_threshold()) {
    tfma::MetricThreshold part;
    *part.mutable_value_threshold() = threshold.value_threshold();
    fn(part);
  }
  if (threshold.has_change_threshold()) {
    tfma::MetricThreshold part;
    *part.mutable_change_threshold() = threshold.change_threshold();
    fn(part);
  }
}

std::vector<Demand> Demands(const tfma::EvalConfig& config) {
  std::vector<Demand> demands;
  for (const auto& spec : config.metrics_specs()) {
    const auto whole = [&](const std::string& metric, const tfma::MetricThreshold& threshold, bool is_cost = false) {
      ForEachPart(threshold,
                  [&](const auto& part) { demands.push_back({metric, &spec, part, nullptr, nullptr, is_cost}); });
    };
    const auto per_slice = [&](const std::string& metric, const auto& thresholds) {
      for (const auto& t : thresholds) {
        for (const auto& slicing : t.slicing_specs()) {
          ForEachPart(t.threshold(), [&](const auto& part) { demands.push_back({metric, &spec, part, &slicing}); });
        }
      }
    };
    const auto cross_slice = [&](const std::string& metric, const auto& thresholds) {
      for (const auto& t : thresholds) {
        for (const auto& slicing : t.cross_slicing_specs()) {
          ForEachPart(t.threshold(),
                      [&](const auto& part) { demands.push_back({metric, &spec, part, nullptr, &slicing}); });
        }
      }
    };
    for (const auto& metric : spec.metrics()) {
      const std::string name = ConfiguredName(metric);
      if (metric.has_threshold()) whole(name, metric.threshold(), IsCost(metric.class_name()));
      per_slice(name, metric.per_slice_thresholds());
      cross_slice(name, metric.cross_slice_thresholds());
    }
    // Protobuf maps have no order of their own.
    std::map<std::string, tfma::MetricThreshold> by_name(spec.thresholds().begin(), spec.thresholds().end());
    for (const auto& [name, threshold] : by_name) whole(name, threshold);
    std::set<std::string> names;
    for (const auto& [name, thresholds] : spec.per_slice_thresholds()) names.insert(name);
    for (const auto& name : names) per_slice(name, spec.per_slice_thresholds().at(name).thresholds());
    names.clear();
    for (const auto& [name, thresholds] : spec.cross_slice_thresholds()) names.insert(name);
    for (const auto& name : names) cross_slice(name, spec.cross_slice_thresholds().at(name).thresholds());
  }
  return demands;
}

// The baseline's value that a change is relative to, if it is there.
std::optional<double> BaselineValue(const Evaluation& evaluation, const ValidationFailure& failure) {
  Key key = failure.key;
  key.is_diff = false;
  key.model_name = evaluation.BaselineModel();
  for (const SliceMetrics& slice : evaluation.slices) {
    if (!(slice.slice == failure.slice)) continue;
    for (const Metric& metric : slice.metrics) {
      if (metric.key == key && metric.value.kind == MetricValue::Kind::kNumber) return metric.value.number;
    }
  }
  return std::nullopt;
}

Key WithoutSubKey(Key key) {
  key.class_id = key.k = key.top_k = std::nullopt;
  return key;
}

// TFMA looks for the threshold's metric without what the metric's own config says of classes: "top_k", "top_k_list",
// "class_id". The metric it does not find, if it is there with such a key.
const Key* WithSubKey(const Evaluation& evaluation, const ValidationFailure& failure) {
  for (const SliceMetrics& slice : evaluation.slices) {
    for (const Metric& metric : slice.metrics) {
      if (!metric.key.SubKeyText().empty() && WithoutSubKey(metric.key) == failure.key) return &metric.key;
    }
  }
  return nullptr;
}

std::string Reason(const Evaluation& evaluation, const ValidationFailure& failure) {
  if (!failure.value) {
    if (const Key* key = WithSubKey(evaluation, failure)) {
      const std::string binarize = key->top_k      ? absl::StrCat("top_k_list { values: ", *key->top_k, " }")
                                   : key->class_id ? absl::StrCat("class_ids { values: ", *key->class_id, " }")
                                                   : absl::StrCat("k_list { values: ", *key->k, " }");
      return absl::StrCat("it was computed as \"", key->Text(), "\", which TFMA holds no threshold against when the ",
                          "metric's own config says so; take that out of its config and give its metrics_specs ",
                          "binarize { ", binarize, " }");
    }
    return failure.message.empty() ? "the metric was not computed" : failure.message;
  }
  const double value = *failure.value;
  std::vector<std::string> reasons;
  if (std::isnan(value)) return "the value is NaN";
  if (failure.threshold.has_value_threshold()) {
    const auto& t = failure.threshold.value_threshold();
    if (t.has_lower_bound() && value < t.lower_bound().value()) {
      reasons.push_back(absl::StrCat(ShortNumber(value), " is below ", ShortNumber(t.lower_bound().value())));
    }
    if (t.has_upper_bound() && value > t.upper_bound().value()) {
      reasons.push_back(absl::StrCat(ShortNumber(value), " is above ", ShortNumber(t.upper_bound().value())));
    }
  } else if (failure.threshold.has_change_threshold()) {
    const auto& t = failure.threshold.change_threshold();
    const bool higher = t.direction() == tfma::HIGHER_IS_BETTER;
    const auto wrong = [&](double x, double bound) { return higher ? !(x >= bound) : !(x <= bound); };
    if (t.direction() == tfma::UNKNOWN) reasons.push_back("the change threshold names no direction");
    if (t.has_absolute() && wrong(value, t.absolute().value())) {
      reasons.push_back(absl::StrCat("changed by ", Signed(value), ", ", higher ? "at least " : "at most ",
                                     Signed(t.absolute().value()), " is required"));
    }
    const auto base = BaselineValue(evaluation, failure);
    if (base && *base == 0) {
      reasons.push_back(absl::StrCat("changed by ", Signed(value),
                                     " from a baseline of 0, where TFMA blesses no change, for "
                                     "the relative one is not a number; a value_threshold can be met there"));
    } else if (t.has_relative()) {
      if (!base) {
        reasons.push_back("the baseline's value is absent, so there is no relative change");
      } else if (wrong(value / *base, t.relative().value())) {
        reasons.push_back(absl::StrCat("changed by ", Percent(value / *base), ", ", higher ? "at least " : "at most ",
                                       Percent(t.relative().value()), " is required"));
      }
    }
  }
  if (reasons.empty()) reasons.push_back(absl::StrCat("the value is ", ShortNumber(value)));
  if (!failure.message.empty()) reasons.push_back(std::string(absl::StripAsciiWhitespace(failure.message)));
  return absl::StrJoin(reasons, "; ");
}

std::string AppliesToText(const Demand& demand) {
  if (demand.cross_slicing != nullptr) return SlicingSpecText(*demand.cross_slicing);
  if (demand.slicing == nullptr) return demand.is_cost ? "the model" : "every slice";
  // TFMA compares the feature keys and values of such a spec, of which there are none, and so checks all examples.
  if (!demand.slicing->slice_keys_sql().empty()) {
    return absl::StrCat("Overall, which is what TFMA checks for ", SlicingSpecText(*demand.slicing));
  }
  return SlicingSpecText(*demand.slicing);
}

}  // namespace

std::string RequirementText(const tfma::MetricThreshold& threshold) {
  std::vector<std::string> parts;
  if (threshold.has_value_threshold()) {
    const auto& t = threshold.value_threshold();
    if (t.has_lower_bound()) parts.push_back(absl::StrCat("at least ", ShortNumber(t.lower_bound().value())));
    if (t.has_upper_bound()) parts.push_back(absl::StrCat("at most ", ShortNumber(t.upper_bound().value())));
  }
  if (threshold.has_change_threshold()) {
    const auto& t = threshold.change_threshold();
    const absl::string_view at = t.direction() == tfma::HIGHER_IS_BETTER ? "change at least " : "change at most ";
    if (t.has_absolute()) parts.push_back(absl::StrCat(at, Signed(t.absolute().value())));
    if (t.has_relative()) parts.push_back(absl::StrCat(at, Percent(t.relative().value())));
  }
  return parts.empty() ? "present" : absl::StrJoin(parts, " and ");
}

std::string SlicingSpecText(const tfma::SlicingSpec& spec) {
  if (!spec.slice_keys_sql().empty()) return absl::StrCat("slices by SQL: ", PrintableText(spec.slice_keys_sql()));
  const std::map<std::string, std::string> values(spec.feature_values().begin(), spec.feature_values().end());
  std::vector<std::string> parts;
  if (spec.feature_keys_size() > 0)
    parts.push_back(absl::StrCat("slices by ", absl::StrJoin(spec.feature_keys(), " × ")));
  for (const auto& [column, value] : values) parts.push_back(absl::StrCat(column, ": ", value));
  return parts.empty() ? "Overall" : PrintableText(absl::StrJoin(parts, ", "));
}

std::string SlicingSpecText(const tfma::CrossSlicingSpec& spec) {
  return absl::StrCat(SlicingSpecText(spec.baseline_spec()), " − ",
                      absl::StrJoin(spec.slicing_specs(), " or ", [](std::string* out, const tfma::SlicingSpec& s) {
                        absl::StrAppend(out, SlicingSpecText(s));
                      }));
}

std::vector<Check> ThresholdChecks(const Evaluation& evaluation) {
  std::vector<Check> checks;
  if (!evaluation.validation) return checks;
  const std::vector<ValidationFailure>& failures = evaluation.validation->failures;
  std::vector<bool> explained(failures.size(), false);
  const std::string baseline = evaluation.BaselineModel();
  for (const Demand& demand : Demands(evaluation.config)) {
    Check check{
        .metric = demand.metric, .requirement = RequirementText(demand.threshold), .applies_to = AppliesToText(demand)};
    std::set<std::pair<Slice, Key>> failed;
    for (size_t i = 0; i < failures.size(); ++i) {
      const ValidationFailure& f = failures[i];
      if (!AppliesTo(demand, f.slice) || !AppliesTo(demand, f.key, baseline)) continue;
      if (io::SerializeDeterministically(f.threshold) != io::SerializeDeterministically(demand.threshold)) continue;
      explained[i] = true;
      failed.insert({f.slice, f.key});
      check.outcomes.push_back({f.slice, f.key, f.value, false, Reason(evaluation, f)});
    }
    const size_t failures_found = check.outcomes.size();
    for (const SliceMetrics& slice : evaluation.slices) {
      if (!AppliesTo(demand, slice.slice)) continue;
      for (const Metric& metric : slice.metrics) {
        if (!AppliesTo(demand, metric.key, baseline) || metric.value.kind != MetricValue::Kind::kNumber) continue;
        if (failed.count({slice.slice, metric.key}) + failed.count({slice.slice, WithoutSubKey(metric.key)}) > 0)
          continue;
        check.outcomes.push_back({slice.slice, metric.key, metric.value.number, true, ""});
      }
    }
    if (failures_found > 0) {
      check.state = Check::State::kFailed;
    } else if (!check.outcomes.empty()) {
      check.state = Check::State::kPassed;
    }
    checks.push_back(std::move(check));
  }
  for (size_t i = 0; i < failures.size(); ++i) {
    if (explained[i]) continue;
    const ValidationFailure& f = failures[i];
    checks.push_back({.state = Check::State::kFailed,
                      .metric = f.key.name,
                      .requirement = RequirementText(f.threshold),
                      .applies_to = f.slice.Text(),
                      .outcomes = {{f.slice, f.key, f.value, false, Reason(evaluation, f)}}});
  }
  const auto missing = [&](std::string spec, std::string reason) {
    checks.push_back({.state = Check::State::kFailed,
                      .metric = "any threshold",
                      .requirement = "the slice exists",
                      .applies_to = std::move(spec),
                      .outcomes = {{.reason = std::move(reason)}}});
  };
  const std::string kNoExample = "no example belongs to this slice";
  for (const auto& spec : evaluation.validation->missing_slices) {
    const bool is_there = std::any_of(
        evaluation.slices.begin(), evaluation.slices.end(),
        [&](const SliceMetrics& slice) { return !slice.slice.cross_baseline && Matches(spec, slice.slice.values); });
    missing(SlicingSpecText(spec),
            is_there ? "it does, but without any of the metrics that thresholds are for" : kNoExample);
  }
  for (const auto& spec : evaluation.validation->missing_cross_slices) {
    // TFMA looks for the very slice that a spec names, and feature_keys name none.
    const bool any_keys = std::any_of(spec.slicing_specs().begin(), spec.slicing_specs().end(),
                                      [](const tfma::SlicingSpec& s) { return s.feature_keys_size() > 0; });
    missing(SlicingSpecText(spec), any_keys
                                       ? "a threshold of cross slices is never met with feature_keys, as in TFMA; give "
                                         "feature_values in its slicing_specs"
                                       : kNoExample);
  }
  std::stable_sort(checks.begin(), checks.end(), [](const Check& a, const Check& b) {
    const auto rank = [](const Check& c) {
      return c.state == Check::State::kFailed ? 0 : c.state == Check::State::kNotChecked ? 1 : 2;
    };
    return rank(a) < rank(b);
  });
  return checks;
}

}  // namespace tfxm::report
