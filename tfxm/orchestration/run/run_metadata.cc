// SPDX-License-Identifier: Apache-2.0

#include "tfxm/orchestration/run/run_metadata.h"

#include <algorithm>
#include <random>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "tfxm/metadata/properties.h"
#include "tfxm/orchestration/resolver/resolver.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"

namespace tfxm {
namespace {

using ml_metadata::Context;
using ml_metadata::Event;
using ml_metadata::Execution;

// A version 4 UUID, as TFX names executions.
std::string NewUuid() {
  std::random_device random;
  uint64_t a = (uint64_t{random()} << 32) | random(), b = (uint64_t{random()} << 32) | random();
  a = (a & ~uint64_t{0xf000}) | 0x4000;
  b = (b & ~(uint64_t{3} << 62)) | (uint64_t{2} << 62);
  return absl::StrFormat("%08x-%04x-%04x-%04x-%012x", a >> 32, (a >> 16) & 0xffff, a & 0xffff, b >> 48,
                         b & 0xffffffffffff);
}

absl::Status PutContextTypes(MetadataStore* store) {
  for (const char* name : {"pipeline", "pipeline_run", "node", "execution_cache"}) {
    ml_metadata::ContextType type;
    type.set_name(name);
    RETURN_IF_ERROR(store->PutContextType(type).status());
  }
  return absl::OkStatus();
}

absl::StatusOr<Context> GetOrPutContext(MetadataStore* store, absl::string_view type, absl::string_view name) {
  ASSIGN_OR_RETURN(std::optional<Context> existing, store->GetContextByTypeAndName(type, name));
  if (existing.has_value()) return *std::move(existing);
  Context context;
  context.set_type(type);
  context.set_name(name);
  ASSIGN_OR_RETURN(const std::vector<int64_t> ids, store->PutContexts({context}));
  context.set_id(ids[0]);
  return context;
}

ml_metadata::ArtifactType ToMlmdType(const ArtifactType& type) {
  ml_metadata::ArtifactType out;
  out.set_name(type.name);
  ml_metadata::ArtifactType::SystemDefinedBaseType base;
  if (ml_metadata::ArtifactType::SystemDefinedBaseType_Parse(type.base_type, &base)) out.set_base_type(base);
  for (const auto& [name, kind] : type.properties) {
    (*out.mutable_properties())[name] = kind == PropertyType::kInt      ? ml_metadata::INT
                                        : kind == PropertyType::kDouble ? ml_metadata::DOUBLE
                                                                        : ml_metadata::STRING;
  }
  return out;
}

Event NewEvent(int64_t execution_id, int64_t artifact_id, Event::Type type, const std::string& key, int64_t index) {
  Event event;
  event.set_execution_id(execution_id);
  event.set_artifact_id(artifact_id);
  event.set_type(type);
  event.mutable_path()->add_steps()->set_key(key);
  event.mutable_path()->add_steps()->set_index(index);
  return event;
}

bool IsSuccessful(const Execution& execution) {
  return execution.last_known_state() == Execution::COMPLETE || execution.last_known_state() == Execution::CACHED;
}

}  // namespace

std::string NewRunId() { return absl::FormatTime("%Y%m%d-%H%M%E6S", absl::Now(), absl::LocalTimeZone()); }

absl::StatusOr<RunMetadata> RunMetadata::Begin(MetadataStore* store, const std::string& pipeline_name,
                                               const std::string& run_id) {
  RunMetadata run(store, pipeline_name);
  RETURN_IF_ERROR(store->Transaction([&]() -> absl::Status {
    RETURN_IF_ERROR(PutContextTypes(store));
    ASSIGN_OR_RETURN(const Context pipeline, GetOrPutContext(store, "pipeline", pipeline_name));
    ASSIGN_OR_RETURN(const Context pipeline_run, GetOrPutContext(store, "pipeline_run", run_id));
    run.pipeline_context_ = pipeline.id();
    run.run_context_ = pipeline_run.id();
    ml_metadata::ParentContext parent;
    parent.set_child_id(pipeline_run.id());
    parent.set_parent_id(pipeline.id());
    return store->PutParentContexts({parent});
  }));
  return run;
}

absl::StatusOr<std::vector<RunMetadata::Abandoned>> RunMetadata::FindAbandoned() {
  std::vector<Abandoned> abandoned;
  ASSIGN_OR_RETURN(const std::vector<Execution> executions, store_->GetExecutionsByContext(pipeline_context_));
  for (const Execution& execution : executions) {
    if (execution.last_known_state() != Execution::RUNNING && execution.last_known_state() != Execution::NEW) continue;
    ASSIGN_OR_RETURN(const std::vector<Context> contexts, store_->GetContextsByExecution(execution.id()));
    for (const Context& context : contexts) {
      absl::string_view node_id = context.name();
      if (context.type() == "node" && absl::ConsumePrefix(&node_id, pipeline_name_ + ".")) {
        abandoned.push_back({execution.id(), std::string(node_id)});
      }
    }
  }
  return abandoned;
}

absl::StatusOr<ArtifactDict> RunMetadata::OutputsOf(int64_t execution_id) {
  ASSIGN_OR_RETURN(const std::vector<Event> events, store_->GetEventsByExecutionIDs({execution_id}));
  std::map<std::string, std::map<int64_t, int64_t>> ids;  // key -> index -> artifact
  for (const Event& event : events) {
    if (event.type() != Event::OUTPUT && event.type() != Event::INTERNAL_OUTPUT) continue;
    const auto& steps = event.path().steps();
    if (steps.size() == 2) ids[steps[0].key()][steps[1].index()] = event.artifact_id();
  }
  ArtifactDict outputs;
  for (const auto& [key, by_index] : ids) {
    for (const auto& [index, id] : by_index) {
      ASSIGN_OR_RETURN(const std::vector<ml_metadata::Artifact> artifacts, store_->GetArtifactsByID({id}));
      if (artifacts.empty() || artifacts[0].state() != ml_metadata::Artifact::LIVE) {
        return absl::NotFoundError(absl::StrCat("artifact ", id, " (\"", key, "\") is not there any more"));
      }
      outputs[key].push_back(FromMlmd(artifacts[0]));
    }
  }
  return outputs;
}

absl::StatusOr<ArtifactDict> RunMetadata::InputsOf(int64_t execution_id) {
  ASSIGN_OR_RETURN(const std::vector<Event> events, store_->GetEventsByExecutionIDs({execution_id}));
  ArtifactDict inputs;
  for (const Event& event : events) {
    if (event.type() != Event::INPUT || event.path().steps().empty()) continue;
    ASSIGN_OR_RETURN(const std::vector<ml_metadata::Artifact> artifacts,
                     store_->GetArtifactsByID({event.artifact_id()}));
    for (const ml_metadata::Artifact& artifact : artifacts) {
      inputs[event.path().steps(0).key()].push_back(FromMlmd(artifact));
    }
  }
  return inputs;
}

absl::StatusOr<std::optional<RunMetadata::CachedExecution>> RunMetadata::LatestSuccess(const std::string& node_id) {
  ASSIGN_OR_RETURN(const std::optional<Context> node,
                   store_->GetContextByTypeAndName("node", absl::StrCat(pipeline_name_, ".", node_id)));
  if (!node.has_value()) return std::nullopt;
  ASSIGN_OR_RETURN(const std::vector<Execution> executions, store_->GetExecutionsByContext(node->id()));
  const auto latest = std::find_if(executions.rbegin(), executions.rend(), IsSuccessful);
  if (latest == executions.rend()) return std::nullopt;
  CachedExecution found{.id = latest->id()};
  ASSIGN_OR_RETURN(found.outputs, OutputsOf(found.id));
  ASSIGN_OR_RETURN(found.inputs, InputsOf(found.id));
  return found;
}

absl::StatusOr<ArtifactDict> RunMetadata::AllLiveArtifacts(const NodeSpec& resolver) {
  ArtifactDict candidates;
  ASSIGN_OR_RETURN(const std::vector<ml_metadata::Artifact> artifacts,
                   store_->GetArtifactsByContext(pipeline_context_));
  for (const auto& [key, input] : resolver.inputs) {
    candidates[key];
    const Channel& channel = input.channels.at(0);
    std::set<int64_t> made;
    const std::string producer = channel.producer_id();
    if (!producer.empty()) {
      ASSIGN_OR_RETURN(made, ArtifactsMadeBy(producer, channel.output_key()));
    }
    for (const ml_metadata::Artifact& artifact : artifacts) {
      if (artifact.type() == input.type_name && artifact.state() == ml_metadata::Artifact::LIVE &&
          (producer.empty() || made.count(artifact.id()) > 0)) {
        candidates[key].push_back(FromMlmd(artifact));
      }
    }
  }
  return candidates;
}

absl::StatusOr<std::set<int64_t>> RunMetadata::ArtifactsMadeBy(const std::string& node_id,
                                                               const std::string& output_key) {
  std::set<int64_t> made;
  ASSIGN_OR_RETURN(const std::optional<Context> node,
                   store_->GetContextByTypeAndName("node", absl::StrCat(pipeline_name_, ".", node_id)));
  if (!node.has_value()) return made;
  ASSIGN_OR_RETURN(const std::vector<ml_metadata::Execution> executions, store_->GetExecutionsByContext(node->id()));
  std::vector<int64_t> ids;
  for (const auto& execution : executions) ids.push_back(execution.id());
  ASSIGN_OR_RETURN(const std::vector<Event> events, store_->GetEventsByExecutionIDs(ids));
  for (const Event& event : events) {
    const bool has_key = event.path().steps_size() > 0 && event.path().steps(0).key() == output_key;
    if (event.type() == Event::OUTPUT && (output_key.empty() || has_key)) made.insert(event.artifact_id());
  }
  return made;
}

absl::StatusOr<ArtifactDict> RunMetadata::Resolve(const NodeSpec& resolver, std::string* note) {
  ASSIGN_OR_RETURN(const ArtifactDict candidates, AllLiveArtifacts(resolver));
  return ApplyResolverStrategy(std::get<std::string>(resolver.exec_properties.at("strategy_class")),
                               resolver.exec_properties, candidates, note);
}

absl::StatusOr<ArtifactDict> RunMetadata::ResolveInputs(const NodeSpec& spec) {
  ArtifactDict inputs;
  for (const auto& [key, input] : spec.inputs) {
    std::vector<Artifact>& artifacts = inputs[key];
    for (const Channel& channel : input.channels) {
      const auto execution = executions_.find(channel.producer()->id);
      if (execution == executions_.end()) continue;
      ASSIGN_OR_RETURN(ArtifactDict outputs, OutputsOf(execution->second));
      std::vector<Artifact>& found = outputs[channel.output_key()];
      artifacts.insert(artifacts.end(), found.begin(), found.end());
    }
    if (artifacts.empty() && !input.optional) {
      return absl::InvalidArgumentError(absl::StrCat("required input \"", key,
                                                     "\" has no artifact: ", input.channels[0].producer()->id,
                                                     " put out none as \"", input.channels[0].output_key(), "\""));
    }
  }
  return inputs;
}

absl::StatusOr<std::vector<RunMetadata::CachedExecution>> RunMetadata::FindCached(absl::string_view cache_key) {
  std::vector<CachedExecution> found;
  ASSIGN_OR_RETURN(const std::optional<Context> context, store_->GetContextByTypeAndName("execution_cache", cache_key));
  if (!context.has_value()) return found;
  ASSIGN_OR_RETURN(std::vector<Execution> executions, store_->GetExecutionsByContext(context->id()));
  std::reverse(executions.begin(), executions.end());  // Newest first.
  for (const Execution& execution : executions) {
    if (!IsSuccessful(execution)) continue;
    absl::StatusOr<ArtifactDict> outputs = OutputsOf(execution.id());
    if (absl::IsNotFound(outputs.status())) continue;
    if (!outputs.ok()) return outputs.status();
    found.push_back({execution.id(), *std::move(outputs)});
  }
  return found;
}

absl::StatusOr<std::vector<int64_t>> RunMetadata::CompleteExecutions(const std::string& node_id) {
  std::vector<int64_t> ids;
  ASSIGN_OR_RETURN(const std::optional<Context> node,
                   store_->GetContextByTypeAndName("node", absl::StrCat(pipeline_name_, ".", node_id)));
  if (!node.has_value()) return ids;
  ASSIGN_OR_RETURN(const std::vector<Execution> executions, store_->GetExecutionsByContext(node->id()));
  for (auto execution = executions.rbegin(); execution != executions.rend(); ++execution) {
    if (execution->last_known_state() == Execution::COMPLETE) ids.push_back(execution->id());
  }
  return ids;
}

absl::StatusOr<std::vector<Context>> RunMetadata::Contexts(const std::string& node_id, absl::string_view cache_key) {
  ASSIGN_OR_RETURN(std::vector<Context> contexts, store_->GetContextsByID({pipeline_context_, run_context_}));
  ASSIGN_OR_RETURN(contexts.emplace_back(),
                   GetOrPutContext(store_, "node", absl::StrCat(pipeline_name_, ".", node_id)));
  if (!cache_key.empty()) {
    ASSIGN_OR_RETURN(contexts.emplace_back(), GetOrPutContext(store_, "execution_cache", cache_key));
  }
  return contexts;
}

absl::StatusOr<int64_t> RunMetadata::PutExecution(const NodeSpec& spec, const Properties& exec_properties,
                                                  Execution::State state, const ArtifactDict& inputs,
                                                  absl::string_view cache_key) {
  ml_metadata::ExecutionType type;
  type.set_name(spec.type_name);
  ml_metadata::ExecutionType::SystemDefinedBaseType base;
  if (ml_metadata::ExecutionType::SystemDefinedBaseType_Parse(spec.base_type, &base)) type.set_base_type(base);
  Execution execution;
  ASSIGN_OR_RETURN(const int64_t type_id, store_->PutExecutionType(type));
  execution.set_type_id(type_id);
  execution.set_name(NewUuid());
  execution.set_last_known_state(state);
  ToMlmd(exec_properties, execution.mutable_custom_properties());
  ASSIGN_OR_RETURN(const std::vector<Context> contexts, Contexts(spec.id, cache_key));
  ASSIGN_OR_RETURN(const auto put, store_->PutExecution(execution, {}, contexts));

  std::vector<Event> events;
  std::vector<ml_metadata::Attribution> attributions;
  std::set<int64_t> seen;
  for (const auto& [key, artifacts] : inputs) {
    for (size_t i = 0; i < artifacts.size(); ++i) {
      // MLMD keeps one INPUT event for an artifact and execution, under whichever key comes first.
      if (!seen.insert(artifacts[i].id).second) continue;
      events.push_back(NewEvent(put.execution_id, artifacts[i].id, Event::INPUT, key, i));
      for (const Context& context : contexts) {
        if (context.type() == "execution_cache") continue;  // It only has outputs.
        ml_metadata::Attribution& attribution = attributions.emplace_back();
        attribution.set_context_id(context.id());
        attribution.set_artifact_id(artifacts[i].id);
      }
    }
  }
  RETURN_IF_ERROR(store_->PutEvents(events));
  RETURN_IF_ERROR(store_->PutAttributionsAndAssociations(attributions, {}));
  return put.execution_id;
}

absl::Status RunMetadata::LinkOutputs(int64_t execution_id, Event::Type type, const ArtifactDict& outputs,
                                      const std::vector<Context>& contexts) {
  std::vector<Event> events;
  std::vector<ml_metadata::Attribution> attributions;
  for (const auto& [key, artifacts] : outputs) {
    for (size_t i = 0; i < artifacts.size(); ++i) {
      events.push_back(NewEvent(execution_id, artifacts[i].id, type, key, i));
      for (const Context& context : contexts) {
        ml_metadata::Attribution& attribution = attributions.emplace_back();
        attribution.set_context_id(context.id());
        attribution.set_artifact_id(artifacts[i].id);
      }
    }
  }
  RETURN_IF_ERROR(store_->PutEvents(events));
  return store_->PutAttributionsAndAssociations(attributions, {});
}

absl::Status RunMetadata::SetState(int64_t execution_id, Execution::State state) {
  ASSIGN_OR_RETURN(std::vector<Execution> executions, store_->GetExecutionsByID({execution_id}));
  if (executions.empty()) return absl::NotFoundError(absl::StrCat("no execution ", execution_id));
  executions[0].set_last_known_state(state);
  return store_->PutExecutions(executions).status();
}

absl::StatusOr<int64_t> RunMetadata::RegisterExecution(const NodeSpec& spec, const ArtifactDict& inputs,
                                                       const Properties& exec_properties, absl::string_view cache_key) {
  int64_t id = 0;
  RETURN_IF_ERROR(store_->Transaction([&]() -> absl::Status {
    ASSIGN_OR_RETURN(id, PutExecution(spec, exec_properties, Execution::RUNNING, inputs, cache_key));
    return absl::OkStatus();
  }));
  return id;
}

absl::Status RunMetadata::PublishExecution(int64_t execution_id, const NodeSpec& spec, absl::string_view cache_key,
                                           ArtifactDict* outputs) {
  RETURN_IF_ERROR(store_->Transaction([&]() -> absl::Status {
    for (auto& [key, artifacts] : *outputs) {
      const auto output = spec.outputs.find(key);
      if (output == spec.outputs.end()) {
        return absl::InternalError(
            absl::StrCat("the executor made artifacts as \"", key, "\", which is not an output of the node"));
      }
      ASSIGN_OR_RETURN(const int64_t type_id, store_->PutArtifactType(ToMlmdType(output->second.type)));
      for (Artifact& artifact : artifacts) {
        ml_metadata::Artifact mlmd = ToMlmd(artifact);
        mlmd.set_type_id(type_id);
        mlmd.set_state(ml_metadata::Artifact::LIVE);
        ASSIGN_OR_RETURN(const std::vector<int64_t> ids, store_->PutArtifacts({mlmd}));
        artifact.id = ids[0];
      }
    }
    ASSIGN_OR_RETURN(const std::vector<Context> contexts, Contexts(spec.id, cache_key));
    RETURN_IF_ERROR(LinkOutputs(execution_id, Event::OUTPUT, *outputs, contexts));
    return SetState(execution_id, Execution::COMPLETE);
  }));
  executions_[spec.id] = execution_id;
  return absl::OkStatus();
}

absl::Status RunMetadata::PublishFailure(int64_t execution_id, Execution::State state) {
  return store_->Transaction([&] { return SetState(execution_id, state); });
}

absl::StatusOr<int64_t> RunMetadata::PublishCached(const NodeSpec& spec, const ArtifactDict& inputs,
                                                   const Properties& exec_properties, absl::string_view cache_key,
                                                   const ArtifactDict& outputs) {
  int64_t id = 0;
  RETURN_IF_ERROR(store_->Transaction([&]() -> absl::Status {
    ASSIGN_OR_RETURN(id, PutExecution(spec, exec_properties, Execution::CACHED, inputs, cache_key));
    ASSIGN_OR_RETURN(const std::vector<Context> contexts, Contexts(spec.id, cache_key));
    return LinkOutputs(id, Event::OUTPUT, outputs, contexts);
  }));
  executions_[spec.id] = id;
  return id;
}

absl::StatusOr<int64_t> RunMetadata::PublishResolved(const NodeSpec& spec, const ArtifactDict& outputs) {
  int64_t id = 0;
  RETURN_IF_ERROR(store_->Transaction([&]() -> absl::Status {
    ASSIGN_OR_RETURN(id, PutExecution(spec, spec.exec_properties, Execution::COMPLETE, {}, ""));
    ASSIGN_OR_RETURN(const std::vector<Context> contexts, Contexts(spec.id, ""));
    return LinkOutputs(id, Event::INTERNAL_OUTPUT, outputs, contexts);
  }));
  executions_[spec.id] = id;
  return id;
}

absl::StatusOr<int64_t> RunMetadata::PublishImported(const NodeSpec& spec, ArtifactDict* outputs) {
  int64_t id = 0;
  RETURN_IF_ERROR(store_->Transaction([&]() -> absl::Status {
    const bool reimport = std::get<int64_t>(spec.exec_properties.at("reimport")) != 0;
    Artifact& artifact = outputs->begin()->second.at(0);
    ASSIGN_OR_RETURN(const std::vector<ml_metadata::Artifact> same_uri, store_->GetArtifactsByURI(artifact.uri));
    for (const ml_metadata::Artifact& mlmd : same_uri) {
      const Artifact candidate = FromMlmd(mlmd);
      if (!reimport && candidate.type_name == artifact.type_name && candidate.properties == artifact.properties &&
          candidate.custom_properties == artifact.custom_properties && mlmd.state() == ml_metadata::Artifact::LIVE) {
        artifact.id = candidate.id;  // The newest of them.
      }
    }
    const bool known = artifact.id != 0;
    ASSIGN_OR_RETURN(id,
                     PutExecution(spec, spec.exec_properties, known ? Execution::CACHED : Execution::RUNNING, {}, ""));
    if (!known) return PublishExecution(id, spec, "", outputs);
    ASSIGN_OR_RETURN(const std::vector<Context> contexts, Contexts(spec.id, ""));
    return LinkOutputs(id, Event::OUTPUT, *outputs, contexts);
  }));
  executions_[spec.id] = id;
  return id;
}

}  // namespace tfxm
