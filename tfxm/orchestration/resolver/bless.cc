// SPDX-License-Identifier: Apache-2.0

#include "tfxm/orchestration/resolver/bless.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "ml_metadata/proto/metadata_store.pb.h"
#include "tfxm/metadata/properties.h"
#include "tfxm/orchestration/lineage/lineage.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"

namespace tfxm {
namespace {

using ml_metadata::Context;
using ml_metadata::Event;
using ml_metadata::Execution;

// The pipelines that the model belongs to, and the nodes that have evaluated it.
absl::StatusOr<std::vector<Context>> ContextsOf(MetadataStore* store, int64_t model) {
  std::map<int64_t, Context> contexts;
  ASSIGN_OR_RETURN(const std::vector<Context> of_model, store->GetContextsByArtifact(model));
  for (const Context& context : of_model) {
    if (context.type() == "pipeline") contexts[context.id()] = context;
  }
  ASSIGN_OR_RETURN(const std::vector<Event> events, store->GetEventsByArtifactIDs({model}));
  for (const Event& event : events) {
    if (event.type() != Event::INPUT) continue;
    ASSIGN_OR_RETURN(const std::vector<Execution> executions, store->GetExecutionsByID({event.execution_id()}));
    if (executions.empty() || !absl::EndsWith(executions[0].type(), ".Evaluator")) continue;
    ASSIGN_OR_RETURN(const std::vector<Context> of_execution, store->GetContextsByExecution(executions[0].id()));
    for (const Context& context : of_execution) {
      if (context.type() == "node") contexts[context.id()] = context;
    }
  }
  std::vector<Context> found;
  for (auto& [id, context] : contexts) found.push_back(std::move(context));
  return found;
}

}  // namespace

absl::StatusOr<int64_t> BlessModel(MetadataStore* store, absl::string_view model_id_or_uri, absl::string_view reason) {
  reason = absl::StripAsciiWhitespace(reason);
  if (reason.empty()) return absl::InvalidArgumentError("a blessing by hand needs a reason, which the store keeps");
  ASSIGN_OR_RETURN(const ml_metadata::Artifact model, FindArtifact(store, model_id_or_uri));
  if (model.type() != "Model") {
    return absl::InvalidArgumentError(
        absl::StrCat("artifact #", model.id(), " (", model.uri(), ") is of type ", model.type(), ", not a Model"));
  }
  if (!io::IsDirectory(model.uri())) {
    return absl::NotFoundError(absl::StrCat("model #", model.id(), " cannot be blessed: ", model.uri(), " is gone"));
  }
  int64_t blessing_id = 0;
  RETURN_IF_ERROR(store->Transaction([&]() -> absl::Status {
    ml_metadata::ExecutionType execution_type;
    execution_type.set_name("tfxm.orchestration.Bless");
    ml_metadata::ArtifactType blessing_type;
    blessing_type.set_name("ModelBlessing");
    Execution execution;
    ASSIGN_OR_RETURN(const int64_t execution_type_id, store->PutExecutionType(execution_type));
    execution.set_type_id(execution_type_id);
    execution.set_last_known_state(Execution::COMPLETE);
    (*execution.mutable_custom_properties())["reason"].set_string_value(std::string(reason));

    ml_metadata::Artifact blessing;
    ASSIGN_OR_RETURN(const int64_t blessing_type_id, store->PutArtifactType(blessing_type));
    blessing.set_type_id(blessing_type_id);
    blessing.set_state(ml_metadata::Artifact::LIVE);
    ToMlmd(Properties{{"blessed", int64_t{1}},
                      {"current_model", model.uri()},
                      {"current_model_id", int64_t{model.id()}},
                      {"reason", std::string(reason)}},
           blessing.mutable_custom_properties());
    const auto event = [](Event::Type type, const char* key) {
      Event e;
      e.set_type(type);
      e.mutable_path()->add_steps()->set_key(key);
      e.mutable_path()->add_steps()->set_index(0);
      return e;
    };
    ASSIGN_OR_RETURN(const std::vector<Context> contexts, ContextsOf(store, model.id()));
    ASSIGN_OR_RETURN(const auto put, store->PutExecution(execution,
                                                         {{model, event(Event::INPUT, "model")},
                                                          {blessing, event(Event::OUTPUT, "blessing")}},
                                                         contexts));
    blessing_id = put.artifact_ids.at(1);
    return absl::OkStatus();
  }));
  return blessing_id;
}

}  // namespace tfxm
