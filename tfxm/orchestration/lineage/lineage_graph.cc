// SPDX-License-Identifier: Apache-2.0

#include "tfxm/orchestration/lineage/lineage_graph.h"

#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"
#include "tfxm/metadata/properties.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"
#include "tfxm/util/text/json_writer.h"
#include "tfxm/util/text/text.h"

namespace tfxm {
namespace {

using ml_metadata::Context;
using ml_metadata::Event;
using ml_metadata::Execution;

absl::StatusOr<LineageGraph::ExecutionNode> Describe(MetadataStore* store, const Execution& execution) {
  LineageGraph::ExecutionNode node{.execution = execution};
  ASSIGN_OR_RETURN(const std::vector<Context> contexts, store->GetContextsByExecution(execution.id()));
  for (const Context& context : contexts) {
    if (context.type() == "pipeline") node.pipeline = context.name();
    if (context.type() == "pipeline_run") node.run = context.name();
    if (context.type() == "node") node.node = context.name();
  }
  // A node's context is named PIPELINE.NODE.
  if (!node.node.empty()) node.node = node.node.substr(std::min(node.node.size(), node.pipeline.size() + 1));
  return node;
}

absl::Status AddArtifacts(MetadataStore* store, LineageGraph* graph) {
  std::set<int64_t> ids;
  for (const Event& event : graph->events) ids.insert(event.artifact_id());
  ASSIGN_OR_RETURN(const auto artifacts, store->GetArtifactsByID(std::vector<int64_t>(ids.begin(), ids.end())));
  for (const auto& artifact : artifacts) graph->artifacts[artifact.id()] = artifact;
  return absl::OkStatus();
}

absl::StatusOr<LineageGraph> Collect(MetadataStore* store, const std::set<int64_t>& executions,
                                     const std::vector<int64_t>& artifacts) {
  LineageGraph graph;
  const std::vector<int64_t> ids(executions.begin(), executions.end());
  ASSIGN_OR_RETURN(const std::vector<Execution> found, store->GetExecutionsByID(ids));
  for (const Execution& execution : found) {
    ASSIGN_OR_RETURN(graph.executions[execution.id()], Describe(store, execution));
  }
  ASSIGN_OR_RETURN(graph.events, store->GetEventsByExecutionIDs(ids));
  RETURN_IF_ERROR(AddArtifacts(store, &graph));
  ASSIGN_OR_RETURN(const auto given, store->GetArtifactsByID(artifacts));
  for (const auto& artifact : given) graph.artifacts[artifact.id()] = artifact;
  return graph;
}

void WriteProperties(const ValueMap& values, JsonWriter* json) {
  json->BeginObject();
  for (const auto& [name, value] : FromMlmd(values)) {
    json->Key(name);
    if (const auto* number = std::get_if<int64_t>(&value)) {
      json->Integer(*number);
    } else if (const auto* real = std::get_if<double>(&value)) {
      json->Number(*real);
    } else {
      json->String(std::get<std::string>(value));
    }
  }
  json->End();
}

std::string Key(const Event& event) { return event.path().steps_size() > 0 ? event.path().steps(0).key() : ""; }

// As Graphviz wants it between quotes: "\n" separates lines.
std::string DotText(absl::string_view text) {
  std::string out;
  for (const char c : PrintableText(text)) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

}  // namespace

bool IsOutput(const Event& event) { return event.type() == Event::OUTPUT || event.type() == Event::INTERNAL_OUTPUT; }

absl::StatusOr<LineageGraph> CollectLineage(MetadataStore* store, const std::vector<int64_t>& artifact_ids,
                                            LineageDirection direction) {
  const bool up = direction == LineageDirection::kAncestors;
  std::set<int64_t> artifacts(artifact_ids.begin(), artifact_ids.end()), executions;
  std::vector<int64_t> next = artifact_ids;
  while (!next.empty()) {
    ASSIGN_OR_RETURN(const std::vector<Event> events, store->GetEventsByArtifactIDs(next));
    next.clear();
    std::set<int64_t> candidates;
    for (const Event& event : events) {
      const bool wanted = up ? event.type() == Event::OUTPUT : !IsOutput(event);
      if (wanted && executions.count(event.execution_id()) == 0) candidates.insert(event.execution_id());
    }
    const std::vector<int64_t> ids(candidates.begin(), candidates.end());
    ASSIGN_OR_RETURN(const std::vector<Execution> found, store->GetExecutionsByID(ids));
    std::vector<int64_t> added;
    for (const Execution& execution : found) {
      if (execution.last_known_state() == Execution::CACHED) continue;
      executions.insert(execution.id());
      added.push_back(execution.id());
    }
    ASSIGN_OR_RETURN(const std::vector<Event> beyond, store->GetEventsByExecutionIDs(added));
    for (const Event& event : beyond) {
      const bool follow = up ? !IsOutput(event) : event.type() == Event::OUTPUT;
      if (follow && artifacts.insert(event.artifact_id()).second) next.push_back(event.artifact_id());
    }
  }
  ASSIGN_OR_RETURN(LineageGraph graph, Collect(store, executions, artifact_ids));
  // Only what is on the way: not the other outputs of an ancestor, nor the other inputs of a descendant.
  std::erase_if(graph.events, [&](const Event& event) { return artifacts.count(event.artifact_id()) == 0; });
  std::erase_if(graph.artifacts, [&](const auto& entry) { return artifacts.count(entry.first) == 0; });
  return graph;
}

absl::StatusOr<LineageGraph> CollectExecutions(MetadataStore* store, const std::vector<int64_t>& execution_ids) {
  return Collect(store, std::set<int64_t>(execution_ids.begin(), execution_ids.end()), {});
}

std::string ToJson(const LineageGraph& graph) {
  JsonWriter json(/*indent=*/true);
  json.BeginObject().Key("artifacts").BeginArray();
  for (const auto& [id, artifact] : graph.artifacts) {
    json.BeginObject().Key("id").Integer(id).Key("type").String(artifact.type()).Key("name").String(artifact.name());
    json.Key("uri").String(artifact.uri());
    json.Key("state").String(ml_metadata::Artifact::State_Name(artifact.state())).Key("properties");
    WriteProperties(artifact.properties(), &json);
    json.Key("custom_properties");
    WriteProperties(artifact.custom_properties(), &json);
    json.End();
  }
  json.End().Key("executions").BeginArray();
  for (const auto& [id, node] : graph.executions) {
    const Execution& execution = node.execution;
    json.BeginObject().Key("id").Integer(id).Key("type").String(execution.type()).Key("node").String(node.node);
    json.Key("pipeline").String(node.pipeline).Key("run").String(node.run);
    json.Key("state").String(Execution::State_Name(execution.last_known_state()));
    json.Key("created_ms").Integer(execution.create_time_since_epoch());
    json.Key("updated_ms").Integer(execution.last_update_time_since_epoch()).Key("custom_properties");
    WriteProperties(execution.custom_properties(), &json);
    json.End();
  }
  json.End().Key("events").BeginArray();
  for (const Event& event : graph.events) {
    json.BeginObject().Key("execution").Integer(event.execution_id()).Key("artifact").Integer(event.artifact_id());
    json.Key("type").String(Event::Type_Name(event.type())).Key("key").String(Key(event));
    if (event.path().steps_size() > 1) json.Key("index").Integer(event.path().steps(1).index());
    json.End();
  }
  json.End().End();
  return std::move(json).Take() + "\n";
}

std::string ToDot(const LineageGraph& graph) {
  std::string dot =
      "digraph lineage {\n  rankdir=LR;\n  node [fontname=\"sans-serif\", fontsize=10];\n"
      "  edge [fontname=\"sans-serif\", fontsize=9];\n";
  for (const auto& [id, artifact] : graph.artifacts) {
    const auto pushed = artifact.custom_properties().find("pushed_destination");
    absl::StrAppend(
        &dot, "  artifact", id, " [shape=box, label=\"", DotText(artifact.type()), " #", id, "\\n",
        DotText(pushed == artifact.custom_properties().end() ? artifact.uri() : pushed->second.string_value()),
        "\"];\n");
  }
  for (const auto& [id, node] : graph.executions) {
    absl::StrAppend(&dot, "  execution", id, " [shape=ellipse, label=\"",
                    DotText(node.node.empty() ? node.execution.type() : node.node), "\\nexecution ", id, "\"];\n");
  }
  for (const Event& event : graph.events) {
    const std::string artifact = absl::StrCat("artifact", event.artifact_id());
    const std::string execution = absl::StrCat("execution", event.execution_id());
    absl::StrAppend(&dot, "  ", IsOutput(event) ? execution : artifact, " -> ", IsOutput(event) ? artifact : execution,
                    " [label=\"", DotText(Key(event)), "\"];\n");
  }
  return dot + "}\n";
}

}  // namespace tfxm
