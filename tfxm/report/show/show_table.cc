// SPDX-License-Identifier: Apache-2.0

#include <algorithm>
#include <map>
#include <set>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tfxm/report/evaluation/checks.h"
#include "tfxm/report/show/show_formats.h"
#include "tfxm/util/text/text.h"
#include "tfxm/util/text/text_table.h"

namespace tfxm::report {
namespace {

using Row = std::vector<std::string>;

std::string NumberText(const Metric& metric) {
  std::string text = ShortNumber(metric.value.number);
  if (metric.interval && metric.interval->lower.kind == MetricValue::Kind::kNumber) {
    absl::StrAppend(&text, " [", ShortNumber(metric.interval->lower.number), ", ",
                    ShortNumber(metric.interval->upper.number), "]");
  }
  return text;
}

std::string MatrixText(const MultiClassMatrix& matrix, const TextTable::Layout& layout) {
  std::map<std::pair<int, int>, double> cells;
  std::set<int> classes;
  for (const auto& c : matrix.cells) {
    cells[{c.actual, c.predicted}] += c.examples;
    classes.insert({c.actual, c.predicted});
  }
  std::vector<Row> rows = {{absl::StrCat("  > ", ShortNumber(matrix.threshold), ", actual \\ predicted")}};
  for (const int c : classes) rows[0].push_back(c < 0 ? "none" : absl::StrCat(c));
  for (const int actual : classes) {
    if (actual < 0) continue;
    Row& row = rows.emplace_back(Row{absl::StrCat("    ", actual)});
    for (const int predicted : classes) row.push_back(ShortNumber(cells[{actual, predicted}]));
  }
  return TextTable::OfRows(rows).Text(layout);
}

// A metric that is several numbers: one line each.
std::string ElementsText(const Metric& metric, const TextTable::Layout& layout) {
  std::vector<Row> rows;
  const MetricValue& v = metric.value;
  for (size_t i = 0; i < v.numbers.size(); ++i)
    rows.push_back({absl::StrCat("  [", i, "]"), ShortNumber(v.numbers[i])});
  for (const std::string& text : v.texts) rows.push_back({"", PrintableText(text)});
  for (const auto& [cutoff, x] : v.cutoffs) rows.push_back({absl::StrCat("  at ", cutoff), ShortNumber(x)});
  for (const BinaryMatrix& m : v.binary) {
    rows.push_back({absl::StrCat("  > ", ShortNumber(m.threshold)),
                    absl::StrCat("TP ", ShortNumber(m.tp), "  FP ", ShortNumber(m.fp), "  TN ", ShortNumber(m.tn),
                                 "  FN ", ShortNumber(m.fn))});
  }
  std::string text = TextTable::OfRows(rows, /*with_titles=*/false).Text(layout);
  for (const MultiClassMatrix& m : v.multi_class) text += MatrixText(m, layout);
  return text;
}

std::string ModelTitle(const std::string& name) { return name.empty() ? "value" : PrintableText(name); }

std::string SliceTable(const Evaluation& evaluation, const std::vector<std::string>& models, const SliceMetrics& slice,
                       int width) {
  const TextTable::Layout layout{.width = width, .indent = "  "};
  if (!slice.error.empty()) return absl::StrCat("  ", slice.error, "\n");
  bool has_diff = false;
  std::map<Key, std::map<std::string, const Metric*>>
      numbers;  // By key without the model; a difference under "Δ model".
  std::vector<const Metric*> others;
  for (const Metric& metric : slice.metrics) {
    if (metric.value.kind != MetricValue::Kind::kNumber) {
      others.push_back(&metric);
      continue;
    }
    Key key = metric.key;
    has_diff = has_diff || key.is_diff;
    const std::string column = absl::StrCat(key.is_diff ? "Δ " : "", key.model_name);
    key.model_name.clear();
    key.is_diff = false;
    numbers[key][column] = &metric;
  }
  std::vector<std::string> columns;
  for (const std::string& model : models) {
    columns.push_back(model);
    if (has_diff && model != evaluation.BaselineModel()) columns.push_back(absl::StrCat("Δ ", model));
  }
  std::map<std::string, int> same_text;
  for (const auto& [key, values] : numbers) ++same_text[key.Text()];
  std::vector<Row> rows = {{"metric"}};
  for (const std::string& column : columns) rows[0].push_back(ModelTitle(column));
  for (const auto& [key, values] : numbers) {
    const bool ambiguous = same_text[key.Text()] > 1;
    Row row = {absl::StrCat(key.Text(), !ambiguous                             ? ""
                                        : key.example_weighted.value_or(false) ? " (weighted)"
                                                                               : " (unweighted)")};
    for (const std::string& column : columns) {
      const auto it = values.find(column);
      row.push_back(it == values.end() ? "" : NumberText(*it->second));
    }
    rows.push_back(std::move(row));
  }
  std::string text = numbers.empty() ? "" : TextTable::OfRows(rows).Text(layout);
  for (const Metric* metric : others) {
    absl::StrAppend(
        &text, "  ", metric->key.is_diff ? "Δ " : "", metric->key.Text(),
        metric->key.model_name.empty() ? "" : absl::StrCat(" (", PrintableText(metric->key.model_name), ")"), "\n",
        ElementsText(*metric, layout));
  }
  return text;
}

std::string PlotsText(const Evaluation& evaluation) {
  std::map<std::string, int> slices_of;
  for (const Plot& plot : evaluation.plots) {
    std::vector<std::string> kinds;
    if (!plot.binary.empty())
      kinds.push_back(absl::StrCat("confusion matrices at ", plot.binary.size(), " thresholds"));
    if (!plot.calibration.empty())
      kinds.push_back(absl::StrCat("calibration in ", plot.calibration.size(), " buckets"));
    if (!plot.multi_class.empty()) kinds.push_back("multi-class confusion matrices");
    if (!plot.multi_label.empty()) kinds.push_back("multi-label confusion matrices");
    if (!plot.message.empty()) kinds.push_back(plot.message);
    const std::string name = plot.key.Text();
    ++slices_of[absl::StrCat(plot.key.model_name.empty() ? "" : absl::StrCat(PrintableText(plot.key.model_name), ": "),
                             name.empty() ? "" : absl::StrCat(name, ": "), absl::StrJoin(kinds, ", "))];
  }
  std::string text;
  for (const auto& [plot, slices] : slices_of)
    absl::StrAppend(&text, "  ", plot, " (", slices, slices == 1 ? " slice)\n" : " slices)\n");
  return text;
}

std::string ValidationText(const Evaluation& evaluation) {
  const Validation& validation = *evaluation.validation;
  if (validation.missing_thresholds) return "Thresholds: none set\n";
  std::string text = absl::StrCat(
      "Thresholds: ", validation.ok ? "passed" : "FAILED",
      validation.rubber_stamp ? " (no baseline: thresholds on changes, if any, were not checked)" : "", "\n");
  for (const Check& check : ThresholdChecks(evaluation)) {
    const auto failed =
        std::count_if(check.outcomes.begin(), check.outcomes.end(), [](const auto& o) { return !o.passed; });
    const std::string verdict = check.state == Check::State::kPassed ? absl::StrCat("passed on ", check.outcomes.size())
                                : check.state == Check::State::kFailed
                                    ? absl::StrCat("FAILED on ", failed, " of ", check.outcomes.size())
                                    : "nothing it applies to";
    absl::StrAppend(&text, "  ", check.metric, " ", check.requirement, ", ", check.applies_to, ": ", verdict, "\n");
    for (const Check::Outcome& outcome : check.outcomes) {
      if (outcome.passed) break;
      const bool real = !outcome.key.name.empty();
      absl::StrAppend(&text, "    ", real ? absl::StrCat(outcome.slice.Text(), ": ") : "",
                      outcome.key.model_name.empty() ? "" : absl::StrCat(PrintableText(outcome.key.model_name), ": "),
                      outcome.reason, "\n");
    }
  }
  return text;
}

}  // namespace

std::string ShowTable(const Evaluation& evaluation, const Sidecars& sidecars, const ShowOptions& options) {
  const std::vector<std::string> models = evaluation.ModelNames();
  const size_t all = evaluation.slices.size();
  const size_t shown = options.max_slices <= 0 ? all : std::min<size_t>(all, options.max_slices);
  std::string text;
  for (size_t i = 0; i < shown; ++i) {
    const SliceMetrics& slice = evaluation.slices[i];
    absl::StrAppend(&text, slice.slice.Text(), "\n", SliceTable(evaluation, models, slice, options.width), "\n");
  }
  if (shown < all) {
    absl::StrAppend(&text, all - shown, " more ", all - shown == 1 ? "slice" : "slices",
                    ": `tfxm show DIR` prints them all, `tfxm report DIR` makes a page to sort and search them\n\n");
  }
  if (const std::string plots = PlotsText(evaluation); !plots.empty()) absl::StrAppend(&text, "Plots\n", plots, "\n");
  if (const std::string comparisons = ComparisonsText(evaluation, sidecars, options); !comparisons.empty()) {
    absl::StrAppend(&text, comparisons, "\n");
  }
  if (const std::string costs = CostsText(sidecars, options.width); !costs.empty()) absl::StrAppend(&text, costs, "\n");
  if (evaluation.validation) absl::StrAppend(&text, ValidationText(evaluation));
  return WrapLines(text, options.width);
}

}  // namespace tfxm::report
