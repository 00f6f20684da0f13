// SPDX-License-Identifier: Apache-2.0

// What one run of a pipeline reads from and writes to ML Metadata: contexts, executions, cache, events; as TFX's
// launcher does.
//
//   ASSIGN_OR_RETURN(RunMetadata run, RunMetadata::Begin(store, "mnist_native_keras", NewRunId()));
//   ASSIGN_OR_RETURN(int64_t id, run.RegisterExecution(spec, inputs, exec_properties, cache_key));   // RUNNING
//   RETURN_IF_ERROR(run.PublishExecution(id, spec, cache_key, &outputs));                            // COMPLETE
//
// Every function that changes something is one transaction. Executions, and the artifacts they read or make, belong to
// the contexts pipeline, pipeline_run, node and, if a cache key is given, execution_cache.
#ifndef TFXM_ORCHESTRATION_RUN_RUN_METADATA_H_
#define TFXM_ORCHESTRATION_RUN_RUN_METADATA_H_

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "ml_metadata/proto/metadata_store.pb.h"
#include "tfxm/dsl/node.h"
#include "tfxm/metadata/artifact.h"
#include "tfxm/metadata/metadata_store.h"

namespace tfxm {

// The present time as TFX names runs: 20261123-203423.477047.
std::string NewRunId();

class RunMetadata {
 public:
  struct Abandoned {
    int64_t execution_id;
    std::string node_id;
  };

  // `store` must outlive the result.
  static absl::StatusOr<RunMetadata> Begin(MetadataStore* store, const std::string& pipeline_name,
                                           const std::string& run_id);

  // Executions of this pipeline that are still RUNNING: their run was killed. (No other run can be going on:
  // run_lock.h.)
  absl::StatusOr<std::vector<Abandoned>> FindAbandoned();

  // What the node's inputs are: the artifacts that its producers have put out in this run. INVALID_ARGUMENT if a
  // required one is empty.
  absl::StatusOr<ArtifactDict> ResolveInputs(const NodeSpec& spec);
  // For a Resolver, what its strategy chooses; *note says it for people.
  absl::StatusOr<ArtifactDict> Resolve(const NodeSpec& resolver, std::string* note);

  struct CachedExecution {
    int64_t id = 0;
    ArtifactDict outputs;
    ArtifactDict inputs = {};  // Of LatestSuccess.
  };
  // The successful executions with this cache key whose artifacts are all live, the newest first.
  absl::StatusOr<std::vector<CachedExecution>> FindCached(absl::string_view cache_key);
  // The executions of a node that ran to their end, in any run of the pipeline; the newest first.
  absl::StatusOr<std::vector<int64_t>> CompleteExecutions(const std::string& node_id);

  // The node's newest execution that was successful, in any run of the pipeline; none if there is none. NOT_FOUND if an
  // artifact that it has put out is not there any more.
  absl::StatusOr<std::optional<CachedExecution>> LatestSuccess(const std::string& node_id);

  // The new execution's id.
  absl::StatusOr<int64_t> RegisterExecution(const NodeSpec& spec, const ArtifactDict& inputs,
                                            const Properties& exec_properties, absl::string_view cache_key);
  // Makes the artifacts, whose ids are set, and the execution COMPLETE.
  absl::Status PublishExecution(int64_t execution_id, const NodeSpec& spec, absl::string_view cache_key,
                                ArtifactDict* outputs);
  // FAILED or CANCELED.
  absl::Status PublishFailure(int64_t execution_id, ml_metadata::Execution::State state);
  // An execution that puts out artifacts which exist: a CACHED one, or what a Resolver has chosen.
  absl::StatusOr<int64_t> PublishCached(const NodeSpec& spec, const ArtifactDict& inputs,
                                        const Properties& exec_properties, absl::string_view cache_key,
                                        const ArtifactDict& outputs);
  absl::StatusOr<int64_t> PublishResolved(const NodeSpec& spec, const ArtifactDict& outputs);
  // An Importer's. The artifact of the same uri, type and properties, if there is one, unless the node says reimport.
  absl::StatusOr<int64_t> PublishImported(const NodeSpec& spec, ArtifactDict* outputs);

 private:
  RunMetadata(MetadataStore* store, std::string pipeline_name)
      : store_(store), pipeline_name_(std::move(pipeline_name)) {}
  absl::StatusOr<std::vector<ml_metadata::Context>> Contexts(const std::string& node_id, absl::string_view cache_key);
  absl::StatusOr<int64_t> PutExecution(const NodeSpec& spec, const Properties& exec_properties,
                                       ml_metadata::Execution::State state, const ArtifactDict& inputs,
                                       absl::string_view cache_key);
  absl::Status LinkOutputs(int64_t execution_id, ml_metadata::Event::Type type, const ArtifactDict& outputs,
                           const std::vector<ml_metadata::Context>& contexts);
  absl::Status SetState(int64_t execution_id, ml_metadata::Execution::State state);
  absl::StatusOr<ArtifactDict> OutputsOf(int64_t execution_id);
  absl::StatusOr<ArtifactDict> InputsOf(int64_t execution_id);
  absl::StatusOr<ArtifactDict> AllLiveArtifacts(const NodeSpec& resolver);
  // Those that executions of a node have put out, under `output_key` unless that is empty.
  absl::StatusOr<std::set<int64_t>> ArtifactsMadeBy(const std::string& node_id, const std::string& output_key);

  MetadataStore* store_;
  std::string pipeline_name_;
  int64_t pipeline_context_ = 0;
  int64_t run_context_ = 0;
  std::map<std::string, int64_t> executions_;  // The successful execution of each node in this run.
};

}  // namespace tfxm

#endif  // TFXM_ORCHESTRATION_RUN_RUN_METADATA_H_
