// SPDX-License-Identifier: Apache-2.0

#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tfxm/proto/costs.h"
#include "tfxm/report/html/page_sections.h"
#include "tfxm/util/text/text.h"

namespace tfxm::report {
namespace {

constexpr size_t kMaxListed = 64;  // Elements of an array or matrix shown for a metric that is not a number.

std::string OtherText(const MetricValue& value) {
  std::vector<std::string> parts;
  size_t total = 0;
  const auto add = [&](std::string part) {
    if (total++ < kMaxListed) parts.push_back(std::move(part));
  };
  for (const double x : value.numbers) add(ShortNumber(x));
  for (const std::string& text : value.texts) add(PrintableText(text));
  for (const auto& [cutoff, x] : value.cutoffs) add(absl::StrCat("at ", cutoff, ": ", ShortNumber(x)));
  for (const BinaryMatrix& m : value.binary) {
    add(absl::StrCat("> ", ShortNumber(m.threshold), ": TP ", ShortNumber(m.tp), ", FP ", ShortNumber(m.fp), ", TN ",
                     ShortNumber(m.tn), ", FN ", ShortNumber(m.fn)));
  }
  for (const MultiClassMatrix& m : value.multi_class) {
    add(absl::StrCat("> ", ShortNumber(m.threshold), ": ", m.cells.size(), " pairs of classes"));
  }
  std::string text = absl::StrJoin(parts, value.binary.empty() && value.multi_class.empty() ? ", " : "; ");
  if (total > parts.size()) absl::StrAppend(&text, ", … (", total, " in all)");
  return text;
}

const char* UnitName(Cost::Unit unit) {
  switch (unit) {
    case Cost::Unit::kBytes: return "bytes";
    case Cost::Unit::kMilliseconds: return "milliseconds";
    case Cost::Unit::kPerSecond: return "per second";
    case Cost::Unit::kShare: return "share";
    case Cost::Unit::kCount: return "count";
  }
  return "";
}

}  // namespace

void WriteModels(const PageIndex& index, JsonWriter& json) {
  json.Key("models").BeginArray();
  for (const PageModel& model : index.models()) {
    const Evaluation& evaluation = index.input().evaluations[model.evaluation].evaluation;
    json.BeginObject().Key("name").String(model.name).Key("evaluation").Number(model.evaluation);
    std::string format = model.facts.format();
    for (const auto& spec : evaluation.config.model_specs()) {
      if (format.empty() && (spec.name() == model.model_name || evaluation.config.model_specs_size() == 1)) {
        format = spec.model_type() == "tf_lite" ? "TFLite" : spec.model_type();
      }
    }
    json.Key("format").String(format);
    json.Key("baseline").Bool(!model.model_name.empty() && model.model_name == evaluation.BaselineModel());
    json.Key("facts").BeginObject();
    for (const auto& [name, value] : Sorted(model.facts.numbers())) json.Key(name).Number(value);
    json.End().Key("noise").BeginObject();
    for (const auto& [name, value] : Sorted(model.facts.noise())) json.Key(name).Number(value);
    json.End().Key("ops").BeginObject();
    for (const auto& [name, value] : Sorted(model.facts.op_counts())) json.Key(name).Number(value);
    json.End().Key("texts").BeginObject();
    for (const auto& [name, text] : Sorted(model.facts.texts())) json.Key(name).String(text);
    json.End().End();
  }
  json.End();
}

// Those that the table of costs has: [unit, direction].
void WriteCosts(JsonWriter& json) {
  json.Key("costs").BeginObject();
  for (const Cost& cost : kCosts)
    json.Key(cost.name).BeginArray().String(UnitName(cost.unit)).Number(cost.direction).End();
  json.End();
}

void WriteSlices(const PageIndex& index, JsonWriter& json) {
  json.Key("slices").BeginArray();
  for (const auto& [slice, i] : index.slices()) {
    json.BeginObject().Key("text").String(slice.Text()).Key("keys").BeginArray();
    for (const auto& [column, value] : slice.values) {
      json.BeginArray().String(column).String(SliceValueText(value)).End();
    }
    json.End();
    if (slice.cross_baseline) json.Key("cross").Bool(true);
    for (const ReportEvaluation& r : index.input().evaluations) {
      const auto& all = r.evaluation.slices;
      const auto it = std::lower_bound(all.begin(), all.end(), slice,
                                       [](const SliceMetrics& a, const Slice& b) { return a.slice < b; });
      if (it != all.end() && it->slice == slice && !it->error.empty()) {
        json.Key("error").String(it->error);
        break;
      }
    }
    json.End();
  }
  json.End();
}

void WriteMetrics(const PageIndex& index, JsonWriter& json) {
  // Whether a metric is weighted is said only where both kinds are there.
  std::map<std::string, int> same_text;
  for (const auto& [key, entry] : index.metrics()) ++same_text[key.Text()];
  json.Key("metrics").BeginArray();
  for (const auto& [key, entry] : index.metrics()) {
    const std::string text = key.Text();
    const bool ambiguous = same_text[text] > 1;
    json.BeginObject().Key("name").String(key.name);
    json.Key("text").String(absl::StrCat(text, !ambiguous                             ? ""
                                               : key.example_weighted.value_or(false) ? " (weighted)"
                                                                                      : " (unweighted)"));
    const Direction d = entry.direction;
    json.Key("direction").Number(d == Direction::kNone ? 0 : d == Direction::kHigherIsBetter ? 1 : -1).End();
  }
  json.End();
}

// Numbers as rows [model, slice, metric, value, lower, upper]; the rest as objects.
void WriteValues(const PageIndex& index, JsonWriter& json) {
  json.Key("values").BeginArray();
  std::vector<std::array<int, 3>> rest_ids;
  std::vector<const Metric*> rest;
  index.ForEachMetric([&](int model, int slice, int metric_index, const Metric& metric) {
    if (metric.key.is_diff) return;
    if (metric.value.kind != MetricValue::Kind::kNumber) {
      rest_ids.push_back({model, slice, metric_index});
      rest.push_back(&metric);
      return;
    }
    json.BeginArray().Number(model).Number(slice).Number(metric_index).Number(metric.value.number);
    if (metric.interval && metric.interval->lower.kind == MetricValue::Kind::kNumber) {
      json.Number(metric.interval->lower.number).Number(metric.interval->upper.number);
    }
    json.End();
  });
  json.End().Key("others").BeginArray();
  for (size_t i = 0; i < rest.size(); ++i) {
    json.BeginArray()
        .Number(rest_ids[i][0])
        .Number(rest_ids[i][1])
        .Number(rest_ids[i][2])
        .String(OtherText(rest[i]->value))
        .End();
  }
  json.End();
}

// Differences that were computed on the same examples, with what is known about their certainty:
// [model, reference, slice, metric, difference, lower, upper, p_value, method, whether the models predict the same].
void WriteComparisons(const PageIndex& index, JsonWriter& json) {
  json.Key("comparisons").BeginArray();
  const auto optional = [&](bool has, double x) { has ? json.Number(x) : json.Null(); };
  index.ForEachMetric([&](int model, int slice, int metric_index, const Metric& metric) {
    if (!metric.key.is_diff || metric.value.kind != MetricValue::Kind::kNumber) return;
    const int reference =
        index.ModelOf(index.models()[model].evaluation,
                      index.input().evaluations[index.models()[model].evaluation].evaluation.BaselineModel());
    if (reference < 0 || !metric.interval || metric.interval->lower.kind != MetricValue::Kind::kNumber) return;
    json.BeginArray().Number(model).Number(reference).Number(slice).Number(metric_index).Number(metric.value.number);
    json.Number(metric.interval->lower.number)
        .Number(metric.interval->upper.number)
        .Null()
        .String("")
        .Bool(false)
        .End();
  });
  for (size_t e = 0; e < index.input().evaluations.size(); ++e) {
    for (const Comparison& c : index.input().evaluations[e].sidecars.comparisons) {
      const int model = index.ModelOf(static_cast<int>(e), c.model_name()),
                reference = index.ModelOf(static_cast<int>(e), c.reference_model_name());
      const auto slice = index.slice_by_text().find(ToSliceText(c.slice()));
      if (model < 0 || reference < 0 || slice == index.slice_by_text().end()) continue;
      for (const auto& [key, entry] : index.metrics()) {
        if (key.name != c.metric_name() || key.output_name != c.output_name() || key.SubKeyText() != c.sub_key() ||
            key.aggregation != c.aggregation() ||
            (c.has_example_weighted() && key.example_weighted != c.example_weighted())) {
          continue;
        }
        json.BeginArray()
            .Number(model)
            .Number(reference)
            .Number(slice->second)
            .Number(entry.index)
            .Number(c.difference());
        optional(c.has_lower_bound(), c.lower_bound());
        optional(c.has_upper_bound(), c.upper_bound());
        optional(c.has_p_value(), c.p_value());
        json.String(c.method()).Bool(PredictsTheSame(index.input().evaluations[e].sidecars, c.model_name())).End();
      }
    }
  }
  json.End();
}

}  // namespace tfxm::report
