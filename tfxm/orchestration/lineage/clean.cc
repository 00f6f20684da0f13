// SPDX-License-Identifier: Apache-2.0

#include "tfxm/orchestration/lineage/clean.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tfxm/components/executor.h"
#include "tfxm/metadata/properties.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"

namespace tfxm {
namespace {

using ml_metadata::Context;
using ml_metadata::Event;
using ml_metadata::Execution;
using MlmdArtifact = ml_metadata::Artifact;

bool IsComplete(const std::vector<Execution>& executions) {
  return !executions.empty() && std::all_of(executions.begin(), executions.end(), [](const Execution& e) {
    return e.last_known_state() == Execution::COMPLETE || e.last_known_state() == Execution::CACHED;
  });
}

// What the `keep` newest complete runs of each pipeline, and the runs after them, read or put out.
absl::StatusOr<std::set<int64_t>> UsedByNewRuns(MetadataStore* store, int keep) {
  std::set<int64_t> used;
  ASSIGN_OR_RETURN(const std::vector<Context> runs, store->GetContextsByType("pipeline_run"));
  std::map<int64_t, int> complete;  // By pipeline.
  for (auto run = runs.rbegin(); run != runs.rend(); ++run) {
    ASSIGN_OR_RETURN(const std::vector<Context> parents, store->GetParentContextsByContext(run->id()));
    int& so_far = complete[parents.empty() ? 0 : parents[0].id()];
    if (so_far >= keep) continue;
    ASSIGN_OR_RETURN(const std::vector<Execution> executions, store->GetExecutionsByContext(run->id()));
    std::vector<int64_t> ids;
    for (const Execution& execution : executions) ids.push_back(execution.id());
    ASSIGN_OR_RETURN(const std::vector<Event> events, store->GetEventsByExecutionIDs(ids));
    for (const Event& event : events) used.insert(event.artifact_id());
    if (IsComplete(executions)) ++so_far;
  }
  // What is of no run, such as a blessing by hand, points to what it was about.
  ASSIGN_OR_RETURN(const std::vector<Execution> all, store->GetExecutions());
  for (const Execution& execution : all) {
    ASSIGN_OR_RETURN(const std::vector<Context> contexts, store->GetContextsByExecution(execution.id()));
    const bool of_a_run =
        std::any_of(contexts.begin(), contexts.end(), [](const Context& c) { return c.type() == "pipeline_run"; });
    if (of_a_run) continue;
    ASSIGN_OR_RETURN(const std::vector<Event> events, store->GetEventsByExecutionIDs({execution.id()}));
    for (const Event& event : events) used.insert(event.artifact_id());
  }
  return used;
}

// Who made an artifact: the first execution that put it out, with the node's id and the key.
struct Maker {
  int64_t execution = 0;
  std::string node, key;
};

absl::StatusOr<Maker> MakerOf(MetadataStore* store, int64_t artifact) {
  Maker maker;
  ASSIGN_OR_RETURN(const std::vector<Event> events, store->GetEventsByArtifactIDs({artifact}));
  for (const Event& event : events) {
    if (event.type() != Event::OUTPUT || event.path().steps_size() == 0) continue;
    maker.execution = event.execution_id();
    maker.key = event.path().steps(0).key();
    break;
  }
  if (maker.execution == 0) return maker;
  ASSIGN_OR_RETURN(const std::vector<Context> contexts, store->GetContextsByExecution(maker.execution));
  std::string pipeline, node;
  for (const Context& context : contexts) {
    if (context.type() == "pipeline") pipeline = context.name();
    if (context.type() == "node") node = context.name();
  }
  if (absl::StartsWith(node, pipeline + ".")) maker.node = node.substr(pipeline.size() + 1);
  return maker;
}

// tfxm made it, and it is where tfxm puts what that execution made: PIPELINE_ROOT/NODE/KEY/EXECUTION.
bool IsOurs(const MlmdArtifact& artifact, const Maker& maker) {
  const Artifact a = FromMlmd(artifact);
  if (!absl::StartsWith(StringPropertyOr(a.custom_properties, "tfx_version", ""), "tfxm-") ||
      IntPropertyOr(a.custom_properties, "is_external", 1) != 0 || maker.node.empty()) {
    return false;
  }
  const std::string place = io::JoinPath(maker.node, maker.key, absl::StrCat(maker.execution));
  std::error_code error;
  return absl::EndsWith(a.uri, absl::StrCat("/", place)) && a.uri == io::AbsolutePath(a.uri) &&
         std::filesystem::symlink_status(a.uri, error).type() == std::filesystem::file_type::directory;
}

// The newest blessed model of each node, and its blessings.
absl::StatusOr<std::set<int64_t>> LatestBlessed(MetadataStore* store) {
  std::set<int64_t> kept;
  std::map<int64_t, std::vector<int64_t>> blessings;  // By model.
  ASSIGN_OR_RETURN(const std::vector<MlmdArtifact> all_blessings, store->GetArtifactsByType("ModelBlessing"));
  for (const MlmdArtifact& blessing : all_blessings) {
    const Properties properties = FromMlmd(blessing.custom_properties());
    if (IntPropertyOr(properties, "blessed", 0) == 1) {
      blessings[IntPropertyOr(properties, "current_model_id", 0)].push_back(blessing.id());
    }
  }
  std::set<std::string> nodes;
  ASSIGN_OR_RETURN(const std::vector<MlmdArtifact> models, store->GetArtifactsByType("Model"));
  for (auto model = models.rbegin(); model != models.rend(); ++model) {
    const auto blessed = blessings.find(model->id());
    if (blessed == blessings.end()) continue;
    ASSIGN_OR_RETURN(const Maker maker, MakerOf(store, model->id()));
    if (!nodes.insert(maker.node).second) continue;
    kept.insert(model->id());
    kept.insert(blessed->second.begin(), blessed->second.end());
  }
  return kept;
}

absl::Status SetState(MetadataStore* store, const std::vector<OldArtifact>& artifacts, MlmdArtifact::State state) {
  std::vector<int64_t> ids;
  for (const OldArtifact& artifact : artifacts) ids.push_back(artifact.id);
  ASSIGN_OR_RETURN(std::vector<MlmdArtifact> stored, store->GetArtifactsByID(ids));
  for (MlmdArtifact& artifact : stored) artifact.set_state(state);
  return store->PutArtifacts(stored).status();
}

}  // namespace

absl::StatusOr<std::vector<OldArtifact>> FindOldArtifacts(MetadataStore* store, int keep) {
  ASSIGN_OR_RETURN(const std::set<int64_t> used, UsedByNewRuns(store, keep));
  ASSIGN_OR_RETURN(const std::set<int64_t> blessed, LatestBlessed(store));
  ASSIGN_OR_RETURN(const std::vector<MlmdArtifact> artifacts, store->GetArtifacts());
  std::set<std::string> uris_in_use;  // Two artifacts may share one.
  for (const MlmdArtifact& artifact : artifacts) {
    if (used.count(artifact.id()) > 0 || blessed.count(artifact.id()) > 0) uris_in_use.insert(artifact.uri());
  }
  std::vector<OldArtifact> old;
  for (const MlmdArtifact& artifact : artifacts) {
    const bool there = artifact.state() == MlmdArtifact::LIVE || artifact.state() == MlmdArtifact::MARKED_FOR_DELETION;
    if (!there || uris_in_use.count(artifact.uri()) > 0) continue;
    ASSIGN_OR_RETURN(const Maker maker, MakerOf(store, artifact.id()));
    if (!IsOurs(artifact, maker)) continue;
    // Nor may anything in use lie inside of it.
    const auto inside = uris_in_use.lower_bound(artifact.uri() + "/");
    if (inside != uris_in_use.end() && absl::StartsWith(*inside, artifact.uri() + "/")) continue;
    ASSIGN_OR_RETURN(const int64_t bytes, io::TreeSize(artifact.uri()));
    old.push_back({.id = artifact.id(), .type_name = artifact.type(), .uri = artifact.uri(), .bytes = bytes});
  }
  return old;
}

absl::Status RemoveArtifacts(MetadataStore* store, const std::vector<OldArtifact>& artifacts) {
  if (artifacts.empty()) return absl::OkStatus();
  // First the store, then the disk: what is half removed is never taken from the cache.
  RETURN_IF_ERROR(SetState(store, artifacts, MlmdArtifact::MARKED_FOR_DELETION));
  for (const OldArtifact& artifact : artifacts) RETURN_IF_ERROR(io::RemoveAll(artifact.uri));
  return SetState(store, artifacts, MlmdArtifact::DELETED);
}

}  // namespace tfxm
