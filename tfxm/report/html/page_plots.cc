// SPDX-License-Identifier: Apache-2.0

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "tfxm/report/html/page_sections.h"
#include "tfxm/report/html/plot_data.h"
#include "tfxm/util/text/text.h"

namespace tfxm::report {
namespace {

// A page with more plots than this would be slow to open; Overall and the coarse slices come first.
constexpr int kMaxPlots = 240;

void Numbers(JsonWriter& json, std::initializer_list<double> numbers) {
  json.BeginArray();
  // Curves are drawn: six digits are plenty, and a third of the size.
  for (double x : numbers) {
    double rounded;
    if (std::isfinite(x) && absl::SimpleAtod(ShortNumber(x), &rounded)) x = rounded;
    json.Number(x);
  }
  json.End();
}

void WritePlot(const PageIndex& index, int model, const Plot& plot, JsonWriter& json) {
  json.BeginObject().Key("model").Number(model).Key("slice").Number(index.slices().at(plot.slice));
  json.Key("key").String(MetricIdentity(plot.key).Text());
  if (!plot.message.empty()) json.Key("message").String(plot.message);
  if (!plot.binary.empty()) {
    // [threshold, tp, fp, tn, fn, precision, recall, false positive rate]
    json.Key("curve").BeginArray();
    for (const BinaryMatrix& m : ThinCurve(plot.binary)) {
      Numbers(json, {m.threshold, m.tp, m.fp, m.tn, m.fn, m.precision, m.recall, m.false_positive_rate});
    }
    json.End().Key("scores").BeginArray();
    for (const ScoreBin& bin : ScoreDistribution(plot.binary))
      Numbers(json, {bin.lower, bin.upper, bin.positives, bin.negatives});
    json.End();
  }
  if (!plot.calibration.empty()) {
    // [lower, upper, examples, mean label, mean prediction]
    json.Key("calibration").BeginArray();
    for (const CalibrationBucket& b : MergeBuckets(plot.calibration)) {
      Numbers(json, {b.lower, b.upper, b.examples, b.labels / b.examples, b.predictions / b.examples});
    }
    json.End();
  }
  if (!plot.multi_class.empty()) {
    json.Key("multi_class").BeginArray();
    for (const MultiClassMatrix& m : plot.multi_class) {
      const std::vector<int> classes = MostConfusedClasses(m);
      const std::set<int> shown(classes.begin(), classes.end());
      std::set<int> all;
      for (const auto& cell : m.cells) all.insert({cell.actual, cell.predicted});
      json.BeginObject().Key("threshold").Number(m.threshold).Key("classes").Number(static_cast<double>(all.size()));
      json.Key("cells").BeginArray();
      for (const auto& c : m.cells) {
        if (shown.count(c.actual) > 0 && shown.count(c.predicted) > 0) {
          Numbers(json, {static_cast<double>(c.actual), static_cast<double>(c.predicted), c.examples});
        }
      }
      json.End().End();
    }
    json.End();
  }
  if (!plot.multi_label.empty()) {
    json.Key("multi_label").BeginArray();
    for (const MultiLabelMatrix& m : plot.multi_label) {
      json.BeginObject().Key("threshold").Number(m.threshold).Key("cells").BeginArray();
      for (const auto& c : m.cells)
        Numbers(json, {static_cast<double>(c.actual), static_cast<double>(c.predicted), c.tp, c.fp, c.tn, c.fn});
      json.End().End();
    }
    json.End();
  }
  json.End();
}

}  // namespace

void WritePlots(const PageIndex& index, JsonWriter& json) {
  std::vector<std::pair<int, Plot>> plots;
  for (size_t e = 0; e < index.input().evaluations.size(); ++e) {
    const Evaluation& evaluation = index.input().evaluations[e].evaluation;
    for (const Plot& plot : evaluation.plots)
      plots.emplace_back(index.ModelOf(static_cast<int>(e), plot.key.model_name), plot);
    // Matrices among the metrics are plots too.
    for (const SliceMetrics& slice : evaluation.slices) {
      for (const Metric& metric : slice.metrics) {
        if (metric.key.is_diff || slice.slice.cross_baseline || metric.value.multi_class.empty()) continue;
        plots.emplace_back(index.ModelOf(static_cast<int>(e), metric.key.model_name),
                           Plot{.slice = slice.slice, .key = metric.key, .multi_class = metric.value.multi_class});
      }
    }
  }
  std::stable_sort(plots.begin(), plots.end(),
                   [](const auto& a, const auto& b) { return a.second.slice < b.second.slice; });
  json.Key("plots").BeginArray();
  for (size_t i = 0; i < plots.size() && i < kMaxPlots; ++i) WritePlot(index, plots[i].first, plots[i].second, json);
  json.End().Key("omitted_plots").Number(plots.size() > kMaxPlots ? static_cast<double>(plots.size() - kMaxPlots) : 0);
}

}  // namespace tfxm::report
