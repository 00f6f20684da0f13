// SPDX-License-Identifier: Apache-2.0

#include "tfxm/orchestration/local_dag_runner.h"

#include <poll.h>
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tfxm/components/modules/code_fingerprint.h"
#include "tfxm/metadata/metadata_store.h"
#include "tfxm/metadata/run_lock.h"
#include "tfxm/orchestration/cache/cached_outputs.h"
#include "tfxm/orchestration/node_launcher.h"
#include "tfxm/orchestration/run/partial_run.h"
#include "tfxm/orchestration/run/pipeline_paths.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"

namespace tfxm {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kTickMilliseconds = 100;

double SecondsSince(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

// What a killed run left behind.
absl::Status ClearAbandoned(const OutputLayout& layout, RunMetadata* metadata) {
  ASSIGN_OR_RETURN(const std::vector<RunMetadata::Abandoned> abandoned, metadata->FindAbandoned());
  for (const RunMetadata::Abandoned& execution : abandoned) {
    // In this order, so that being killed here leaves it to the next run.
    RETURN_IF_ERROR(layout.RemoveArtifacts(execution.node_id, execution.execution_id));
    RETURN_IF_ERROR(metadata->PublishFailure(execution.execution_id, ml_metadata::Execution::FAILED));
  }
  return layout.RemoveAllTemp();
}

// What the nodes that a partial run leaves out have made last, by id.
using FormerExecutions = std::map<std::string, RunMetadata::CachedExecution>;

absl::StatusOr<FormerExecutions> FindFormer(const std::set<std::string>& left_out, RunMetadata* metadata,
                                            FileHashes* hashes) {
  FormerExecutions former;
  for (const std::string& id : left_out) {
    const std::string again = "; run it as well: name it, or a node before it, in from_nodes";
    auto execution = metadata->LatestSuccess(id);
    if (!execution.ok() && !absl::IsNotFound(execution.status())) return execution.status();
    std::string problem = execution.ok() ? "" : std::string(execution.status().message());
    if (execution.ok() && !execution->has_value()) problem = "it has never run to its end in this pipeline";
    if (problem.empty()) problem = WhyNotWhole((*execution)->outputs, hashes);
    if (!problem.empty()) {
      return absl::FailedPreconditionError(
          absl::StrCat("node ", id, " is left out of this partial run, but ", problem, again));
    }
    former.emplace(id, *std::move(*execution));
  }
  return former;
}

// The events of one run, all on one thread.
class Run {
 public:
  Run(const LocalDagRunnerOptions& options, const Pipeline& pipeline, const std::vector<OrderedNode>& nodes,
      const OutputLayout& layout, RunMetadata* metadata, FileHashes* hashes, Display* display, RunResult* result)
      : cancellation_(options.cancellation),
        nodes_(nodes),
        display_(*display),
        result_(*result),
        started_(nodes.size()),
        height_(nodes.size()) {
    max_parallel_ =
        options.max_parallel_nodes > 0 ? options.max_parallel_nodes : std::max(1u, std::thread::hardware_concurrency());
    for (size_t i = 0; i < nodes.size(); ++i) {
      const NodeSpec& spec = *nodes[i].spec;
      const bool cache = options.enable_cache && spec.enable_cache.value_or(pipeline.enable_cache);
      launchers_.push_back(std::make_unique<NodeLauncher>(pipeline.pipeline_name, spec, cache, options.launcher, layout,
                                                          metadata, hashes, &result->nodes[i]));
    }
    for (int i = static_cast<int>(nodes.size()) - 1; i >= 0; --i) {
      for (int d : nodes[i].downstream) height_[i] = std::max(height_[i], height_[d] + 1);
    }
  }

  // The node does not run: it puts out again what `former` has made.
  void LeaveOut(int i, RunMetadata::CachedExecution former) { launchers_[i]->LeaveOut(std::move(former)); }

  void Loop() {
    while (true) {
      CancelIfAsked();
      if (!result_.interrupted) LaunchReady();
      if (running_ == 0) break;
      Wait();
      for (size_t i = 0; i < nodes_.size(); ++i) Poll(static_cast<int>(i));
    }
    for (size_t i = 0; i < nodes_.size(); ++i) {
      if (result_.nodes[i].state == NodeState::kPending) End(static_cast<int>(i), NodeState::kCanceled);
    }
  }

 private:
  // Of the nodes whose upstream is done, the one that the longest chain waits for; -1 if there is none.
  int NextReady() {
    int next = -1;
    for (size_t i = 0; i < nodes_.size(); ++i) {
      if (result_.nodes[i].state != NodeState::kPending) continue;
      const bool ready = std::all_of(nodes_[i].upstream.begin(), nodes_[i].upstream.end(), [&](int u) {
        return result_.nodes[u].state == NodeState::kComplete || result_.nodes[u].state == NodeState::kCached;
      });
      if (ready && (next < 0 || height_[i] > height_[next])) next = static_cast<int>(i);
    }
    return next;
  }

  void LaunchReady() {
    // Whether a node needs a process is known only after it is launched, so a free place is needed for all.
    while (running_ < max_parallel_) {
      const int i = NextReady();
      if (i < 0) return;
      started_[i] = Clock::now();
      result_.nodes[i].start_seconds = SecondsSince(run_started_);
      launchers_[i]->Launch();
      if (result_.nodes[i].state == NodeState::kRunning) {
        ++running_;
        display_.NodeStarted(i);
      } else {
        End(i, result_.nodes[i].state);
      }
    }
  }

  void Wait() {
    std::vector<pollfd> fds;
    if (cancellation_ != nullptr) fds.push_back({cancellation_->fd(), POLLIN, 0});
    for (size_t i = 0; i < nodes_.size(); ++i) {
      if (result_.nodes[i].state == NodeState::kRunning) fds.push_back({launchers_[i]->fd(), POLLIN, 0});
    }
    poll(fds.data(), fds.size(), kTickMilliseconds);
    if (Clock::now() - last_tick_ >= std::chrono::milliseconds(kTickMilliseconds)) {
      last_tick_ = Clock::now();
      display_.Tick();
    }
  }

  void Poll(int i) {
    if (result_.nodes[i].state != NodeState::kRunning) return;
    launchers_[i]->Poll([&](absl::string_view message, double fraction) {
      result_.nodes[i].message = std::string(message);
      display_.NodeProgress(i, message, fraction);
    });
    if (result_.nodes[i].state == NodeState::kRunning) return;
    --running_;
    if (result_.nodes[i].state == NodeState::kPending) return display_.NodeRetried(i);
    End(i, result_.nodes[i].state);
  }

  void End(int i, NodeState state) {
    NodeResult& node = result_.nodes[i];
    if (node.state != NodeState::kPending || started_[i] != Clock::time_point())
      node.seconds = SecondsSince(started_[i]);
    if (state == NodeState::kSkipped || state == NodeState::kCanceled) node.seconds = 0;
    node.state = state;
    display_.NodeEnded(i);
    if (state == NodeState::kFailed) SkipDownstream(i, absl::StrCat(node.node_id, ", which failed"), false);
    if (started_[i] != Clock::time_point() && node.ruled_out) {
      SkipDownstream(i, absl::StrCat(node.node_id, ", whose condition does not hold"), true);
    }
  }

  void SkipDownstream(int i, const std::string& culprit, bool ruled_out) {
    for (int d : nodes_[i].downstream) {
      NodeResult& node = result_.nodes[d];
      if (node.state != NodeState::kPending) continue;
      node.status = absl::FailedPreconditionError(absl::StrCat("needs ", culprit));
      node.ruled_out = ruled_out;
      End(d, NodeState::kSkipped);
      SkipDownstream(d, culprit, ruled_out);
    }
  }

  void CancelIfAsked() {
    const int count = cancellation_ == nullptr ? 0 : cancellation_->Count();
    if (count == 0) return;
    if (!result_.interrupted) {
      result_.interrupted = true;
      result_.signal = cancellation_->signal();
      interrupted_at_ = Clock::now();
      Signal(SIGTERM);
    } else if (count > 1 || Clock::now() - interrupted_at_ > kPatience) {
      Signal(SIGKILL);
    }
  }

  void Signal(int signal) {
    for (size_t i = 0; i < nodes_.size(); ++i) {
      if (result_.nodes[i].state == NodeState::kRunning) launchers_[i]->Cancel(signal);
    }
  }

  Cancellation* const cancellation_;
  const std::vector<OrderedNode>& nodes_;
  Display& display_;
  RunResult& result_;
  std::vector<std::unique_ptr<NodeLauncher>> launchers_;
  std::vector<Clock::time_point> started_;
  std::vector<int> height_;  // Nodes in the longest chain that waits for this one.
  int max_parallel_ = 1;
  int running_ = 0;
  const Clock::time_point run_started_ = Clock::now();
  Clock::time_point last_tick_, interrupted_at_;
};

}  // namespace

absl::StatusOr<RunResult> LocalDagRunner::Run(const Pipeline& pipeline) const {
  const Clock::time_point start = Clock::now();
  ASSIGN_OR_RETURN(std::vector<OrderedNode> all_nodes, OrderNodes(pipeline));
  ASSIGN_OR_RETURN(const PartialRun partial, SelectNodes(std::move(all_nodes), options_.from_nodes, options_.to_nodes));
  const std::vector<OrderedNode>& nodes = partial.nodes;
  LocalDagRunnerOptions options = options_;
  if (options.launcher.launcher.empty() && !pipeline.launcher.launcher.empty()) options.launcher = pipeline.launcher;
  RETURN_IF_ERROR(distribution::ParseLauncher(options.launcher).status());
  RETURN_IF_ERROR(CheckLocalPaths(pipeline));
  const std::string metadata_path = database::AbsolutePath(pipeline.metadata_path);
  ASSIGN_OR_RETURN(const RunLock lock, RunLock::Acquire(metadata_path, pipeline.pipeline_name));
  ASSIGN_OR_RETURN(const std::unique_ptr<MetadataStore> store, MetadataStore::Open(metadata_path));
  const OutputLayout layout(pipeline.pipeline_root);
  RETURN_IF_ERROR(io::MakeDirs(layout.pipeline_root()));

  RunResult result;
  result.pipeline_name = pipeline.pipeline_name;
  result.run_id = NewRunId();
  for (const OrderedNode& node : nodes) {
    NodeResult& node_result =
        result.nodes.emplace_back(NodeResult{.node_id = node.spec->id, .type_name = node.spec->type_name});
    for (const int upstream : node.upstream) node_result.upstream.push_back(nodes[upstream].spec->id);
  }
  ASSIGN_OR_RETURN(RunMetadata metadata, RunMetadata::Begin(store.get(), pipeline.pipeline_name, result.run_id));
  RETURN_IF_ERROR(ClearAbandoned(layout, &metadata));

  const std::unique_ptr<Display> silent = NewSilentDisplay();
  Display* const display = options_.display != nullptr ? options_.display : silent.get();
  FileHashes hashes(io::JoinPath(layout.pipeline_root(), ".file_hashes"));
  ASSIGN_OR_RETURN(FormerExecutions former, FindFormer(partial.left_out, &metadata, &hashes));
  display->Begin(result);
  {
    class Run run(options, pipeline, nodes, layout, &metadata, &hashes, display, &result);
    for (size_t i = 0; i < nodes.size(); ++i) {
      const auto it = former.find(nodes[i].spec->id);
      if (it != former.end()) run.LeaveOut(static_cast<int>(i), std::move(it->second));
    }
    run.Loop();
  }
  layout.RemoveAllTemp().IgnoreError();  // If it fails, the next run does it.
  hashes.Save().IgnoreError();           // If it fails, the next run reads the files again.
  SharedFileHashes().Save().IgnoreError();
  result.seconds = SecondsSince(start);
  display->End();
  return result;
}

}  // namespace tfxm
