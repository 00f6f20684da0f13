// SPDX-License-Identifier: Apache-2.0

#include "tfxm/report/evaluation/comparison.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "tfxm/proto/costs.h"
#include "tfxm/report/evaluation/rounding.h"
#include "tfxm/util/status_macros.h"
#include "tfxm/util/text/json_writer.h"
#include "tfxm/util/text/numbers.h"
#include "tfxm/util/text/text.h"
#include "tfxm/util/text/text_table.h"

namespace tfxm::report {
namespace {

std::string ValueText(const ModelComparison::Row& row, size_t model) {
  if (!row.values[model]) return "–";
  const double x = *row.values[model];
  if (!std::isfinite(x)) return ShortNumber(x);
  return std::abs(x) >= 1000 || (x == std::floor(x) && std::abs(x) >= 2) ? RoundedWithCommas(x)
                                                                         : absl::StrFormat("%.5f", x);
}

std::string DifferenceText(const ModelComparison::Row& row, size_t model) {
  if (!row.values[0] || !row.values[model]) return "";
  const double difference = *row.values[model] - *row.values[0];
  if (IsRounding(difference, *row.values[0])) return "same";
  if (!row.is_cost)
    return difference == std::floor(difference) ? absl::StrFormat("%+.0f", difference)
                                                : absl::StrFormat("%+.5f", difference);
  if (*row.values[0] == 0) return "";
  if (row.noise.size() > model && std::abs(difference) <= row.noise[0] + row.noise[model]) return "within noise";
  const double ratio = *row.values[model] / *row.values[0];
  return ratio >= 2 ? absl::StrFormat("× %.1f", ratio) : absl::StrFormat("%+.1f %%", 100 * (ratio - 1));
}

}  // namespace

absl::StatusOr<ModelComparison> CompareEvaluations(const std::vector<EvaluationSource>& evaluations) {
  ASSIGN_OR_RETURN(const ReportInput input, ReadReportInput({.evaluations = evaluations}));
  ModelComparison comparison;
  std::vector<std::map<std::string, double>> metrics, costs, noise;  // By model.
  for (const ReportEvaluation& source : input.evaluations) {
    const std::vector<std::string> names = source.evaluation.ModelNames();
    for (const std::string& name : names) {
      std::string display = source.display_name;
      if (names.size() > 1 || display.empty())
        display = absl::StrCat(display, display.empty() || name.empty() ? "" : ": ", name);
      comparison.models.push_back(display.empty() ? "model" : display);
      auto& model_metrics = metrics.emplace_back();
      auto& model_costs = costs.emplace_back();
      auto& model_noise = noise.emplace_back();
      for (const SliceMetrics& slice : source.evaluation.slices) {
        if (!slice.slice.overall()) continue;
        for (const Metric& metric : slice.metrics) {
          if (metric.key.model_name != name || metric.key.is_diff || metric.value.kind != MetricValue::Kind::kNumber)
            continue;
          model_metrics[metric.key.Text()] = metric.value.number;
        }
      }
      for (const ModelFacts& facts : source.sidecars.facts) {
        if (facts.model_name() == name) model_costs = Sorted(facts.numbers()), model_noise = Sorted(facts.noise());
      }
    }
  }
  const auto add_row = [&](const std::string& name, bool is_cost,
                           const std::vector<std::map<std::string, double>>& values) {
    ModelComparison::Row row{.name = name, .is_cost = is_cost};
    for (const auto& of_model : values) {
      const auto it = of_model.find(name);
      row.values.push_back(it == of_model.end() ? std::nullopt : std::optional<double>(it->second));
    }
    for (const auto& of_model : noise) {
      const auto it = of_model.find(name);
      row.noise.push_back(!is_cost || it == of_model.end() ? 0 : it->second);
    }
    if (std::any_of(row.values.begin(), row.values.end(), [](const auto& v) { return v.has_value(); })) {
      comparison.rows.push_back(std::move(row));
    }
  };
  std::map<std::string, double> names;
  for (const auto& of_model : metrics) names.insert(of_model.begin(), of_model.end());
  for (const auto& [name, unused] : names) add_row(name, /*is_cost=*/false, metrics);
  // What else model_facts.json may hold is in the report.
  for (const Cost& cost : kCosts) {
    if (cost.in_summary) add_row(std::string(cost.name), /*is_cost=*/true, costs);
  }
  return comparison;
}

std::string ComparisonText(const ModelComparison& comparison, int width) {
  // Two models: a column each and one of differences. More: a row each, with the difference beside each value.
  const size_t models = comparison.models.size();
  std::vector<std::vector<std::string>> table = {{""}};
  if (models <= 2) {
    table[0].insert(table[0].end(), comparison.models.begin(), comparison.models.end());
    if (models == 2) table[0].push_back("difference");
    for (const ModelComparison::Row& row : comparison.rows) {
      std::vector<std::string>& cells = table.emplace_back(1, row.name);
      for (size_t m = 0; m < models; ++m) cells.push_back(ValueText(row, m));
      if (models == 2) cells.push_back(DifferenceText(row, 1));
    }
  } else {
    for (const ModelComparison::Row& row : comparison.rows) table[0].insert(table[0].end(), {row.name, ""});
    for (size_t m = 0; m < models; ++m) {
      std::vector<std::string>& cells = table.emplace_back(1, comparison.models[m]);
      for (const ModelComparison::Row& row : comparison.rows) {
        cells.insert(cells.end(), {ValueText(row, m), m == 0 ? "" : DifferenceText(row, m)});
      }
    }
  }
  return TextTable::OfRows(table).Text({.width = width});
}

std::string ComparisonJson(const ModelComparison& comparison) {
  JsonWriter json(/*indent=*/true);
  json.BeginObject().Key("models").BeginArray();
  for (const std::string& model : comparison.models) json.String(model);
  json.End().Key("rows").BeginArray();
  for (const ModelComparison::Row& row : comparison.rows) {
    json.BeginObject().Key("name").String(row.name).Key("values").BeginArray();
    for (const auto& value : row.values) value ? json.Number(*value) : json.Null();
    json.End().End();
  }
  json.End().End();
  return std::move(json).Take() + "\n";
}

}  // namespace tfxm::report
