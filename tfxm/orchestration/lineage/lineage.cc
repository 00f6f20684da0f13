// SPDX-License-Identifier: Apache-2.0

#include "tfxm/orchestration/lineage/lineage.h"

#include <algorithm>
#include <set>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "tfxm/orchestration/lineage/lineage_graph.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"
#include "tfxm/util/text/text.h"
#include "tfxm/util/text/text_table.h"

namespace tfxm {
namespace {

using ml_metadata::Context;
using ml_metadata::Event;
using ml_metadata::Execution;

std::string Key(const Event& event) { return event.path().steps_size() > 0 ? event.path().steps(0).key() : "?"; }

std::string Time(int64_t milliseconds) {
  return absl::FormatTime("%Y-%m-%d %H:%M:%S", absl::FromUnixMillis(milliseconds), absl::LocalTimeZone());
}

// The node's id; for an execution that no pipeline has made, the last part of its type.
absl::StatusOr<std::string> NodeName(MetadataStore* store, const Execution& execution) {
  ASSIGN_OR_RETURN(const std::vector<Context> contexts, store->GetContextsByExecution(execution.id()));
  std::string pipeline, node;
  for (const Context& context : contexts) {
    if (context.type() == "pipeline") pipeline = context.name();
    if (context.type() == "node") node = context.name();
  }
  if (node.empty()) return execution.type().substr(execution.type().rfind('.') + 1);
  return node.substr(std::min(node.size(), pipeline.size() + 1));
}

absl::StatusOr<std::string> DescribeExecutions(MetadataStore* store, const std::vector<Execution>& executions,
                                               int width) {
  TextTable table({{"EXECUTION"},
                   {"STATE"},
                   {"STARTED"},
                   {"SECONDS", TextTable::kRight},
                   {"OUTPUT"},
                   {"ARTIFACT"},
                   {"TYPE"},
                   {"URI"}});
  for (const Execution& execution : executions) {
    ASSIGN_OR_RETURN(const std::string node, NodeName(store, execution));
    const int64_t duration = execution.last_update_time_since_epoch() - execution.create_time_since_epoch();
    std::vector<std::string> row = {
        absl::StrCat(execution.id(), " ", PrintableText(node)), Execution::State_Name(execution.last_known_state()),
        Time(execution.create_time_since_epoch()), absl::StrFormat("%.1f", duration / 1000.0)};
    bool any = false;
    ASSIGN_OR_RETURN(const std::vector<Event> events, store->GetEventsByExecutionIDs({execution.id()}));
    for (const Event& event : events) {
      if (!IsOutput(event)) continue;
      ASSIGN_OR_RETURN(const auto artifacts, store->GetArtifactsByID({event.artifact_id()}));
      if (artifacts.empty()) continue;
      row.insert(row.end(), {PrintableText(Key(event)), absl::StrCat("#", artifacts[0].id()),
                             PrintableText(artifacts[0].type()), PrintableText(artifacts[0].uri())});
      table.AddRow(std::move(row));
      row = {width > 0 ? absl::StrCat(execution.id(), " ", PrintableText(node)) : "", "", "", ""};
      any = true;
    }
    if (!any) table.AddRow(std::move(row));
  }
  return table.Text({.width = width, .indent = "  "});
}

std::string Describe(const ml_metadata::Artifact& artifact) {
  return absl::StrCat("#", artifact.id(), " ", PrintableText(artifact.type()), "  ", PrintableText(artifact.uri()));
}

std::string Describe(const std::string& node, const Execution& execution) {
  return absl::StrCat(PrintableText(node), ", execution ", execution.id(), ", ",
                      Execution::State_Name(execution.last_known_state()), ", ",
                      Time(execution.create_time_since_epoch()));
}

// The execution that made an artifact, and what it read.
struct Origin {
  Execution execution;
  std::string node;
  std::vector<std::pair<std::string, ml_metadata::Artifact>> inputs;  // By key.
};

// Null id if nothing is known to have made it.
absl::StatusOr<Origin> FindOrigin(MetadataStore* store, int64_t artifact_id) {
  Origin origin;
  ASSIGN_OR_RETURN(const std::vector<Event> events, store->GetEventsByArtifactIDs({artifact_id}));
  for (const Event& event : events) {
    if (event.type() != Event::OUTPUT) continue;
    ASSIGN_OR_RETURN(const std::vector<Execution> executions, store->GetExecutionsByID({event.execution_id()}));
    if (executions.empty()) continue;
    origin.execution = executions[0];  // The first made it; later ones took it from the cache.
    break;
  }
  if (origin.execution.id() == 0) return origin;
  ASSIGN_OR_RETURN(origin.node, NodeName(store, origin.execution));
  ASSIGN_OR_RETURN(const std::vector<Event> inputs, store->GetEventsByExecutionIDs({origin.execution.id()}));
  for (const Event& event : inputs) {
    if (event.type() != Event::INPUT) continue;
    ASSIGN_OR_RETURN(const auto artifacts, store->GetArtifactsByID({event.artifact_id()}));
    if (!artifacts.empty()) origin.inputs.emplace_back(Key(event), artifacts[0]);
  }
  return origin;
}

absl::Status AppendTree(MetadataStore* store, const ml_metadata::Artifact& artifact, const std::string& label,
                        const std::string& first, const std::string& rest, std::set<int64_t>* seen, std::string* text) {
  absl::StrAppend(text, first, label, Describe(artifact));
  if (!seen->insert(artifact.id()).second) {
    absl::StrAppend(text, "  (see above)\n");
    return absl::OkStatus();
  }
  absl::StrAppend(text, "\n");
  ASSIGN_OR_RETURN(const Origin origin, FindOrigin(store, artifact.id()));
  if (origin.execution.id() == 0) return absl::OkStatus();
  absl::StrAppend(text, rest, "made by ", Describe(origin.node, origin.execution));
  for (const char* name : {"module_file", "input_base", "artifact_uri", "schema_file", "reason"}) {
    const auto it = origin.execution.custom_properties().find(name);
    if (it != origin.execution.custom_properties().end())
      absl::StrAppend(text, ", ", name, " ", PrintableText(it->second.string_value()));
  }
  absl::StrAppend(text, "\n");
  for (size_t i = 0; i < origin.inputs.size(); ++i) {
    const bool is_last = i + 1 == origin.inputs.size();
    RETURN_IF_ERROR(AppendTree(store, origin.inputs[i].second, PrintableText(origin.inputs[i].first) + " ",
                               rest + (is_last ? "└─ " : "├─ "), rest + (is_last ? "   " : "│  "), seen, text));
  }
  return absl::OkStatus();
}

// What has come of an artifact, by the events of `graph`.
void AppendDescendants(const LineageGraph& graph, const ml_metadata::Artifact& artifact, const std::string& label,
                       const std::string& first, const std::string& rest, std::set<int64_t>* seen, std::string* text) {
  absl::StrAppend(text, first, label, Describe(artifact));
  if (!seen->insert(artifact.id()).second) {
    absl::StrAppend(text, "  (see above)\n");
    return;
  }
  absl::StrAppend(text, "\n");
  std::vector<int64_t> readers;
  for (const Event& event : graph.events) {
    if (event.artifact_id() == artifact.id() && !IsOutput(event)) readers.push_back(event.execution_id());
  }
  for (size_t r = 0; r < readers.size(); ++r) {
    const LineageGraph::ExecutionNode& reader = graph.executions.at(readers[r]);
    const bool last_reader = r + 1 == readers.size();
    absl::StrAppend(text, rest, last_reader ? "└─ " : "├─ ", "read by ",
                    Describe(reader.node.empty() ? reader.execution.type() : reader.node, reader.execution), "\n");
    const std::string below = rest + (last_reader ? "   " : "│  ");
    std::vector<Event> made;
    for (const Event& event : graph.events) {
      if (event.execution_id() == readers[r] && event.type() == Event::OUTPUT) made.push_back(event);
    }
    for (size_t m = 0; m < made.size(); ++m) {
      const bool last = m + 1 == made.size();
      AppendDescendants(graph, graph.artifacts.at(made[m].artifact_id()), PrintableText(Key(made[m])) + " ",
                        below + (last ? "└─ " : "├─ "), below + (last ? "   " : "│  "), seen, text);
    }
  }
}

std::string ReleasedText(const LineageGraph& graph) {
  std::string text;
  for (const auto& [id, artifact] : graph.artifacts) {
    const auto destination = artifact.custom_properties().find("pushed_destination");
    if (destination == artifact.custom_properties().end()) continue;
    absl::StrAppend(&text, "  #", id, "  pushed to ", PrintableText(destination->second.string_value()), "\n");
  }
  return text.empty() ? "No model that came of it has been pushed.\n"
                      : absl::StrCat("Models that came of it and have been pushed:\n", text);
}

}  // namespace

absl::StatusOr<LineageFormat> ParseLineageFormat(absl::string_view name) {
  if (name == "text") return LineageFormat::kText;
  if (name == "json") return LineageFormat::kJson;
  if (name == "dot") return LineageFormat::kDot;
  return absl::InvalidArgumentError(absl::StrCat("\"", name, "\" is not a format: expected text, json or dot"));
}

absl::StatusOr<ml_metadata::Artifact> FindArtifact(MetadataStore* store, absl::string_view id_or_uri) {
  int64_t id = 0;
  std::vector<ml_metadata::Artifact> artifacts;
  if (absl::SimpleAtoi(id_or_uri, &id)) {
    ASSIGN_OR_RETURN(artifacts, store->GetArtifactsByID({id}));
  } else {
    ASSIGN_OR_RETURN(artifacts, store->GetArtifactsByURI(io::AbsolutePath(id_or_uri)));
  }
  if (!artifacts.empty()) return artifacts.back();
  return absl::NotFoundError(
      absl::StrCat(store->path(), " has no artifact ", id_or_uri, "; `tfxm lineage` of it lists them all"));
}

absl::StatusOr<std::string> DescribeRuns(MetadataStore* store, int last, LineageFormat format, int width) {
  ASSIGN_OR_RETURN(std::vector<Context> runs, store->GetContextsByType("pipeline_run"));
  std::string text;
  const size_t older = last > 0 && runs.size() > static_cast<size_t>(last) ? runs.size() - last : 0;
  runs.erase(runs.begin(), runs.begin() + static_cast<ptrdiff_t>(older));
  if (format != LineageFormat::kText) {
    std::vector<int64_t> ids;
    for (const Context& run : runs) {
      ASSIGN_OR_RETURN(const std::vector<Execution> executions, store->GetExecutionsByContext(run.id()));
      for (const Execution& execution : executions) ids.push_back(execution.id());
    }
    ASSIGN_OR_RETURN(const LineageGraph graph, CollectExecutions(store, ids));
    return format == LineageFormat::kJson ? ToJson(graph) : ToDot(graph);
  }
  if (runs.empty()) return absl::StrCat(store->path(), " has no pipeline run\n");
  if (older > 0) absl::StrAppend(&text, "(", older, " older runs)\n");
  for (const Context& run : runs) {
    ASSIGN_OR_RETURN(const std::vector<Context> parents, store->GetParentContextsByContext(run.id()));
    ASSIGN_OR_RETURN(const std::vector<Execution> executions, store->GetExecutionsByContext(run.id()));
    absl::StrAppend(&text, "run ", PrintableText(run.name()),
                    parents.empty() ? "" : " of " + PrintableText(parents[0].name()), "\n");
    ASSIGN_OR_RETURN(const std::string table, DescribeExecutions(store, executions, width));
    absl::StrAppend(&text, executions.empty() ? "  (no execution)\n" : table);
  }
  return text;
}

absl::StatusOr<std::string> DescribeAncestry(MetadataStore* store, absl::string_view id_or_uri, LineageFormat format) {
  ASSIGN_OR_RETURN(const ml_metadata::Artifact artifact, FindArtifact(store, id_or_uri));
  if (format != LineageFormat::kText) {
    ASSIGN_OR_RETURN(const LineageGraph graph, CollectLineage(store, {artifact.id()}, LineageDirection::kAncestors));
    return format == LineageFormat::kJson ? ToJson(graph) : ToDot(graph);
  }
  std::string text;
  std::set<int64_t> seen;
  RETURN_IF_ERROR(AppendTree(store, artifact, "", "", "", &seen, &text));
  return text;
}

absl::StatusOr<std::string> DescribeDescendants(MetadataStore* store, absl::string_view id_or_uri,
                                                LineageFormat format) {
  ASSIGN_OR_RETURN(const ml_metadata::Artifact artifact, FindArtifact(store, id_or_uri));
  ASSIGN_OR_RETURN(const LineageGraph graph, CollectLineage(store, {artifact.id()}, LineageDirection::kDescendants));
  if (format == LineageFormat::kJson) return ToJson(graph);
  if (format == LineageFormat::kDot) return ToDot(graph);
  std::string text;
  std::set<int64_t> seen;
  AppendDescendants(graph, artifact, "", "", "", &seen, &text);
  return absl::StrCat(text, "\n", ReleasedText(graph));
}

}  // namespace tfxm
