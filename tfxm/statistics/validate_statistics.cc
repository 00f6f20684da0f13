// SPDX-License-Identifier: Apache-2.0

#include "tfxm/statistics/validate_statistics.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tfxm/statistics/schema/fit_feature.h"
#include "tfxm/statistics/schema/fit_schema.h"
#include "tfxm/statistics/schema/text_proto.h"
#include "tfxm/statistics/validate/check_composite.h"
#include "tfxm/statistics/validate/diff_regions.h"
#include "tfxm/statistics/validate/finding.h"
#include "tfxm/statistics/validate/statistics_view.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::statistics {
namespace {

using tensorflow::metadata::v0::Anomalies;
using tensorflow::metadata::v0::AnomalyInfo;
using tensorflow::metadata::v0::DatasetConstraints;
using tensorflow::metadata::v0::DatasetFeatureStatistics;
using tensorflow::metadata::v0::DatasetFeatureStatisticsList;
using tensorflow::metadata::v0::DriftSkewInfo;
using tensorflow::metadata::v0::Feature;
using tensorflow::metadata::v0::NumericValueComparator;
using tensorflow::metadata::v0::Schema;
using tensorflow::metadata::v0::StringDomain;

AnomalyInfo ToAnomalyInfo(Findings findings, const ValidationOptions& options) {
  AnomalyInfo info;
  AnomalyInfo::Severity severity = AnomalyInfo::UNKNOWN;
  const auto rank = [](AnomalyInfo::Severity s) { return s == AnomalyInfo::ERROR ? 2 : s == AnomalyInfo::WARNING; };
  for (const Finding& finding : findings) {
    const auto overridden = options.severity_overrides.find(finding.type);
    const AnomalyInfo::Severity s =
        overridden == options.severity_overrides.end() ? AnomalyInfo::ERROR : overridden->second;
    if (rank(s) > rank(severity)) severity = s;
  }
  const bool all_new = std::all_of(findings.begin(), findings.end(), [](const Finding& finding) {
    return finding.type == AnomalyInfo::SCHEMA_NEW_COLUMN;
  });
  if (all_new && findings.size() > 1) findings.resize(1);
  // The descriptions joined; where all but one are empty, that one's own title.
  std::string title, text;
  for (const Finding& finding : findings) {
    auto* reason = info.add_reason();
    reason->set_type(finding.type);
    reason->set_short_description(finding.short_description);
    reason->set_description(finding.description);
    if (text.empty()) {
      title = finding.short_description;
      text = finding.description;
    } else if (!finding.description.empty()) {
      title = "Multiple errors";
      absl::StrAppend(&text, " ", finding.description);
    }
  }
  info.set_description(text);
  info.set_short_description(title);
  info.set_severity(severity);
  return info;
}

Findings CompareNumExamples(double num_examples, const DatasetView* control, const std::string& control_name,
                            const NumericValueComparator& comparator) {
  Findings findings;
  if (control == nullptr) return findings;
  const std::string versus = absl::StrCat(" num examples in current dataset versus the ", control_name);
  if (control->num_examples() == 0) {
    if (!comparator.has_max_fraction_threshold()) return findings;
    return {
        {AnomalyInfo::COMPARATOR_HIGH_NUM_EXAMPLES, absl::StrCat("High", versus, ", which has 0."),
         absl::StrCat("The ", control_name, " has 0 examples, so there is a high number of examples in the current ",
                      "dataset versus the ", control_name, ".")}};
  }
  const double ratio = num_examples / control->num_examples();
  const auto add = [&](AnomalyInfo::Type type, absl::string_view title, absl::string_view where, double threshold) {
    findings.push_back({type, absl::StrCat(title, versus, "."),
                        absl::StrCat("The ratio of num examples in the current dataset versus the ", control_name,
                                     " is ", absl::SixDigits(ratio), " (up to six significant digits), which is ",
                                     where, " the threshold ", absl::SixDigits(threshold), ".")});
  };
  if (comparator.has_max_fraction_threshold() && ratio > comparator.max_fraction_threshold()) {
    add(AnomalyInfo::COMPARATOR_HIGH_NUM_EXAMPLES, "High", "above", comparator.max_fraction_threshold());
  }
  if (comparator.has_min_fraction_threshold() && ratio < comparator.min_fraction_threshold()) {
    add(AnomalyInfo::COMPARATOR_LOW_NUM_EXAMPLES, "Low", "below", comparator.min_fraction_threshold());
  }
  return findings;
}

Findings CheckDataset(const DatasetConstraints& constraints, double num_examples, const DatasetView* previous_span,
                      const DatasetView* previous_version) {
  Findings findings =
      CompareNumExamples(num_examples, previous_span, "previous span", constraints.num_examples_drift_comparator());
  for (Finding& finding : CompareNumExamples(num_examples, previous_version, "previous version",
                                             constraints.num_examples_version_comparator())) {
    findings.push_back(std::move(finding));
  }
  const auto add = [&](AnomalyInfo::Type type, absl::string_view title, absl::string_view than) {
    findings.push_back({type, absl::StrCat(title, " num examples in dataset."),
                        absl::StrCat("The dataset has ", num_examples, " examples, which is ", than, " expected.")});
  };
  if (constraints.has_min_examples_count() && num_examples < constraints.min_examples_count()) {
    add(AnomalyInfo::DATASET_LOW_NUM_EXAMPLES, "Low", "fewer than");
  }
  if (constraints.has_max_examples_count() && num_examples > constraints.max_examples_count()) {
    add(AnomalyInfo::DATASET_HIGH_NUM_EXAMPLES, "High", "more than");
  }
  return findings;
}

// The fit of one feature to the schema, on copies of what it may change.
FeatureFit Fit(const FitContext& context, const FeatureView& view, const Feature& feature) {
  Feature copy = feature;
  StringDomain domain;
  StringDomain* shared_domain = nullptr;
  for (const StringDomain& candidate : context.schema->string_domain()) {
    if (feature.has_domain() && candidate.name() == feature.domain() && shared_domain == nullptr) {
      domain = candidate;
      shared_domain = &domain;
    }
  }
  return FitFeature(context, view, &copy, shared_domain);
}

// What TFDV's validation takes for a domain of strings.
constexpr int kMaxStringDomainSize = 400;

void AddDiffRegions(const FitContext& context, const DatasetFeatureStatistics& dataset, const Schema& schema,
                    Anomalies* anomalies) {
  const std::string before = PrintAsPython(schema);
  for (auto& [name, info] : *anomalies->mutable_anomaly_info()) {
    const FeaturePath path(info.path().step().begin(), info.path().step().end());
    const Schema fit = FitSchemaTo(path, schema, dataset, context, {.max_string_domain_size = kMaxStringDomainSize});
    for (auto& region : DiffRegions(before, PrintAsPython(fit))) *info.add_diff_regions() = std::move(region);
  }
}

absl::StatusOr<std::unique_ptr<DatasetView>> MaybeView(const DatasetFeatureStatisticsList* statistics, bool by_weight) {
  if (statistics == nullptr) return nullptr;
  ASSIGN_OR_RETURN(const DatasetFeatureStatistics* dataset, DefaultDataset(*statistics));
  return std::make_unique<DatasetView>(dataset, by_weight);
}

}  // namespace

absl::StatusOr<Anomalies> ValidateStatistics(const DatasetFeatureStatisticsList& statistics, const Schema& schema,
                                             const ValidationOptions& options) {
  ASSIGN_OR_RETURN(const DatasetFeatureStatistics* dataset, DefaultDataset(statistics));
  if (options.environment.has_value()) {
    const auto& known = schema.default_environment();
    if (std::find(known.begin(), known.end(), *options.environment) == known.end()) {
      return absl::InvalidArgumentError(
          absl::StrCat("environment \"", *options.environment, "\" is not in the schema's default_environment [",
                       absl::StrJoin(known, ", "), "]; add it there or name one of these"));
    }
  }
  Anomalies anomalies;
  *anomalies.mutable_baseline() = schema;
  if (dataset->num_examples() == 0) {
    anomalies.set_data_missing(true);
    return anomalies;
  }
  anomalies.set_anomaly_name_format(Anomalies::SERIALIZED_PATH);
  const bool by_weight = DatasetView::HasWeights(*dataset);
  const DatasetView view(dataset, by_weight);
  ASSIGN_OR_RETURN(const auto previous_span, MaybeView(options.previous_span, by_weight));
  ASSIGN_OR_RETURN(const auto previous_version, MaybeView(options.previous_version, by_weight));
  ASSIGN_OR_RETURN(const auto serving, MaybeView(options.serving, by_weight));
  const FitContext context{
      .schema = &schema, .environment = options.environment, .previous = previous_span.get(), .serving = serving.get()};

  Schema changed = schema;
  std::map<FeaturePath, Findings> findings = CheckComposites(*dataset, &changed);
  std::map<FeaturePath, DriftSkewInfo> drift_skew;
  // By path, so that a parent comes before its children.
  std::map<FeaturePath, const FeatureView*> features;
  for (const FeatureView& feature : view.features()) features.emplace(feature.path(), &feature);
  // Nothing is said about what is inside a feature that is new, deprecated or of another type.
  std::set<FeaturePath> closed;
  for (const auto& [path, feature_view] : features) {
    if (path.empty() || IsComposite(path, schema)) continue;
    if (closed.count(FeaturePath(path.begin(), path.end() - 1)) > 0) {
      closed.insert(path);
      continue;
    }
    const Feature* feature = FindFeature(path, schema);
    if (feature == nullptr) {
      closed.insert(path);
      if (!options.features_needed.empty() && options.features_needed.count(path) == 0) continue;
      findings[path] = {
          {AnomalyInfo::SCHEMA_NEW_COLUMN, "New column", "New column (column in data but not in schema)"}};
    } else if (IsDeprecated(*feature)) {
      closed.insert(path);
    } else {
      FeatureFit fit = Fit(context, *feature_view, *feature);
      if (feature_view->type() != feature->type()) closed.insert(path);
      if (!fit.findings.empty()) findings[path] = std::move(fit.findings);
      if (fit.drift_skew.has_value()) drift_skew[path] = *std::move(fit.drift_skew);
    }
  }
  for (const FeaturePath& path : MissingFeatures(schema, view, options.environment)) {
    findings[path].push_back({AnomalyInfo::SCHEMA_MISSING_COLUMN, "Column dropped", "Column is completely missing"});
  }
  for (auto& [path, found] : findings) {
    AnomalyInfo info = ToAnomalyInfo(std::move(found), options);
    *info.mutable_path() = ToProto(path);
    (*anomalies.mutable_anomaly_info())[SerializePath(path)] = std::move(info);
  }
  if (options.enable_diff_regions) AddDiffRegions(context, *dataset, schema, &anomalies);
  Findings dataset_findings =
      CheckDataset(schema.dataset_constraints(), view.num_examples(), previous_span.get(), previous_version.get());
  if (!dataset_findings.empty()) {
    *anomalies.mutable_dataset_anomaly_info() = ToAnomalyInfo(std::move(dataset_findings), options);
  }
  for (auto& [path, info] : drift_skew) *anomalies.add_drift_skew_info() = std::move(info);
  return anomalies;
}

std::vector<std::string> UncheckedConstraints(const DatasetFeatureStatisticsList& statistics, const Schema& schema) {
  const auto dataset = DefaultDataset(statistics);
  if (!dataset.ok()) return {};
  std::vector<std::string> unchecked;
  for (const auto& stats : (*dataset)->features()) {
    const FeaturePath path = PathOf(stats);
    const Feature* feature = FindFeature(path, schema);
    if (feature == nullptr || !feature->image_domain().has_minimum_supported_image_fraction()) continue;
    if (std::any_of(stats.custom_stats().begin(), stats.custom_stats().end(),
                    [](const auto& custom) { return custom.name() == "image_format_histogram"; })) {
      continue;
    }
    unchecked.push_back(absl::StrCat(
        SerializePath(path),
        ": minimum_supported_image_fraction is not checked: the statistics do not have the formats of ",
        "its images, which enable_semantic_domain_stats adds where at least 100 values are there and 80 % of them images"));
  }
  return unchecked;
}

absl::StatusOr<Anomalies> ReadAnomalies(absl::string_view path) {
  Anomalies anomalies;
  RETURN_IF_ERROR(absl::EndsWith(path, ".pbtxt") ? io::ReadTextProto(path, &anomalies)
                                                 : io::ReadBinaryProto(path, &anomalies));
  return anomalies;
}

bool HasErrors(const Anomalies& anomalies) {
  const auto is_error = [](const AnomalyInfo& info) { return info.severity() != AnomalyInfo::WARNING; };
  if (anomalies.data_missing()) return true;
  if (anomalies.has_dataset_anomaly_info() && is_error(anomalies.dataset_anomaly_info())) return true;
  return std::any_of(anomalies.anomaly_info().begin(), anomalies.anomaly_info().end(),
                     [&](const auto& named) { return is_error(named.second); });
}

}  // namespace tfxm::statistics
