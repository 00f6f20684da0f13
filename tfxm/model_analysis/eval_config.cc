// SPDX-License-Identifier: Apache-2.0

#include "tfxm/model_analysis/eval_config.h"

#include <set>
#include <string>

#include "absl/strings/str_cat.h"

namespace tfxm::model_analysis {

namespace tfma = ::tensorflow_model_analysis;

namespace {

// Calls fn(threshold) for every MetricThreshold of the config.
template <typename Fn>
void ForEachThreshold(tfma::EvalConfig* config, Fn&& fn) {
  for (tfma::MetricsSpec& spec : *config->mutable_metrics_specs()) {
    for (tfma::MetricConfig& metric : *spec.mutable_metrics()) {
      if (metric.has_threshold()) fn(metric.mutable_threshold());
      for (auto& per_slice : *metric.mutable_per_slice_thresholds()) fn(per_slice.mutable_threshold());
      for (auto& cross_slice : *metric.mutable_cross_slice_thresholds()) fn(cross_slice.mutable_threshold());
    }
    for (auto& [name, threshold] : *spec.mutable_thresholds()) fn(&threshold);
    for (auto& [name, thresholds] : *spec.mutable_per_slice_thresholds()) {
      for (auto& per_slice : *thresholds.mutable_thresholds()) fn(per_slice.mutable_threshold());
    }
    for (auto& [name, thresholds] : *spec.mutable_cross_slice_thresholds()) {
      for (auto& cross_slice : *thresholds.mutable_thresholds()) fn(cross_slice.mutable_threshold());
    }
  }
}

absl::Status Exclusive(const tfma::ModelSpec& spec, absl::string_view field, bool one, bool other) {
  if (!one || !other) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("model_spec \"", spec.name(), "\" has both ", field, " and ", field, "s; give one of them"));
}

}  // namespace

absl::Status CheckEvalConfig(const tfma::EvalConfig& config) {
  if (config.model_specs().empty())
    return absl::InvalidArgumentError("eval_config has no model_specs; it needs at least one");
  std::set<std::string> names;
  std::string baseline;
  bool has_baseline = false;
  for (const tfma::ModelSpec& spec : config.model_specs()) {
    absl::Status status = Exclusive(spec, "label_key", !spec.label_key().empty(), !spec.label_keys().empty());
    status.Update(Exclusive(spec, "prediction_key", !spec.prediction_key().empty(), !spec.prediction_keys().empty()));
    status.Update(
        Exclusive(spec, "example_weight_key", !spec.example_weight_key().empty(), !spec.example_weight_keys().empty()));
    if (!status.ok()) return status;
    if (!names.insert(spec.name()).second) {
      return absl::InvalidArgumentError(
          absl::StrCat("two model_specs are named \"", spec.name(), "\"; names must differ"));
    }
    if (spec.is_baseline()) {
      if (has_baseline) {
        return absl::InvalidArgumentError(absl::StrCat("model_specs \"", baseline, "\" and \"", spec.name(),
                                                       "\" are both is_baseline; only one can be"));
      }
      has_baseline = true;
      baseline = spec.name();
    }
  }
  if (names.size() > 1 && names.count("") > 0) {
    return absl::InvalidArgumentError(
        "there are several models, so each needs a name: model_specs { name: \"…\" }, --model=NAME=PATH");
  }
  for (const tfma::MetricsSpec& spec : config.metrics_specs()) {
    auto check = [](const auto& thresholds, const std::string& metric) -> absl::Status {
      for (const auto& threshold : thresholds) {
        if (threshold.slicing_specs().empty()) {
          return absl::InvalidArgumentError(
              absl::StrCat("per_slice_thresholds of metric ", metric, " has no slicing_specs"));
        }
      }
      return absl::OkStatus();
    };
    for (const auto& [name, thresholds] : spec.per_slice_thresholds()) {
      if (absl::Status status = check(thresholds.thresholds(), name); !status.ok()) return status;
    }
    for (const auto& metric : spec.metrics()) {
      if (absl::Status status = check(metric.per_slice_thresholds(), metric.class_name()); !status.ok()) return status;
    }
  }
  return absl::OkStatus();
}

bool HasChangeThreshold(const tfma::EvalConfig& eval_config) {
  tfma::EvalConfig copy = eval_config;
  bool found = false;
  ForEachThreshold(
      &copy, [&](tfma::MetricThreshold* threshold) { found |= threshold->change_threshold().ByteSizeLong() > 0; });
  return found;
}

absl::StatusOr<tfma::EvalConfig> WithDefaults(const tfma::EvalConfig& eval_config, bool has_baseline,
                                              bool rubber_stamp) {
  if (!has_baseline && !rubber_stamp && HasChangeThreshold(eval_config)) {
    return absl::InvalidArgumentError(
        "there are change_thresholds but no baseline model: give one, or allow it to be missing (rubber stamp) on a "
        "first run");
  }
  tfma::EvalConfig config = eval_config;
  if (config.options().compute_confidence_intervals().value() &&
      config.options().confidence_intervals().method() ==
          tfma::ConfidenceIntervalOptions::UNKNOWN_CONFIDENCE_INTERVAL_METHOD) {
    config.mutable_options()->mutable_confidence_intervals()->set_method(tfma::ConfidenceIntervalOptions::JACKKNIFE);
  }
  if (has_baseline && config.model_specs_size() == 1 && config.model_specs(0).name().empty()) {
    tfma::ModelSpec* baseline = config.add_model_specs();
    *baseline = config.model_specs(0);
    baseline->set_name("baseline");
    baseline->set_is_baseline(true);
    config.mutable_model_specs(0)->set_name("candidate");
  }
  if (!has_baseline) {
    google::protobuf::RepeatedPtrField<tfma::ModelSpec> kept;
    for (const tfma::ModelSpec& spec : config.model_specs()) {
      if (!spec.is_baseline()) *kept.Add() = spec;
    }
    config.mutable_model_specs()->Swap(&kept);
    ForEachThreshold(&config, [](tfma::MetricThreshold* threshold) { threshold->clear_change_threshold(); });
  }
  if (config.model_specs().empty()) config.add_model_specs();
  const bool single = config.model_specs_size() == 1;
  if (single) config.mutable_model_specs(0)->clear_name();
  for (tfma::MetricsSpec& spec : *config.mutable_metrics_specs()) {
    if (single) {
      spec.clear_model_names();
      spec.add_model_names("");
    } else if (spec.model_names().empty()) {
      for (const tfma::ModelSpec& model : config.model_specs()) spec.add_model_names(model.name());
    }
  }
  return config;
}

}  // namespace tfxm::model_analysis
