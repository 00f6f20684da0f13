// SPDX-License-Identifier: Apache-2.0

#include "tfxm/model_analysis/output/validator.h"

#include <cmath>
#include <limits>
#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "tfxm/model_analysis/metrics/metric_specs.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::model_analysis {
namespace {

namespace tfma = ::tensorflow_model_analysis;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// float(value); nullopt for what Python cannot convert.
std::optional<double> ToNumber(const MetricValue& value) {
  if (const double* x = std::get_if<double>(&value)) return *x;
  if (const NumericArray* x = std::get_if<NumericArray>(&value); x != nullptr && x->values.size() == 1)
    return x->values[0];
  return std::nullopt;
}

bool InBounds(const tfma::GenericValueThreshold& threshold, double value) {
  const double lower = threshold.has_lower_bound() ? threshold.lower_bound().value() : -kInfinity;
  const double upper = threshold.has_upper_bound() ? threshold.upper_bound().value() : kInfinity;
  return value >= lower && value <= upper;
}

absl::StatusOr<bool> InBounds(const tfma::GenericChangeThreshold& threshold, double difference, double baseline) {
  const double ratio = baseline == 0 ? std::nan("") : difference / baseline;
  const bool lower_is_better = threshold.direction() == tfma::LOWER_IS_BETTER;
  if (!lower_is_better && threshold.direction() != tfma::HIGHER_IS_BETTER) {
    return absl::InvalidArgumentError("a change_threshold needs a direction: LOWER_IS_BETTER or HIGHER_IS_BETTER");
  }
  const double anything = lower_is_better ? kInfinity : -kInfinity;
  const double absolute = threshold.has_absolute() ? threshold.absolute().value() : anything;
  const double relative = threshold.has_relative() ? threshold.relative().value() : anything;
  return lower_is_better ? difference <= absolute && ratio <= relative : difference >= absolute && ratio >= relative;
}

// Whether a threshold's slice spec is about this slice.
absl::StatusOr<bool> Applies(const SliceThreshold& threshold, const SliceOrCrossSlice& slice) {
  if (const auto* proto = std::get_if<tfma::SlicingSpec>(&threshold.slice)) {
    if (slice.baseline) return false;
    ASSIGN_OR_RETURN(const SliceSpec spec, SliceSpec::FromProto(*proto));
    return spec.Applies(slice.slice);
  }
  if (const auto* proto = std::get_if<tfma::CrossSlicingSpec>(&threshold.slice)) {
    if (!slice.baseline) return false;
    ASSIGN_OR_RETURN(const CrossSliceSpec spec, CrossSliceSpec::FromProto(*proto));
    return spec.Applies(*slice.baseline, slice.slice);
  }
  return !slice.baseline.has_value();
}

void SetThreshold(const SliceThreshold& threshold, tfma::MetricThreshold* proto) {
  if (const auto* t = std::get_if<tfma::GenericValueThreshold>(&threshold.threshold))
    *proto->mutable_value_threshold() = *t;
  if (const auto* t = std::get_if<tfma::GenericChangeThreshold>(&threshold.threshold))
    *proto->mutable_change_threshold() = *t;
}

std::string Fingerprint(const SliceThreshold& threshold) {
  return std::visit([](const auto& t) { return absl::StrCat(t.GetTypeName(), io::SerializeDeterministically(t)); },
                    threshold.threshold);
}

// A spec as a text that is the same for equal ones (SliceSpec's equality, not the proto's).
absl::StatusOr<std::string> Fingerprint(const tfma::SlicingSpec& spec) {
  ASSIGN_OR_RETURN(SliceSpec slice, SliceSpec::FromProto(spec));
  std::string text;
  for (const std::string& column : slice.columns) absl::StrAppend(&text, column.size(), ":", column, ";");
  for (const auto& [column, value] : slice.features) absl::StrAppend(&text, ToString(SliceKey{{column, value}}), ";");
  return text;
}

class Validator {
 public:
  Validator(const ResolvedConfig& config, const std::set<MetricKey>& overall_only)
      : thresholds_(config.thresholds), overall_only_(overall_only), baseline_(BaselineModelName(*config.eval_config)) {
    for (const auto& spec : config.eval_config->model_specs()) has_baseline_ |= spec.is_baseline();
  }

  absl::Status AddSlice(const SliceMetrics& slice) {
    tfma::MetricsValidationForSlice failures;
    for (const auto& [key, thresholds] : thresholds_) {
      if (IsBaseline(key)) continue;
      const bool overall = !slice.slice.baseline && slice.slice.slice.empty();
      if (!overall && overall_only_.count(key) > 0) continue;
      const auto found = slice.metrics.find(key);
      std::set<std::string> failed;
      for (const SliceThreshold& threshold : thresholds) {
        if (found == slice.metrics.end()) {
          // A metric that is not there fails wherever its threshold is not for the other kind of slice.
          const bool wants_cross = std::holds_alternative<tfma::CrossSlicingSpec>(threshold.slice);
          if (wants_cross != slice.slice.is_cross_slice()) continue;
          if (wants_cross) {
            ASSIGN_OR_RETURN(const bool applies, Applies(threshold, slice.slice));
            if (!applies) continue;
          }
          if (failed.insert(Fingerprint(threshold)).second)
            AddFailure(key, nullptr, threshold, "Metric not found.", &failures);
          continue;
        }
        ASSIGN_OR_RETURN(const bool applies, Applies(threshold, slice.slice));
        if (!applies) continue;
        ASSIGN_OR_RETURN(const bool ok, Check(key, found->second.value, threshold, slice));
        if (!ok && failed.insert(Fingerprint(threshold)).second) {
          AddFailure(key, &found->second.value, threshold,
                     ToNumber(found->second.value) ? "" : "The metric is not a number.", &failures);
        }
        RETURN_IF_ERROR(AddDetail(threshold));
      }
    }
    if (failures.failures_size() > 0) {
      if (slice.slice.baseline) {
        *failures.mutable_cross_slice_key()->mutable_baseline_slice_key() = ToProto(*slice.slice.baseline);
        *failures.mutable_cross_slice_key()->mutable_comparison_slice_key() = ToProto(slice.slice.slice);
      } else {
        *failures.mutable_slice_key() = ToProto(slice.slice.slice);
      }
      result_.set_validation_ok(false);
      *result_.add_metric_validations_per_slice() = std::move(failures);
    }
    return absl::OkStatus();
  }

  absl::StatusOr<tfma::ValidationResult> Finish(bool any_slice, bool rubber_stamp) {
    if (!any_slice) result_.set_validation_ok(false);
    if (thresholds_.empty()) {
      result_.set_validation_ok(rubber_stamp);
      result_.set_missing_thresholds(!rubber_stamp);
    }
    // Slices that a threshold is for and that do not exist.
    for (const auto& [key, thresholds] : thresholds_) {
      if (IsBaseline(key)) continue;
      for (const SliceThreshold& threshold : thresholds) {
        ASSIGN_OR_RETURN(const std::string fingerprint, SliceFingerprint(threshold));
        if (!details_.try_emplace(fingerprint, -1).second) continue;
        result_.set_validation_ok(false);
        if (const auto* cross = std::get_if<tfma::CrossSlicingSpec>(&threshold.slice)) {
          *result_.add_missing_cross_slices() = *cross;
        } else if (const auto* spec = std::get_if<tfma::SlicingSpec>(&threshold.slice)) {
          *result_.add_missing_slices() = *spec;
        } else {
          result_.add_missing_slices();
        }
      }
    }
    if (rubber_stamp) result_.set_rubber_stamp(true);
    return std::move(result_);
  }

  void set_ok() { result_.set_validation_ok(true); }

 private:
  bool IsBaseline(const MetricKey& key) const { return has_baseline_ && key.model_name == baseline_; }

  absl::StatusOr<bool> Check(const MetricKey& key, const MetricValue& value, const SliceThreshold& threshold,
                             const SliceMetrics& slice) {
    const std::optional<double> number = ToNumber(value);
    if (!number) return false;
    if (const auto* bounds = std::get_if<tfma::GenericValueThreshold>(&threshold.threshold))
      return InBounds(*bounds, *number);
    const auto baseline = slice.metrics.find(key.BaselineKey(baseline_));
    const std::optional<double> baseline_number =
        baseline == slice.metrics.end() ? std::nullopt : ToNumber(baseline->second.value);
    if (!baseline_number) return false;
    absl::StatusOr<bool> ok =
        InBounds(std::get<tfma::GenericChangeThreshold>(threshold.threshold), *number, *baseline_number);
    if (!ok.ok()) return Annotate(ok.status(), absl::StrCat("metric ", key.ToString()));
    return ok;
  }

  void AddFailure(const MetricKey& key, const MetricValue* value, const SliceThreshold& threshold,
                  absl::string_view message, tfma::MetricsValidationForSlice* failures) {
    auto* failure = failures->add_failures();
    *failure->mutable_metric_key() = key.ToProto();
    if (value != nullptr) {
      if (const std::optional<double> number = ToNumber(*value))
        failure->mutable_metric_value()->mutable_double_value()->set_value(*number);
    }
    SetThreshold(threshold, failure->mutable_metric_threshold());
    failure->set_message(std::string(message));
  }

  static absl::StatusOr<std::string> SliceFingerprint(const SliceThreshold& threshold) {
    if (const auto* cross = std::get_if<tfma::CrossSlicingSpec>(&threshold.slice)) {
      ASSIGN_OR_RETURN(std::string text, Fingerprint(cross->baseline_spec()));
      for (const auto& spec : cross->slicing_specs()) {
        ASSIGN_OR_RETURN(const std::string comparison, Fingerprint(spec));
        absl::StrAppend(&text, " against ", comparison);
      }
      return absl::StrCat("cross ", text);
    }
    if (const auto* spec = std::get_if<tfma::SlicingSpec>(&threshold.slice)) return Fingerprint(*spec);
    return "";  // The overall spec's.
  }

  absl::Status AddDetail(const SliceThreshold& threshold) {
    // TFMA files the checks of cross slices under the overall slice, and so always reports the spec of a cross-slice
    // threshold as missing. What is blessed must not depend on who evaluates, so this does the same.
    const bool is_cross = std::holds_alternative<tfma::CrossSlicingSpec>(threshold.slice);
    ASSIGN_OR_RETURN(const std::string fingerprint, is_cross ? std::string() : SliceFingerprint(threshold));
    auto* all = result_.mutable_validation_details()->mutable_slicing_details();
    const auto [it, added] = details_.try_emplace(fingerprint, all->size());
    if (added) {
      auto* detail = all->Add();
      if (const auto* cross = std::get_if<tfma::CrossSlicingSpec>(&threshold.slice)) {
        *detail->mutable_cross_slicing_spec() = *cross;
      } else if (const auto* spec = std::get_if<tfma::SlicingSpec>(&threshold.slice)) {
        *detail->mutable_slicing_spec() = *spec;
      } else {
        detail->mutable_slicing_spec();
      }
    }
    auto* detail = all->Mutable(it->second);
    detail->set_num_matching_slices(detail->num_matching_slices() + 1);
    return absl::OkStatus();
  }

  const Thresholds& thresholds_;
  const std::set<MetricKey>& overall_only_;
  const std::string baseline_;
  bool has_baseline_ = false;
  tfma::ValidationResult result_;
  std::map<std::string, int> details_;  // Fingerprint of a slice spec -> index in the result.
};

}  // namespace

absl::StatusOr<tfma::ValidationResult> Validate(const std::vector<SliceMetrics>& slices, const ResolvedConfig& config,
                                                bool rubber_stamp, const std::set<MetricKey>& overall_only) {
  Validator validator(config, overall_only);
  validator.set_ok();
  for (const SliceMetrics& slice : slices) RETURN_IF_ERROR(validator.AddSlice(slice));
  return validator.Finish(!slices.empty(), rubber_stamp);
}

std::vector<std::string> ThresholdWarnings(const Thresholds& thresholds) {
  std::vector<std::string> warnings;
  for (const auto& [key, of_key] : thresholds) {
    for (const SliceThreshold& threshold : of_key) {
      const auto* spec = std::get_if<tfma::SlicingSpec>(&threshold.slice);
      if (spec == nullptr || spec->slice_keys_sql().empty()) continue;
      warnings.push_back(absl::StrCat("metric ", key.ToString(),
                                      ": TFMA checks a threshold for slice_keys_sql on the overall slice, not on the "
                                      "slices by SQL, and so does this evaluation"));
      break;
    }
  }
  return warnings;
}

}  // namespace tfxm::model_analysis
