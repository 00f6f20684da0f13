// SPDX-License-Identifier: Apache-2.0

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "tfxm/report/evaluation/metric_direction.h"
#include "tfxm/report/evaluation/rounding.h"
#include "tfxm/report/show/show_formats.h"
#include "tfxm/util/text/text.h"
#include "tfxm/util/text/text_table.h"

namespace tfxm::report {
namespace {

using Row = std::vector<std::string>;

std::string MetricText(const Comparison& c) {
  std::string text = c.output_name().empty() ? c.metric_name() : absl::StrCat(c.output_name(), "/", c.metric_name());
  for (const std::string* part : {&c.sub_key(), &c.aggregation()}) {
    if (!part->empty()) absl::StrAppend(&text, ", ", *part);
  }
  return PrintableText(text);
}

// The numbers of an evaluation by slice, metric, whether weighted, and model.
class MetricValues {
 public:
  explicit MetricValues(const Evaluation& evaluation) {
    for (const SliceMetrics& slice : evaluation.slices) {
      if (slice.slice.cross_baseline) continue;
      SliceText text;
      for (const auto& [column, value] : slice.slice.values) text[column] = SliceValueText(value);
      for (const Metric& metric : slice.metrics) {
        const Key& key = metric.key;
        if (key.is_diff || metric.value.kind != MetricValue::Kind::kNumber) continue;
        values_[Id(text, key.output_name, key.name, key.SubKeyText(), key.aggregation,
                   key.example_weighted.value_or(false), key.model_name)] = metric.value.number;
      }
    }
  }
  std::optional<double> Find(const Comparison& c) const {
    const auto it = values_.find(Id(ToSliceText(c.slice()), c.output_name(), c.metric_name(), c.sub_key(),
                                    c.aggregation(), c.example_weighted(), c.model_name()));
    return it == values_.end() ? std::nullopt : std::optional<double>(it->second);
  }

 private:
  static std::string Id(const SliceText& slice, const std::string& output, const std::string& name,
                        const std::string& sub_key, const std::string& aggregation, bool weighted,
                        const std::string& model) {
    return absl::StrJoin(
        {SliceTextName(slice), output, name, sub_key, aggregation, std::string(weighted ? "w" : ""), model}, "\n");
  }
  std::map<std::string, double> values_;
};

// Differences are small beside the values: six digits of them would be noise.
std::string DifferenceText(double x) { return x == 0 ? "0" : absl::StrFormat("%+.3g", x); }

std::string IntervalText(const Comparison& c) {
  if (!c.has_lower_bound() || !c.has_upper_bound()) return "";
  return absl::StrCat("[", DifferenceText(c.lower_bound()), ", ", DifferenceText(c.upper_bound()), "]");
}

// Whether the difference of a metric is what rounding leaves: it is next to nothing itself, or no prediction is another.
bool IsSame(const Sidecars& sidecars, const MetricValues& values, const Comparison& c) {
  if (PredictsTheSame(sidecars, c.model_name())) return true;
  return IsRounding(c.difference(), values.Find(c).value_or(0));
}

bool IsReal(const Sidecars& sidecars, const MetricValues& values, const Comparison& c) {
  if (!c.has_lower_bound() || !c.has_upper_bound() || (c.lower_bound() <= 0 && c.upper_bound() >= 0)) return false;
  return !IsSame(sidecars, values, c);
}

std::string Verdict(const Evaluation& evaluation, const Sidecars& sidecars, const MetricValues& values,
                    const Comparison& c) {
  if (IsSame(sidecars, values, c)) return "same";
  if (!c.has_lower_bound() || !c.has_upper_bound()) return "";
  if (!IsReal(sidecars, values, c)) return "may be chance";
  switch (MetricDirection(c.metric_name(), evaluation.config)) {
    case Direction::kHigherIsBetter: return c.difference() > 0 ? "better" : "WORSE";
    case Direction::kLowerIsBetter: return c.difference() < 0 ? "better" : "WORSE";
    case Direction::kNone: return "different";
  }
  return "";
}

std::string HowText(const Comparison& c) {
  if (!c.has_p_value()) return PrintableText(c.method());
  return absl::StrFormat("%s, p = %.2g", PrintableText(c.method()), c.p_value());
}

Row ComparisonRow(const Evaluation& evaluation, const Sidecars& sidecars, const MetricValues& values,
                  const std::string& title, const Comparison& c) {
  const std::optional<double> value = values.Find(c);
  return {title,           value ? ShortNumber(*value) : "",         DifferenceText(c.difference()),
          IntervalText(c), Verdict(evaluation, sidecars, values, c), HowText(c)};
}

const Row kHead = {"", "value", "difference", "95 % interval", "", ""};

std::string DisagreementsText(const Disagreements& disagreements, const std::string& reference,
                              const TextTable::Layout& layout, bool files_stay) {
  if (!disagreements.has_total()) return "";
  const double total = disagreements.total();
  // By whom, where it is one; else by each, in the order of the names.
  std::map<std::string, double> models;
  for (const auto& [name, model] : disagreements.models()) {
    if (PrintableText(name) != reference) models[PrintableText(name)] = model.disagreeing();
  }
  std::string text =
      absl::StrCat("Disagreement: ", ShortNumber(total), total == 1 ? " example is " : " examples are ",
                   disagreements.by() == "value" ? "predicted" : "decided", " differently",
                   models.size() == 1 ? absl::StrCat(" by ", models.begin()->first) : "", " than by ", reference);
  if (models.size() > 1) {
    absl::StrAppend(&text, " (",
                    absl::StrJoin(models, ", ",
                                  [](std::string* out, const auto& model) {
                                    absl::StrAppend(out, model.first, ": ", ShortNumber(model.second));
                                  }),
                    ")");
  }
  if (!disagreements.examples().empty()) {
    absl::StrAppend(&text, files_stay ? "; the most different are in disagreements.tfrecord.gz"
                                      : "; --output=DIR keeps the most different");
  }
  absl::StrAppend(&text, "\n");
  if (disagreements.slices().empty()) return text;
  std::vector<Row> rows = {{"frequent in", "disagreeing", "examples", "p, corrected"}};
  for (const DisagreementSlice& slice : disagreements.slices()) {
    rows.push_back({SliceTextName(ToSliceText(slice.slice())), ShortNumber(slice.disagreeing()),
                    ShortNumber(slice.examples()),
                    slice.has_adjusted_p_value() ? absl::StrFormat("%.2g", slice.adjusted_p_value()) : ""});
  }
  return text + TextTable::OfRows(rows).Text(layout);
}

}  // namespace

std::string ComparisonsText(const Evaluation& evaluation, const Sidecars& sidecars, const ShowOptions& options) {
  if (sidecars.comparisons.empty()) return "";
  const TextTable::Layout layout{.width = options.width, .indent = "  "};
  const std::string reference = PrintableText(sidecars.comparisons[0].reference_model_name());
  const MetricValues values(evaluation);
  // Metric by metric, models in the order of the evaluation.
  std::map<std::string, int> order;
  for (const std::string& model : evaluation.ModelNames()) order.emplace(model, static_cast<int>(order.size()));
  std::map<std::pair<std::string, int>, const Comparison*> overall;
  std::vector<const Comparison*> real;
  int of_slices = 0;
  for (const Comparison& c : sidecars.comparisons) {
    if (c.slice().fields().empty()) {
      overall[{absl::StrCat(MetricText(c), c.example_weighted() ? " (weighted)" : ""), order[c.model_name()]}] = &c;
    } else {
      ++of_slices;
      if (IsReal(sidecars, values, c)) real.push_back(&c);
    }
  }
  std::string text = absl::StrCat("Compared with ", reference, " on the same examples\n");
  std::vector<Row> rows = {kHead};
  std::string metric;
  for (const auto& [key, c] : overall) {
    if (key.first != metric) rows.push_back({metric = key.first});
    rows.push_back(ComparisonRow(evaluation, sidecars, values, "  " + PrintableText(c->model_name()), *c));
  }
  if (!overall.empty()) absl::StrAppend(&text, TextTable::OfRows(rows).Text(layout));
  if (!real.empty()) {
    std::stable_sort(real.begin(), real.end(), [](const Comparison* a, const Comparison* b) {
      return a->metric_name() != b->metric_name() ? a->metric_name() < b->metric_name()
                                                  : std::abs(a->difference()) > std::abs(b->difference());
    });
    const size_t shown = options.max_slices <= 0 ? real.size() : std::min<size_t>(real.size(), options.max_slices);
    // Of intervals that hold in 95 of 100 cases some exclude 0 by chance.
    absl::StrAppend(&text, "  Intervals exclude 0 for ", real.size(), " of ", of_slices,
                    " differences on slices (chance alone: about ", std::lround(0.05 * of_slices), ")\n");
    rows = {kHead};
    for (size_t i = 0; i < shown; ++i) {
      const Comparison& c = *real[i];
      rows.push_back(ComparisonRow(evaluation, sidecars, values,
                                   absl::StrCat("  ", SliceTextName(ToSliceText(c.slice())), ": ", MetricText(c), ", ",
                                                PrintableText(c.model_name())),
                                   c));
    }
    absl::StrAppend(&text, TextTable::OfRows(rows).Text(layout));
    if (shown < real.size()) absl::StrAppend(&text, "    … and ", real.size() - shown, " more\n");
  }
  return absl::StrCat(text, DisagreementsText(sidecars.disagreements, reference, layout, options.files_stay));
}

}  // namespace tfxm::report
