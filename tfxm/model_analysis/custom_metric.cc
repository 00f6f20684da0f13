// SPDX-License-Identifier: Apache-2.0

#include "tfxm/model_analysis/custom_metric.h"

#include <memory>

#include "absl/strings/str_cat.h"
#include "tfxm/model_analysis/metrics/accumulators.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::model_analysis {
namespace {

struct Settings {
  std::string class_name;
  MeanMetricFunction function;
  MeanMetricOptions options;  // With the arguments of the config.
};

absl::Status Terms(const Settings& settings, ListViewId view, BatchViews* batch, std::span<const int32_t> rows,
                   std::vector<ExampleTerm>* terms) {
  ASSIGN_OR_RETURN(const ListView* lists, batch->List(view));
  if (lists->labels->is_string || lists->predictions->is_string) {
    return absl::InvalidArgumentError("it needs labels and predictions that are numbers, not strings");
  }
  MetricExample example;
  example.arguments = &settings.options.arguments;
  for (int32_t row : rows) {
    example.labels = lists->labels->row(row);
    example.predictions = lists->predictions->row(row);
    for (const std::string& feature : settings.options.features) {
      const Values* values = FindValues(batch->extracts().feature_values, feature);
      const bool there = values != nullptr && values->size(row) > 0;
      example.numbers[feature] = there && !values->is_string ? values->row(row) : std::span<const double>();
      example.strings[feature] =
          there && values->is_string
              ? std::span<const std::string>(values->strings).subspan(values->begin(row), values->size(row))
              : std::span<const std::string>();
    }
    const absl::StatusOr<double> value = settings.function(example);
    if (!value.ok()) return Annotate(value.status(), batch->extracts().Describe(row));
    terms->push_back({*value, lists->weights[row]});
  }
  return absl::OkStatus();
}

class MeanMetric : public PerKeyMetric {
 public:
  explicit MeanMetric(Settings settings) : settings_(std::move(settings)) {}

  absl::Status Configure(MetricArguments* arguments) override {
    for (auto& [name, value] : settings_.options.arguments) {
      ASSIGN_OR_RETURN(value, arguments->Number(name, value));
    }
    return absl::OkStatus();
  }
  absl::Status AddForKey(const KeyRequest& request, ComputationPlan* plan) const override {
    if (request.aggregation() != Aggregation::kNone) {
      return absl::InvalidArgumentError(absl::StrCat("metric ", name(), " cannot be micro averaged"));
    }
    const MetricKey key = request.Key(name());
    ASSIGN_OR_RETURN(ViewSpec view, request.View());
    view.allow_missing_label = !settings_.options.needs_label;
    const ListViewId index = plan->AddListView(view);
    for (const std::string& feature : settings_.options.features) plan->AddFeature(feature);
    auto shared = std::make_shared<const Settings>(settings_);
    AddMeanOfTerms(
        absl::StrCat("custom ", settings_.class_name), key,
        [shared, index](BatchViews* batch, std::span<const int32_t> rows, std::vector<ExampleTerm>* terms) {
          return Terms(*shared, index, batch, rows, terms);
        },
        plan);
    return absl::OkStatus();
  }

 private:
  Settings settings_;
};

}  // namespace

bool RegisterMeanMetric(const std::string& class_name, MeanMetricFunction function, MeanMetricOptions options) {
  const Settings settings{class_name, function, std::move(options)};
  return MetricRegistry::Get().Register(class_name, [settings] { return std::make_unique<MeanMetric>(settings); });
}

}  // namespace tfxm::model_analysis
