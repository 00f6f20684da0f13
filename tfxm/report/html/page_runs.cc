// SPDX-License-Identifier: Apache-2.0

#include "tfxm/report/evaluation/checks.h"
#include "tfxm/report/html/page_sections.h"

namespace tfxm::report {
namespace {

void WriteCheck(const PageIndex& index, int evaluation, const Check& check, JsonWriter& json) {
  json.BeginObject().Key("metric").String(check.metric).Key("requirement").String(check.requirement);
  json.Key("applies_to").String(check.applies_to);
  json.Key("state").String(check.state == Check::State::kPassed   ? "passed"
                           : check.state == Check::State::kFailed ? "failed"
                                                                  : "unchecked");
  json.Key("outcomes").BeginArray();
  for (const Check::Outcome& o : check.outcomes) {
    // [model, slice, metric, value, passed, reason, is_diff]; -1: not on the page.
    const auto slice = index.slices().find(o.slice);
    const auto metric = index.metrics().find(MetricIdentity(o.key));
    const bool real = !o.key.name.empty();
    json.BeginArray().Number(real ? index.ModelOf(evaluation, o.key.model_name) : -1);
    json.Number(real && slice != index.slices().end() ? slice->second : -1);
    json.Number(metric == index.metrics().end() ? -1 : metric->second.index);
    o.value ? json.Number(*o.value) : json.Null();
    json.Bool(o.passed).String(o.reason).Bool(o.key.is_diff).End();
  }
  json.End().End();
}

}  // namespace

void WriteEvaluations(const PageIndex& index, JsonWriter& json) {
  json.Key("evaluations").BeginArray();
  for (size_t e = 0; e < index.input().evaluations.size(); ++e) {
    const ReportEvaluation& r = index.input().evaluations[e];
    json.BeginObject().Key("name").String(r.display_name).Key("data").String(r.evaluation.data_location);
    const auto& validation = r.evaluation.validation;
    json.Key("validated").Bool(validation && !validation->missing_thresholds);
    json.Key("ok").Bool(validation && validation->ok);
    json.Key("rubber_stamp").Bool(validation && validation->rubber_stamp);
    json.Key("checks").BeginArray();
    for (const Check& check : ThresholdChecks(r.evaluation)) WriteCheck(index, static_cast<int>(e), check, json);
    json.End().End();
  }
  json.End();
}

void WritePipeline(const PageIndex& index, JsonWriter& json) {
  if (!index.input().pipeline) return;
  const PipelineRun& run = *index.input().pipeline;
  json.Key("pipeline").BeginObject().Key("name").String(run.pipeline).Key("run_id").String(run.run_id);
  json.Key("started").String(run.started).Key("nodes").BeginArray();
  for (const PipelineNode& node : run.nodes) {
    constexpr const char* kStates[] = {"complete", "cached", "failed", "skipped", "running"};
    json.BeginObject().Key("id").String(node.id).Key("component").String(node.component);
    json.Key("state").String(kStates[static_cast<int>(node.state)]);
    json.Key("start").Number(node.start_seconds).Key("duration").Number(node.duration_seconds);
    json.Key("message").String(node.message).Key("upstream").BeginArray();
    for (const std::string& id : node.upstream) json.String(id);
    json.End().End();
  }
  json.End().Key("pages").BeginArray();
  for (const PageLink& page : run.pages) json.BeginArray().String(page.text).String(page.file).End();
  json.End().End();
}

}  // namespace tfxm::report
