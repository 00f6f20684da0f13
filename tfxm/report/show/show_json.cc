// SPDX-License-Identifier: Apache-2.0

#include <utility>

#include "tfxm/report/evaluation/checks.h"
#include "tfxm/report/show/show_formats.h"
#include "tfxm/util/text/json_writer.h"

namespace tfxm::report {
namespace {

void WriteValues(const std::vector<std::pair<std::string, SliceValue>>& values, JsonWriter* json) {
  json->BeginObject();
  for (const auto& [column, value] : values) {
    json->Key(column);
    if (const auto* text = std::get_if<std::string>(&value)) {
      json->String(*text);
    } else if (const auto* x = std::get_if<float>(&value)) {
      json->Number(*x);
    } else {
      json->Number(static_cast<double>(std::get<int64_t>(value)));
    }
  }
  json->End();
}

void WriteSlice(const Slice& slice, JsonWriter* json) {
  json->Key("slice");
  WriteValues(slice.values, json);
  if (slice.cross_baseline) {
    json->Key("baseline_slice");
    WriteValues(*slice.cross_baseline, json);
  }
}

void WriteKey(const Key& key, JsonWriter* json) {
  json->Key("name").String(key.name);
  if (!key.model_name.empty()) json->Key("model_name").String(key.model_name);
  if (!key.output_name.empty()) json->Key("output_name").String(key.output_name);
  if (key.class_id) json->Key("class_id").Number(*key.class_id);
  if (key.k) json->Key("k").Number(*key.k);
  if (key.top_k) json->Key("top_k").Number(*key.top_k);
  if (!key.aggregation.empty()) json->Key("aggregation").String(key.aggregation);
  if (key.example_weighted) json->Key("example_weighted").Bool(*key.example_weighted);
  if (key.is_diff) json->Key("is_diff").Bool(true);
}

void WriteBinary(const std::vector<BinaryMatrix>& matrices, JsonWriter* json) {
  json->BeginArray();
  for (const BinaryMatrix& m : matrices) {
    json->BeginObject()
        .Key("threshold")
        .Number(m.threshold)
        .Key("true_positives")
        .Number(m.tp)
        .Key("true_negatives")
        .Number(m.tn);
    json->Key("false_positives").Number(m.fp).Key("false_negatives").Number(m.fn).Key("precision").Number(m.precision);
    json->Key("recall")
        .Number(m.recall)
        .Key("false_positive_rate")
        .Number(m.false_positive_rate)
        .Key("f1")
        .Number(m.f1);
    json->Key("accuracy").Number(m.accuracy).Key("false_omission_rate").Number(m.false_omission_rate).End();
  }
  json->End();
}

void WriteMultiClass(const std::vector<MultiClassMatrix>& matrices, JsonWriter* json) {
  json->BeginArray();
  for (const MultiClassMatrix& m : matrices) {
    json->BeginObject().Key("threshold").Number(m.threshold).Key("entries").BeginArray();
    for (const auto& c : m.cells) {
      json->BeginObject().Key("actual_class_id").Number(c.actual).Key("predicted_class_id").Number(c.predicted);
      json->Key("num_weighted_examples").Number(c.examples).End();
    }
    json->End().End();
  }
  json->End();
}

void WriteValue(const MetricValue& value, JsonWriter* json) {
  using Kind = MetricValue::Kind;
  switch (value.kind) {
    case Kind::kNumber: json->Number(value.number); return;
    case Kind::kNumbers:
      json->BeginObject().Key("shape").BeginArray();
      for (const int n : value.shape) json->Number(n);
      json->End().Key("values").BeginArray();
      for (const double x : value.numbers) json->Number(x);
      json->End().End();
      return;
    case Kind::kTexts:
    case Kind::kMessage:
      json->BeginObject().Key(value.kind == Kind::kTexts ? "texts" : "messages").BeginArray();
      for (const std::string& text : value.texts) json->String(text);
      json->End().End();
      return;
    case Kind::kCutoffs:
      json->BeginObject().Key("cutoffs").BeginArray();
      for (const auto& [cutoff, x] : value.cutoffs) json->BeginArray().Number(cutoff).Number(x).End();
      json->End().End();
      return;
    case Kind::kBinaryMatrices:
      json->BeginObject().Key("confusion_matrix_at_thresholds");
      WriteBinary(value.binary, json);
      json->End();
      return;
    case Kind::kMultiClassMatrices:
      json->BeginObject().Key("multi_class_confusion_matrix_at_thresholds");
      WriteMultiClass(value.multi_class, json);
      json->End();
      return;
    case Kind::kNone: json->Null(); return;
  }
}

void WriteMetric(const Metric& metric, JsonWriter* json) {
  json->BeginObject();
  WriteKey(metric.key, json);
  json->Key("value");
  WriteValue(metric.value, json);
  if (metric.interval) {
    json->Key("lower_bound");
    WriteValue(metric.interval->lower, json);
    json->Key("upper_bound");
    WriteValue(metric.interval->upper, json);
    if (metric.interval->standard_error.kind != MetricValue::Kind::kNone) {
      json->Key("standard_error");
      WriteValue(metric.interval->standard_error, json);
    }
    if (metric.interval->degrees_of_freedom) {
      json->Key("degrees_of_freedom").Number(static_cast<double>(*metric.interval->degrees_of_freedom));
    }
  }
  json->End();
}

void WritePlot(const Plot& plot, JsonWriter* json) {
  json->BeginObject();
  WriteSlice(plot.slice, json);
  WriteKey(plot.key, json);
  if (!plot.binary.empty()) {
    json->Key("confusion_matrix_at_thresholds");
    WriteBinary(plot.binary, json);
  }
  if (!plot.multi_class.empty()) {
    json->Key("multi_class_confusion_matrix_at_thresholds");
    WriteMultiClass(plot.multi_class, json);
  }
  if (!plot.multi_label.empty()) {
    json->Key("multi_label_confusion_matrix_at_thresholds").BeginArray();
    for (const MultiLabelMatrix& m : plot.multi_label) {
      json->BeginObject().Key("threshold").Number(m.threshold).Key("entries").BeginArray();
      for (const auto& c : m.cells) {
        json->BeginObject().Key("actual_class_id").Number(c.actual).Key("predicted_class_id").Number(c.predicted);
        json->Key("true_positives").Number(c.tp).Key("true_negatives").Number(c.tn).Key("false_positives").Number(c.fp);
        json->Key("false_negatives").Number(c.fn).End();
      }
      json->End().End();
    }
    json->End();
  }
  if (!plot.calibration.empty()) {
    json->Key("calibration_histogram_buckets").BeginArray();
    for (const CalibrationBucket& b : plot.calibration) {
      json->BeginObject()
          .Key("lower_threshold_inclusive")
          .Number(b.lower)
          .Key("upper_threshold_exclusive")
          .Number(b.upper);
      json->Key("num_weighted_examples").Number(b.examples).Key("total_weighted_label").Number(b.labels);
      json->Key("total_weighted_refined_prediction").Number(b.predictions).End();
    }
    json->End();
  }
  if (!plot.message.empty()) json->Key("message").String(plot.message);
  json->End();
}

void WriteValidation(const Evaluation& evaluation, JsonWriter* json) {
  const Validation& validation = *evaluation.validation;
  json->Key("validation")
      .BeginObject()
      .Key("ok")
      .Bool(validation.ok)
      .Key("missing_thresholds")
      .Bool(validation.missing_thresholds);
  json->Key("rubber_stamp").Bool(validation.rubber_stamp).Key("checks").BeginArray();
  for (const Check& check : ThresholdChecks(evaluation)) {
    json->BeginObject().Key("metric").String(check.metric).Key("requirement").String(check.requirement);
    json->Key("applies_to").String(check.applies_to).Key("state");
    json->String(check.state == Check::State::kPassed   ? "passed"
                 : check.state == Check::State::kFailed ? "failed"
                                                        : "not checked");
    json->Key("outcomes").BeginArray();
    for (const Check::Outcome& outcome : check.outcomes) {
      json->BeginObject();
      if (!outcome.key.name.empty()) {
        WriteSlice(outcome.slice, json);
        WriteKey(outcome.key, json);
      }
      if (outcome.value) json->Key("value").Number(*outcome.value);
      json->Key("passed").Bool(outcome.passed);
      if (!outcome.reason.empty()) json->Key("reason").String(outcome.reason);
      json->End();
    }
    json->End().End();
  }
  json->End().End();
}

void WriteSlice(const google::protobuf::Struct& slice, JsonWriter* json) {
  json->Key("slice").BeginObject();
  for (const auto& [column, value] : ToSliceText(slice)) json->Key(column).String(value);
  json->End();
}

void WriteComparisons(const std::vector<Comparison>& comparisons, JsonWriter* json) {
  json->Key("comparisons").BeginArray();
  for (const Comparison& c : comparisons) {
    json->BeginObject();
    WriteSlice(c.slice(), json);
    json->Key("name").String(c.metric_name()).Key("model_name").String(c.model_name());
    json->Key("reference_model_name").String(c.reference_model_name());
    if (!c.output_name().empty()) json->Key("output_name").String(c.output_name());
    if (!c.sub_key().empty()) json->Key("sub_key").String(c.sub_key());
    if (!c.aggregation().empty()) json->Key("aggregation").String(c.aggregation());
    if (c.has_example_weighted()) json->Key("example_weighted").Bool(c.example_weighted());
    json->Key("difference").Number(c.difference());
    if (c.has_lower_bound()) json->Key("lower_bound").Number(c.lower_bound());
    if (c.has_upper_bound()) json->Key("upper_bound").Number(c.upper_bound());
    if (c.has_p_value()) json->Key("p_value").Number(c.p_value());
    if (!c.method().empty()) json->Key("method").String(c.method());
    json->End();
  }
  json->End();
}

// Without the examples' features, which are in the file of the tf.Examples.
void WriteDisagreements(const Disagreements& disagreements, JsonWriter* json) {
  json->Key("disagreements").BeginObject().Key("total").Number(disagreements.total());
  if (!disagreements.by().empty()) json->Key("by").String(disagreements.by());
  json->Key("models").BeginObject();
  for (const auto& [model, counts] : Sorted(disagreements.models())) {
    json->Key(model).BeginObject().Key("disagreeing").Number(counts.disagreeing());
    json->Key("differing").Number(counts.differing()).End();
  }
  json->End().Key("examples").BeginArray();
  for (const DisagreementExample& example : disagreements.examples()) {
    json->BeginObject();
    if (example.has_index()) json->Key("index").Number(example.index());
    json->Key("label").Value(example.label()).Key("predictions").BeginObject();
    for (const auto& [model, prediction] : Sorted(example.predictions())) json->Key(model).Value(prediction);
    json->End();
    if (example.has_difference()) json->Key("difference").Number(example.difference());
    json->End();
  }
  json->End().Key("slices").BeginArray();
  for (const DisagreementSlice& slice : disagreements.slices()) {
    json->BeginObject();
    WriteSlice(slice.slice(), json);
    json->Key("disagreeing").Number(slice.disagreeing()).Key("examples").Number(slice.examples());
    if (slice.has_p_value()) json->Key("p_value").Number(slice.p_value());
    if (slice.has_adjusted_p_value()) json->Key("adjusted_p_value").Number(slice.adjusted_p_value());
    json->End();
  }
  json->End().End();
}

}  // namespace

std::string ShowJson(const Evaluation& evaluation, const Sidecars& sidecars) {
  JsonWriter json(/*indent=*/true);
  json.BeginObject().Key("data_location").String(evaluation.data_location).Key("models").BeginArray();
  for (const std::string& name : evaluation.ModelNames()) {
    json.BeginObject().Key("name").String(name);
    const auto location = evaluation.model_locations.find(name);
    if (location != evaluation.model_locations.end()) json.Key("location").String(location->second);
    json.Key("is_baseline").Bool(!name.empty() && name == evaluation.BaselineModel());
    for (const ModelFacts& facts : sidecars.facts) {
      if (facts.model_name() != name) continue;
      json.Key("costs").BeginObject();
      for (const auto& [cost, number] : Sorted(facts.numbers())) json.Key(cost).Number(number);
      json.End();
    }
    json.End();
  }
  json.End().Key("slices").BeginArray();
  for (const SliceMetrics& slice : evaluation.slices) {
    json.BeginObject();
    WriteSlice(slice.slice, &json);
    if (!slice.error.empty()) json.Key("error").String(slice.error);
    json.Key("metrics").BeginArray();
    for (const Metric& metric : slice.metrics) WriteMetric(metric, &json);
    json.End().End();
  }
  json.End().Key("plots").BeginArray();
  for (const Plot& plot : evaluation.plots) WritePlot(plot, &json);
  json.End();
  if (evaluation.validation) WriteValidation(evaluation, &json);
  if (!sidecars.comparisons.empty()) WriteComparisons(sidecars.comparisons, &json);
  if (sidecars.disagreements.has_total()) WriteDisagreements(sidecars.disagreements, &json);
  json.End();
  return std::move(json).Take() + "\n";
}

}  // namespace tfxm::report
