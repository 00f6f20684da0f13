#include "tfxm/orchestration/lineage.h"

#include <algorithm>
#include <set>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"

namespace tfxm {
namespace {

using ml_metadata::Context;
using ml_metadata::Event;
using ml_metadata::Execution;

bool IsOutput(const Event& event) { return event.type() == Event::OUTPUT || event.type() == Event::INTERNAL_OUTPUT; }

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

struct Row {
  std::vector<std::string> cells;
};

// Columns as wide as their widest cell, two spaces between.
std::string Table(const std::vector<Row>& rows, absl::string_view indent) {
  std::vector<size_t> widths;
  for (const Row& row : rows) {
    widths.resize(std::max(widths.size(), row.cells.size()));
    for (size_t i = 0; i < row.cells.size(); ++i) widths[i] = std::max(widths[i], row.cells[i].size());
  }
  std::string text;
  for (const Row& row : rows) {
    std::string line;
    for (size_t i = 0; i < row.cells.size(); ++i) {
      const bool is_last = i + 1 == row.cells.size();
      absl::StrAppendFormat(&line, "%s%-*s", i == 0 ? "" : "  ", is_last ? 0 : static_cast<int>(widths[i]),
                            row.cells[i]);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    absl::StrAppend(&text, indent, line, "\n");
  }
  return text;
}

absl::StatusOr<std::string> DescribeExecutions(MetadataStore* store, const std::vector<Execution>& executions) {
  std::vector<Row> rows = {{{"EXECUTION", "STATE", "STARTED", "SECONDS", "OUTPUT", "ARTIFACT", "TYPE", "URI"}}};
  for (const Execution& execution : executions) {
    ASSIGN_OR_RETURN(const std::string node, NodeName(store, execution));
    const int64_t duration = execution.last_update_time_since_epoch() - execution.create_time_since_epoch();
    Row row = {{absl::StrCat(execution.id(), " ", node), Execution::State_Name(execution.last_known_state()),
                Time(execution.create_time_since_epoch()), absl::StrFormat("%.1f", duration / 1000.0)}};
    ASSIGN_OR_RETURN(const std::vector<Event> events, store->GetEventsByExecutionIDs({execution.id()}));
    for (const Event& event : events) {
      if (!IsOutput(event)) continue;
      ASSIGN_OR_RETURN(const auto artifacts, store->GetArtifactsByID({event.artifact_id()}));
      if (artifacts.empty()) continue;
      row.cells.insert(row.cells.end(),
                       {Key(event), absl::StrCat("#", artifacts[0].id()), artifacts[0].type(), artifacts[0].uri()});
      rows.push_back(std::move(row));
      row = {{"", "", "", ""}};
    }
    if (!row.cells[0].empty()) rows.push_back(std::move(row));
  }
  return Table(rows, "  ");
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
  absl::StrAppend(text, first, label, "#", artifact.id(), " ", artifact.type(), "  ", artifact.uri());
  if (!seen->insert(artifact.id()).second) {
    absl::StrAppend(text, "  (see above)\n");
    return absl::OkStatus();
  }
  absl::StrAppend(text, "\n");
  ASSIGN_OR_RETURN(const Origin origin, FindOrigin(store, artifact.id()));
  if (origin.execution.id() == 0) return absl::OkStatus();
  absl::StrAppend(text, rest, "made by ", origin.node, ", execution ", origin.execution.id(), ", ",
                  Execution::State_Name(origin.execution.last_known_state()), ", ",
                  Time(origin.execution.create_time_since_epoch()));
  for (const char* name : {"module_file", "input_base", "artifact_uri", "schema_file"}) {
    const auto it = origin.execution.custom_properties().find(name);
    if (it != origin.execution.custom_properties().end())
      absl::StrAppend(text, ", ", name, " ", it->second.string_value());
  }
  absl::StrAppend(text, "\n");
  for (size_t i = 0; i < origin.inputs.size(); ++i) {
    const bool is_last = i + 1 == origin.inputs.size();
    RETURN_IF_ERROR(AppendTree(store, origin.inputs[i].second, origin.inputs[i].first + " ",
                               rest + (is_last ? "└─ " : "├─ "), rest + (is_last ? "   " : "│  "), seen, text));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::string> DescribeRuns(MetadataStore* store, int last) {
  ASSIGN_OR_RETURN(std::vector<Context> runs, store->GetContextsByType("pipeline_run"));
  std::string text;
  if (runs.empty()) return absl::StrCat(store->path(), " has no pipeline run\n");
  if (last > 0 && runs.size() > static_cast<size_t>(last)) {
    absl::StrAppend(&text, "(", runs.size() - last, " older runs)\n");
    runs.erase(runs.begin(), runs.end() - last);
  }
  for (const Context& run : runs) {
    ASSIGN_OR_RETURN(const std::vector<Context> parents, store->GetParentContextsByContext(run.id()));
    ASSIGN_OR_RETURN(const std::vector<Execution> executions, store->GetExecutionsByContext(run.id()));
    absl::StrAppend(&text, "run ", run.name(), parents.empty() ? "" : " of " + parents[0].name(), "\n");
    ASSIGN_OR_RETURN(const std::string table, DescribeExecutions(store, executions));
    absl::StrAppend(&text, executions.empty() ? "  (no execution)\n" : table);
  }
  return text;
}

absl::StatusOr<std::string> DescribeAncestry(MetadataStore* store, absl::string_view id_or_uri) {
  int64_t id = 0;
  std::vector<ml_metadata::Artifact> artifacts;
  if (absl::SimpleAtoi(id_or_uri, &id)) {
    ASSIGN_OR_RETURN(artifacts, store->GetArtifactsByID({id}));
  } else {
    ASSIGN_OR_RETURN(artifacts, store->GetArtifactsByURI(io::AbsolutePath(id_or_uri)));
  }
  if (artifacts.empty()) {
    return absl::NotFoundError(
        absl::StrCat(store->path(), " has no artifact ", id_or_uri, "; without an argument, lineage lists them all"));
  }
  std::string text;
  std::set<int64_t> seen;
  RETURN_IF_ERROR(AppendTree(store, artifacts.back(), "", "", "", &seen, &text));
  return text;
}

}  // namespace tfxm
