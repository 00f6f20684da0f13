// SPDX-License-Identifier: Apache-2.0

// Takes one node from its inputs to its published outputs: driver, executor, publisher.
#ifndef TFXM_ORCHESTRATION_NODE_LAUNCHER_H_
#define TFXM_ORCHESTRATION_NODE_LAUNCHER_H_

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "ml_metadata/proto/metadata_store.pb.h"
#include "tfxm/distribution/launcher.h"
#include "tfxm/dsl/node.h"
#include "tfxm/orchestration/cache/cache_key.h"
#include "tfxm/orchestration/executor/executor_process.h"
#include "tfxm/orchestration/output_layout.h"
#include "tfxm/orchestration/run/run_metadata.h"
#include "tfxm/orchestration/run/run_result.h"
#include "tfxm/util/files/file_hashes.h"

namespace tfxm {

// How long an executor that is told to end (SIGTERM) may take before it is made to (SIGKILL).
constexpr std::chrono::seconds kPatience(3);

class NodeLauncher {
 public:
  // All must outlive the launcher. `launcher`: the run's, to which the node's beam_pipeline_args are added.
  NodeLauncher(const std::string& pipeline_name, const NodeSpec& spec, bool enable_cache,
               const distribution::LauncherOptions& launcher, const OutputLayout& layout, RunMetadata* metadata,
               FileHashes* hashes, NodeResult* result)
      : pipeline_name_(pipeline_name),
        spec_(spec),
        enable_cache_(enable_cache),
        launcher_(distribution::WithBeamArgs(launcher, spec.beam_pipeline_args)),
        layout_(layout),
        metadata_(metadata),
        hashes_(hashes),
        result_(*result) {}

  // Launch will put out what a former execution has made, whatever has changed.
  void LeaveOut(RunMetadata::CachedExecution former) { former_ = std::move(former); }

  // Resolves inputs, asks the driver and the cache, and starts the executor if there is need: then the node is
  // kRunning, else kComplete, kCached or kFailed.
  void Launch();

  // While kRunning: fd() to poll() on, and Poll() to see how it is. Poll publishes the outputs when the process has
  // ended, and ends one that is over its time limit. If it has failed and the node's options let it be started again,
  // the node is kPending, its status says why it failed, and Launch does that.
  int fd() const { return process_ == nullptr ? -1 : process_->fd(); }
  void Poll(absl::FunctionRef<void(absl::string_view message, double fraction)> on_progress);

  // Asks a running executor to end (SIGTERM), or makes it (SIGKILL). When it has ended, the node is kCanceled.
  void Cancel(int signal);

 private:
  absl::Status Start();
  // Takes former outputs if they will do; else result_.cache says why not.
  absl::Status LookInCache(const ArtifactDict& inputs, const Properties& exec_properties);
  std::string WhyNew();
  absl::Status CheckConditions();
  absl::Status RunHere();
  absl::Status PutOutFormer();
  absl::Status Publish(ArtifactDict outputs);
  void Fail(const absl::Status& status);
  bool MayRetry() const;
  void EnforceTimeLimit();

  const std::string& pipeline_name_;
  const NodeSpec& spec_;
  const bool enable_cache_;
  const distribution::LauncherOptions launcher_;  // Of the passes of its executor.
  const OutputLayout& layout_;
  RunMetadata* const metadata_;
  FileHashes* const hashes_;
  NodeResult& result_;
  CacheKey key_;
  std::unique_ptr<ExecutorProcess> process_;
  std::optional<RunMetadata::CachedExecution> former_;
  bool canceled_ = false;
  std::chrono::steady_clock::time_point process_started_, told_to_end_;  // The latter is 0 if it was not.
};

}  // namespace tfxm

#endif  // TFXM_ORCHESTRATION_NODE_LAUNCHER_H_
