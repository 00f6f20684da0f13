#include "tfxm/report/page_data.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tfxm/report/checks.h"
#include "tfxm/report/metric_direction.h"
#include "tfxm/report/plot_data.h"
#include "tfxm/util/json_writer.h"
#include "tfxm/util/status_macros.h"
#include "tfxm/util/text.h"

namespace tfxm::report {
namespace {

// A page with more plots than this would be slow to open; Overall and the coarse slices come first.
constexpr int kMaxPlots = 240;
constexpr size_t kMaxListed = 64;  // Elements of an array or matrix shown for a metric that is no number.

// Cost metrics: facts that are found among the metrics of all examples count as facts (they can carry thresholds
// there).
constexpr std::array<absl::string_view, 7> kCostNames = {"size_bytes",        "arena_bytes",    "latency_p50_ms",
                                                         "latency_p90_ms",    "latency_p99_ms", "examples_per_second",
                                                         "delegated_op_share"};

struct Model {
  std::string name;        // As displayed.
  std::string model_name;  // As in the evaluation.
  int evaluation = 0;
  ModelFacts facts;
};

// A metric on the page: its key without the model.
Key MetricIdentity(Key key) {
  key.model_name.clear();
  key.is_diff = false;
  return key;
}

class Page {
 public:
  explicit Page(const ReportInput& input) : input_(input) {
    CollectModels();
    CollectSlicesAndMetrics();
  }

  absl::StatusOr<std::string> Write() {
    ASSIGN_OR_RETURN(const int reference, Reference());
    json_.BeginObject();
    json_.Key("title").String(input_.title);
    json_.Key("reference").Number(reference);
    WriteModels();
    WriteSlices();
    WriteMetrics();
    WriteValues();
    WriteComparisons();
    WriteEvaluations();
    WritePlots();
    WriteDisagreements();
    WritePipeline();
    json_.End();
    return std::move(json_).Take();
  }

 private:
  void CollectModels() {
    for (size_t e = 0; e < input_.evaluations.size(); ++e) {
      const ReportEvaluation& r = input_.evaluations[e];
      const std::vector<std::string> names = r.evaluation.ModelNames();
      for (const std::string& name : names) {
        Model model{.model_name = name, .evaluation = static_cast<int>(e)};
        for (const ModelFacts& facts : r.sidecars.facts) {
          if (facts.model_name == name || (names.size() == 1 && facts.model_name.empty())) Add(facts, &model.facts);
        }
        AddCostMetrics(r.evaluation, name, &model.facts);
        std::string own = model.facts.display_name.empty() ? name : model.facts.display_name;
        if (names.size() == 1 && !r.display_name.empty()) {
          model.name = r.display_name;
        } else if (own.empty()) {
          model.name = r.display_name.empty() ? "model" : r.display_name;
        } else {
          model.name =
              input_.evaluations.size() > 1 && !r.display_name.empty() ? absl::StrCat(r.display_name, ": ", own) : own;
        }
        model_index_[{model.evaluation, name}] = static_cast<int>(models_.size());
        models_.push_back(std::move(model));
      }
    }
  }

  static void Add(const ModelFacts& from, ModelFacts* to) {
    if (!from.display_name.empty()) to->display_name = from.display_name;
    if (!from.format.empty()) to->format = from.format;
    for (const auto& [k, v] : from.numbers) to->numbers[k] = v;
    for (const auto& [k, v] : from.noise) to->noise[k] = v;
    for (const auto& [k, v] : from.op_counts) to->op_counts[k] = v;
    for (const auto& [k, v] : from.texts) to->texts[k] = v;
  }

  static void AddCostMetrics(const Evaluation& evaluation, const std::string& model_name, ModelFacts* facts) {
    for (const SliceMetrics& slice : evaluation.slices) {
      if (!slice.slice.overall()) continue;
      for (const Metric& metric : slice.metrics) {
        if (metric.key.model_name != model_name || metric.key.is_diff ||
            metric.value.kind != MetricValue::Kind::kNumber)
          continue;
        if (std::find(kCostNames.begin(), kCostNames.end(), metric.key.name) == kCostNames.end()) continue;
        facts->numbers.emplace(metric.key.name, metric.value.number);
      }
    }
  }

  void CollectSlicesAndMetrics() {
    for (const ReportEvaluation& r : input_.evaluations) {
      for (const SliceMetrics& slice : r.evaluation.slices) {
        slices_.emplace(slice.slice, 0);
        for (const Metric& metric : slice.metrics) {
          const Direction direction = MetricDirection(metric.key.name, r.evaluation.config);
          metrics_.emplace(MetricIdentity(metric.key), std::make_pair(0, direction));
        }
      }
      for (const Plot& plot : r.evaluation.plots) slices_.emplace(plot.slice, 0);
      if (r.evaluation.validation) {
        for (const ValidationFailure& f : r.evaluation.validation->failures) slices_.emplace(f.slice, 0);
      }
    }
    int index = 0;
    for (auto& [slice, i] : slices_) i = index++;
    index = 0;
    for (auto& [key, entry] : metrics_) entry.first = index++;
    for (const auto& [slice, i] : slices_) {
      if (slice.cross_baseline) continue;
      SliceText text;
      for (const auto& [column, value] : slice.values) text[column] = SliceValueText(value);
      slice_by_text_.emplace(std::move(text), i);
    }
  }

  absl::StatusOr<int> Reference() const {
    if (!input_.reference_model.empty()) {
      for (size_t i = 0; i < models_.size(); ++i) {
        if (models_[i].name == input_.reference_model) return static_cast<int>(i);
      }
      return absl::InvalidArgumentError(absl::StrCat(
          "no model \"", input_.reference_model,
          "\" to compare with; there are: ", absl::StrJoin(models_, ", ", [](std::string* out, const Model& m) {
            absl::StrAppend(out, "\"", m.name, "\"");
          })));
    }
    for (size_t i = 0; i < models_.size(); ++i) {
      const std::string baseline = input_.evaluations[models_[i].evaluation].evaluation.BaselineModel();
      if (!baseline.empty() && models_[i].model_name == baseline) return static_cast<int>(i);
    }
    return 0;
  }

  int ModelOf(int evaluation, const std::string& name) const {
    const auto it = model_index_.find({evaluation, name});
    return it == model_index_.end() ? -1 : it->second;
  }

  void WriteModels() {
    json_.Key("models").BeginArray();
    for (const Model& model : models_) {
      const Evaluation& evaluation = input_.evaluations[model.evaluation].evaluation;
      json_.BeginObject().Key("name").String(model.name).Key("evaluation").Number(model.evaluation);
      std::string format = model.facts.format;
      for (const auto& spec : evaluation.config.model_specs()) {
        if (format.empty() && (spec.name() == model.model_name || evaluation.config.model_specs_size() == 1)) {
          format = spec.model_type() == "tf_lite" ? "TFLite" : spec.model_type();
        }
      }
      json_.Key("format").String(format);
      json_.Key("baseline").Bool(!model.model_name.empty() && model.model_name == evaluation.BaselineModel());
      json_.Key("facts").BeginObject();
      for (const auto& [name, value] : model.facts.numbers) json_.Key(name).Number(value);
      json_.End().Key("noise").BeginObject();
      for (const auto& [name, value] : model.facts.noise) json_.Key(name).Number(value);
      json_.End().Key("ops").BeginObject();
      for (const auto& [name, value] : model.facts.op_counts) json_.Key(name).Number(value);
      json_.End().Key("texts").BeginObject();
      for (const auto& [name, text] : model.facts.texts) json_.Key(name).String(text);
      json_.End().End();
    }
    json_.End();
  }

  void WriteSlices() {
    json_.Key("slices").BeginArray();
    for (const auto& [slice, index] : slices_) {
      json_.BeginObject().Key("text").String(slice.Text()).Key("keys").BeginArray();
      for (const auto& [column, value] : slice.values) {
        json_.BeginArray().String(column).String(SliceValueText(value)).End();
      }
      json_.End();
      if (slice.cross_baseline) json_.Key("cross").Bool(true);
      for (const ReportEvaluation& r : input_.evaluations) {
        const auto& all = r.evaluation.slices;
        const auto it = std::lower_bound(all.begin(), all.end(), slice,
                                         [](const SliceMetrics& a, const Slice& b) { return a.slice < b; });
        if (it != all.end() && it->slice == slice && !it->error.empty()) {
          json_.Key("error").String(it->error);
          break;
        }
      }
      json_.End();
    }
    json_.End();
  }

  void WriteMetrics() {
    // Whether a metric is weighted is said only where both kinds are there.
    std::map<std::string, int> same_text;
    for (const auto& [key, entry] : metrics_) ++same_text[key.Text()];
    json_.Key("metrics").BeginArray();
    for (const auto& [key, entry] : metrics_) {
      const std::string text = key.Text();
      const bool ambiguous = same_text[text] > 1;
      json_.BeginObject().Key("name").String(key.name);
      json_.Key("text").String(absl::StrCat(text, !ambiguous                             ? ""
                                                  : key.example_weighted.value_or(false) ? " (weighted)"
                                                                                         : " (unweighted)"));
      const Direction d = entry.second;
      json_.Key("direction").Number(d == Direction::kNone ? 0 : d == Direction::kHigherIsBetter ? 1 : -1).End();
    }
    json_.End();
  }

  // Numbers as rows [model, slice, metric, value, lower, upper]; the rest as objects.
  void WriteValues() {
    json_.Key("values").BeginArray();
    std::vector<std::array<int, 3>> rest_ids;
    std::vector<const Metric*> rest;
    ForEachMetric([&](int model, int slice, int metric_index, const Metric& metric) {
      if (metric.key.is_diff) return;
      if (metric.value.kind != MetricValue::Kind::kNumber) {
        rest_ids.push_back({model, slice, metric_index});
        rest.push_back(&metric);
        return;
      }
      json_.BeginArray().Number(model).Number(slice).Number(metric_index).Number(metric.value.number);
      if (metric.interval && metric.interval->lower.kind == MetricValue::Kind::kNumber) {
        json_.Number(metric.interval->lower.number).Number(metric.interval->upper.number);
      }
      json_.End();
    });
    json_.End().Key("others").BeginArray();
    for (size_t i = 0; i < rest.size(); ++i) {
      json_.BeginArray()
          .Number(rest_ids[i][0])
          .Number(rest_ids[i][1])
          .Number(rest_ids[i][2])
          .String(OtherText(rest[i]->value))
          .End();
    }
    json_.End();
  }

  static std::string OtherText(const MetricValue& value) {
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

  // Differences that were computed on the same examples, with what is known about their certainty:
  // [model, reference, slice, metric, difference, lower, upper, p_value, method].
  void WriteComparisons() {
    json_.Key("comparisons").BeginArray();
    const auto optional = [&](const std::optional<double>& x) { x ? json_.Number(*x) : json_.Null(); };
    ForEachMetric([&](int model, int slice, int metric_index, const Metric& metric) {
      if (!metric.key.is_diff || metric.value.kind != MetricValue::Kind::kNumber) return;
      const int reference =
          ModelOf(models_[model].evaluation, input_.evaluations[models_[model].evaluation].evaluation.BaselineModel());
      if (reference < 0 || !metric.interval || metric.interval->lower.kind != MetricValue::Kind::kNumber) return;
      json_.BeginArray().Number(model).Number(reference).Number(slice).Number(metric_index).Number(metric.value.number);
      json_.Number(metric.interval->lower.number).Number(metric.interval->upper.number).Null().String("").End();
    });
    for (size_t e = 0; e < input_.evaluations.size(); ++e) {
      for (const Comparison& c : input_.evaluations[e].sidecars.comparisons) {
        const int model = ModelOf(static_cast<int>(e), c.model_name),
                  reference = ModelOf(static_cast<int>(e), c.reference_model_name);
        const auto slice = slice_by_text_.find(c.slice);
        if (model < 0 || reference < 0 || slice == slice_by_text_.end()) continue;
        for (const auto& [key, entry] : metrics_) {
          if (key.name != c.metric_name || key.output_name != c.output_name || key.SubKeyText() != c.sub_key ||
              key.aggregation != c.aggregation || (c.example_weighted && key.example_weighted != c.example_weighted)) {
            continue;
          }
          json_.BeginArray()
              .Number(model)
              .Number(reference)
              .Number(slice->second)
              .Number(entry.first)
              .Number(c.difference);
          optional(c.lower_bound);
          optional(c.upper_bound);
          optional(c.p_value);
          json_.String(c.method).End();
        }
      }
    }
    json_.End();
  }

  template <typename Fn>
  void ForEachMetric(Fn&& fn) {
    for (size_t e = 0; e < input_.evaluations.size(); ++e) {
      for (const SliceMetrics& slice : input_.evaluations[e].evaluation.slices) {
        const int slice_index = slices_.at(slice.slice);
        for (const Metric& metric : slice.metrics) {
          fn(ModelOf(static_cast<int>(e), metric.key.model_name), slice_index,
             metrics_.at(MetricIdentity(metric.key)).first, metric);
        }
      }
    }
  }

  void WriteEvaluations() {
    json_.Key("evaluations").BeginArray();
    for (size_t e = 0; e < input_.evaluations.size(); ++e) {
      const ReportEvaluation& r = input_.evaluations[e];
      json_.BeginObject().Key("name").String(r.display_name).Key("data").String(r.evaluation.data_location);
      const auto& validation = r.evaluation.validation;
      json_.Key("validated").Bool(validation && !validation->missing_thresholds);
      json_.Key("ok").Bool(validation && validation->ok);
      json_.Key("rubber_stamp").Bool(validation && validation->rubber_stamp);
      json_.Key("checks").BeginArray();
      for (const Check& check : ThresholdChecks(r.evaluation)) WriteCheck(static_cast<int>(e), check);
      json_.End().End();
    }
    json_.End();
  }

  void WriteCheck(int evaluation, const Check& check) {
    json_.BeginObject().Key("metric").String(check.metric).Key("requirement").String(check.requirement);
    json_.Key("applies_to").String(check.applies_to);
    json_.Key("state").String(check.state == Check::State::kPassed   ? "passed"
                              : check.state == Check::State::kFailed ? "failed"
                                                                     : "unchecked");
    json_.Key("outcomes").BeginArray();
    for (const Check::Outcome& o : check.outcomes) {
      // [model, slice, metric, value, passed, reason, is_diff]; -1: not on the page.
      const auto slice = slices_.find(o.slice);
      const auto metric = metrics_.find(MetricIdentity(o.key));
      const bool real = !o.key.name.empty();
      json_.BeginArray().Number(real ? ModelOf(evaluation, o.key.model_name) : -1);
      json_.Number(real && slice != slices_.end() ? slice->second : -1);
      json_.Number(metric == metrics_.end() ? -1 : metric->second.first);
      o.value ? json_.Number(*o.value) : json_.Null();
      json_.Bool(o.passed).String(o.reason).Bool(o.key.is_diff).End();
    }
    json_.End().End();
  }

  void WritePlots() {
    std::vector<std::pair<int, Plot>> plots;
    for (size_t e = 0; e < input_.evaluations.size(); ++e) {
      const Evaluation& evaluation = input_.evaluations[e].evaluation;
      for (const Plot& plot : evaluation.plots)
        plots.emplace_back(ModelOf(static_cast<int>(e), plot.key.model_name), plot);
      // Matrices among the metrics are plots too.
      for (const SliceMetrics& slice : evaluation.slices) {
        for (const Metric& metric : slice.metrics) {
          if (metric.key.is_diff || slice.slice.cross_baseline || metric.value.multi_class.empty()) continue;
          plots.emplace_back(ModelOf(static_cast<int>(e), metric.key.model_name),
                             Plot{.slice = slice.slice, .key = metric.key, .multi_class = metric.value.multi_class});
        }
      }
    }
    std::stable_sort(plots.begin(), plots.end(),
                     [](const auto& a, const auto& b) { return a.second.slice < b.second.slice; });
    json_.Key("plots").BeginArray();
    for (size_t i = 0; i < plots.size() && i < kMaxPlots; ++i) WritePlot(plots[i].first, plots[i].second);
    json_.End()
        .Key("omitted_plots")
        .Number(plots.size() > kMaxPlots ? static_cast<double>(plots.size() - kMaxPlots) : 0);
  }

  void WritePlot(int model, const Plot& plot) {
    json_.BeginObject().Key("model").Number(model).Key("slice").Number(slices_.at(plot.slice));
    json_.Key("key").String(MetricIdentity(plot.key).Text());
    if (!plot.message.empty()) json_.Key("message").String(plot.message);
    if (!plot.binary.empty()) {
      // [threshold, tp, fp, tn, fn, precision, recall, false positive rate]
      json_.Key("curve").BeginArray();
      for (const BinaryMatrix& m : ThinCurve(plot.binary)) {
        Numbers({m.threshold, m.tp, m.fp, m.tn, m.fn, m.precision, m.recall, m.false_positive_rate});
      }
      json_.End().Key("scores").BeginArray();
      for (const ScoreBin& bin : ScoreDistribution(plot.binary))
        Numbers({bin.lower, bin.upper, bin.positives, bin.negatives});
      json_.End();
    }
    if (!plot.calibration.empty()) {
      // [lower, upper, examples, mean label, mean prediction]
      json_.Key("calibration").BeginArray();
      for (const CalibrationBucket& b : MergeBuckets(plot.calibration)) {
        Numbers({b.lower, b.upper, b.examples, b.labels / b.examples, b.predictions / b.examples});
      }
      json_.End();
    }
    if (!plot.multi_class.empty()) {
      json_.Key("multi_class").BeginArray();
      for (const MultiClassMatrix& m : plot.multi_class) {
        const std::vector<int> classes = MostConfusedClasses(m);
        const std::set<int> shown(classes.begin(), classes.end());
        std::set<int> all;
        for (const auto& cell : m.cells) all.insert({cell.actual, cell.predicted});
        json_.BeginObject().Key("threshold").Number(m.threshold).Key("classes").Number(static_cast<double>(all.size()));
        json_.Key("cells").BeginArray();
        for (const auto& c : m.cells) {
          if (shown.count(c.actual) > 0 && shown.count(c.predicted) > 0) {
            Numbers({static_cast<double>(c.actual), static_cast<double>(c.predicted), c.examples});
          }
        }
        json_.End().End();
      }
      json_.End();
    }
    if (!plot.multi_label.empty()) {
      json_.Key("multi_label").BeginArray();
      for (const MultiLabelMatrix& m : plot.multi_label) {
        json_.BeginObject().Key("threshold").Number(m.threshold).Key("cells").BeginArray();
        for (const auto& c : m.cells)
          Numbers({static_cast<double>(c.actual), static_cast<double>(c.predicted), c.tp, c.fp, c.tn, c.fn});
        json_.End().End();
      }
      json_.End();
    }
    json_.End();
  }

  void Numbers(std::initializer_list<double> numbers) {
    json_.BeginArray();
    // Curves are drawn: six digits are plenty, and a third of the size.
    for (double x : numbers) {
      double rounded;
      if (std::isfinite(x) && absl::SimpleAtod(ShortNumber(x), &rounded)) x = rounded;
      json_.Number(x);
    }
    json_.End();
  }

  void WriteSliceText(const SliceText& slice) { json_.String(SliceTextName(slice)); }

  void WriteDisagreements() {
    json_.Key("disagreements").BeginArray();
    for (size_t e = 0; e < input_.evaluations.size(); ++e) {
      const Disagreements& d = input_.evaluations[e].sidecars.disagreements;
      if (d.examples.empty() && d.slices.empty()) continue;
      json_.BeginObject().Key("evaluation").Number(static_cast<double>(e));
      json_.Key("total").Number(d.total.value_or(static_cast<double>(d.examples.size())));
      json_.Key("examples").BeginArray();
      for (const DisagreementExample& example : d.examples) WriteExample(static_cast<int>(e), example);
      json_.End().Key("slices").BeginArray();
      for (const DisagreementSlice& s : d.slices) {
        json_.BeginObject().Key("slice");
        WriteSliceText(s.slice);
        json_.Key("disagreeing").Number(s.disagreeing).Key("examples").Number(s.examples);
        if (s.p_value) json_.Key("p_value").Number(*s.p_value);
        if (s.adjusted_p_value) json_.Key("adjusted_p_value").Number(*s.adjusted_p_value);
        json_.End();
      }
      json_.End().End();
    }
    json_.End();
  }

  void WriteExample(int evaluation, const DisagreementExample& example) {
    json_.BeginObject();
    if (example.index) json_.Key("index").Number(*example.index);
    if (example.difference) json_.Key("difference").Number(*example.difference);
    json_.Key("label").Value(example.label).Key("predictions").BeginArray();
    for (const auto& [model, value] : example.predictions) {
      const int index = ModelOf(evaluation, model);
      json_.BeginArray().String(index >= 0 ? models_[index].name : model).Value(value);
      if (const auto score = example.scores.find(model); score != example.scores.end()) json_.Number(score->second);
      json_.End();
    }
    json_.End().Key("features").BeginObject();
    for (const auto& [name, value] : example.features) json_.Key(name).Value(value);
    json_.End().Key("images").BeginArray();
    for (const auto& [name, image] : example.images) {
      json_.BeginObject().Key("name").String(name).Key("width").Number(image.width).Key("height").Number(image.height);
      json_.Key("channels").Number(image.channels).Key("pixels").String(absl::Base64Escape(image.pixels)).End();
    }
    json_.End().Key("slices").BeginArray();
    for (const SliceText& slice : example.slices) WriteSliceText(slice);
    json_.End().End();
  }

  void WritePipeline() {
    if (!input_.pipeline) return;
    const PipelineRun& run = *input_.pipeline;
    json_.Key("pipeline").BeginObject().Key("name").String(run.pipeline).Key("run_id").String(run.run_id);
    json_.Key("started").String(run.started).Key("nodes").BeginArray();
    for (const PipelineNode& node : run.nodes) {
      constexpr const char* kStates[] = {"complete", "cached", "failed", "skipped", "running"};
      json_.BeginObject().Key("id").String(node.id).Key("component").String(node.component);
      json_.Key("state").String(kStates[static_cast<int>(node.state)]);
      json_.Key("start").Number(node.start_seconds).Key("duration").Number(node.duration_seconds);
      json_.Key("message").String(node.message).Key("upstream").BeginArray();
      for (const std::string& id : node.upstream) json_.String(id);
      json_.End().End();
    }
    json_.End().End();
  }

  const ReportInput& input_;
  std::vector<Model> models_;
  std::map<std::pair<int, std::string>, int> model_index_;
  std::map<Slice, int> slices_;                       // To the index on the page.
  std::map<Key, std::pair<int, Direction>> metrics_;  // By identity, to the index on the page.
  std::map<SliceText, int> slice_by_text_;
  JsonWriter json_{/*indent=*/false, /*printable=*/true};
};

}  // namespace

absl::StatusOr<std::string> PageData(const ReportInput& input) { return Page(input).Write(); }

}  // namespace tfxm::report
