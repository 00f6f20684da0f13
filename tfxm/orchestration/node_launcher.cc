// SPDX-License-Identifier: Apache-2.0

#include "tfxm/orchestration/node_launcher.h"

#include <signal.h>

#include <vector>

#include "absl/strings/str_cat.h"
#include "tfxm/components/driver.h"
#include "tfxm/dsl/condition.h"
#include "tfxm/orchestration/cache/cache_key.h"
#include "tfxm/orchestration/cache/cached_outputs.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"

namespace tfxm {
namespace {

using ml_metadata::Execution;

using Clock = std::chrono::steady_clock;

constexpr char kCacheKeyFile[] = "cache_key.json";

// What TFX notes on every artifact that a component makes.
void AddSystemProperties(ArtifactDict* outputs) {
  for (auto& [key, artifacts] : *outputs) {
    for (Artifact& artifact : artifacts) {
      artifact.custom_properties["tfx_version"] = absl::StrCat("tfxm-", TFXM_VERSION);
      artifact.custom_properties["is_external"] = int64_t{0};
    }
  }
}

}  // namespace

void NodeLauncher::Launch() {
  if (former_.has_value()) {
    const absl::Status status = PutOutFormer();
    if (!status.ok()) Fail(status);
    return;
  }
  absl::Status status = CheckConditions();
  if (status.ok() && result_.ruled_out) {
    result_.status = absl::FailedPreconditionError("its condition does not hold");
    result_.state = NodeState::kSkipped;
    return;
  }
  if (status.ok()) status = spec_.kind == NodeKind::kComponent ? Start() : RunHere();
  if (!status.ok()) Fail(status);
}

absl::Status NodeLauncher::CheckConditions() {
  if (spec_.conditions.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const ArtifactDict inputs, metadata_->ResolveInputs(spec_));
  for (const auto& [id, condition] : spec_.conditions) {
    ASSIGN_OR_RETURN(const bool holds, EvaluateCondition(*condition, inputs));
    if (!holds) result_.ruled_out = true;
  }
  return absl::OkStatus();
}

// Resolvers and importers only write metadata.
absl::Status NodeLauncher::RunHere() {
  ArtifactDict outputs;
  if (spec_.kind == NodeKind::kResolver) {
    ASSIGN_OR_RETURN(outputs, metadata_->Resolve(spec_, &result_.message));
    ASSIGN_OR_RETURN(result_.execution_id, metadata_->PublishResolved(spec_, outputs));
  } else {
    const std::string uri = io::AbsolutePath(std::get<std::string>(spec_.exec_properties.at("artifact_uri")));
    if (!io::Exists(uri)) return absl::NotFoundError(absl::StrCat("there is nothing to import at ", uri));
    const auto& [key, output] = *spec_.outputs.begin();
    outputs[key] = {{.type_name = output.type.name,
                     .uri = uri,
                     .properties = output.properties,
                     .custom_properties = output.custom_properties}};
    // With its contents: another content makes another artifact.
    RETURN_IF_ERROR(RecordFiles(&outputs[key][0], hashes_));
    outputs[key][0].custom_properties["is_external"] = int64_t{1};
    ASSIGN_OR_RETURN(result_.execution_id, metadata_->PublishImported(spec_, &outputs));
  }
  result_.outputs = std::move(outputs);
  result_.state = NodeState::kComplete;
  return absl::OkStatus();
}

absl::Status NodeLauncher::PutOutFormer() {
  if (spec_.kind == NodeKind::kResolver) {
    ASSIGN_OR_RETURN(result_.execution_id, metadata_->PublishResolved(spec_, former_->outputs));
  } else {
    ASSIGN_OR_RETURN(result_.execution_id, metadata_->PublishCached(spec_, former_->inputs, spec_.exec_properties,
                                                                    /*cache_key=*/"", former_->outputs));
  }
  result_.outputs = std::move(former_->outputs);
  result_.state = NodeState::kCached;
  result_.left_out = true;
  result_.cache = absl::StrCat("left out of this partial run; what execution ", former_->id, " made is taken");
  return absl::OkStatus();
}

absl::Status NodeLauncher::Start() {
  ASSIGN_OR_RETURN(ArtifactDict inputs, metadata_->ResolveInputs(spec_));
  Properties exec_properties = spec_.exec_properties;
  std::vector<std::string> input_files;
  if (DriverRegistry::Get().Has(spec_.executor)) {
    ASSIGN_OR_RETURN(const std::unique_ptr<Driver> driver, DriverRegistry::Get().Create(spec_.executor));
    RETURN_IF_ERROR(driver->ResolveExecProperties(&exec_properties));
    ASSIGN_OR_RETURN(input_files, driver->InputFilesOf(exec_properties));
  }
  ASSIGN_OR_RETURN(key_, MakeCacheKey(pipeline_name_, spec_, inputs, exec_properties, input_files, hashes_));
  RETURN_IF_ERROR(LookInCache(inputs, exec_properties));
  if (result_.state == NodeState::kCached) return absl::OkStatus();
  ASSIGN_OR_RETURN(result_.execution_id, metadata_->RegisterExecution(spec_, inputs, exec_properties, key_.digest));
  const std::string dir = layout_.SystemDir(spec_.id, result_.execution_id);
  result_.log_path = ExecutorLogPath(dir);
  RETURN_IF_ERROR(layout_.RemoveTemp(result_.execution_id));
  ASSIGN_OR_RETURN(process_,
                   ExecutorProcess::Start(dir, {.node_id = spec_.id,
                                                .executor = spec_.executor,
                                                .plugin = spec_.plugin,
                                                .tmp_dir = layout_.ExecutorTmpDir(result_.execution_id),
                                                .checkpoint_dir = layout_.CheckpointDir(spec_.id, key_.digest),
                                                .inputs = std::move(inputs),
                                                .outputs = layout_.NewOutputs(spec_, result_.execution_id),
                                                .exec_properties = std::move(exec_properties),
                                                .launcher = launcher_}));
  result_.status = absl::OkStatus();
  process_started_ = Clock::now();
  told_to_end_ = {};
  // For the explanations of later runs: they are poorer if it fails, not wrong.
  io::WriteFile(io::JoinPath(dir, kCacheKeyFile), ToJson(key_)).IgnoreError();
  result_.state = NodeState::kRunning;
  return absl::OkStatus();
}

absl::Status NodeLauncher::LookInCache(const ArtifactDict& inputs, const Properties& exec_properties) {
  if (!enable_cache_) {
    result_.cache = "the cache is off";
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(std::vector<RunMetadata::CachedExecution> found, metadata_->FindCached(key_.digest));
  std::string damage;  // Of the newest.
  for (RunMetadata::CachedExecution& execution : found) {
    const std::string why_not = WhyNotWhole(execution.outputs, hashes_);
    if (!why_not.empty()) {
      if (damage.empty()) damage = absl::StrCat("execution ", execution.id, " has done this before, but ", why_not);
      continue;
    }
    ASSIGN_OR_RETURN(result_.execution_id,
                     metadata_->PublishCached(spec_, inputs, exec_properties, key_.digest, execution.outputs));
    result_.outputs = std::move(execution.outputs);
    result_.state = NodeState::kCached;
    result_.cache = absl::StrCat("nothing has changed since execution ", execution.id);
    return absl::OkStatus();
  }
  result_.cache_damaged = !damage.empty();
  result_.cache = damage.empty() ? WhyNew() : damage;
  return absl::OkStatus();
}

// What differs from the node's last execution.
std::string NodeLauncher::WhyNew() {
  const absl::StatusOr<std::vector<int64_t>> executions = metadata_->CompleteExecutions(spec_.id);
  if (!executions.ok() || executions->empty()) return "it has never run to its end";
  for (const int64_t id : *executions) {
    const auto json = io::ReadFile(io::JoinPath(layout_.SystemDir(spec_.id, id), kCacheKeyFile));
    if (!json.ok()) continue;
    const absl::StatusOr<CacheKey> before = ParseCacheKey(*json);
    if (!before.ok()) continue;
    const std::string difference = DescribeDifference(*before, key_);
    return difference.empty() ? absl::StrCat("the outputs of execution ", id, " are not live any more")
                              : absl::StrCat("since execution ", id, ": ", difference);
  }
  return absl::StrCat("something has changed since execution ", executions->front(), ", of which no key is kept");
}

void NodeLauncher::Poll(absl::FunctionRef<void(absl::string_view, double)> on_progress) {
  if (process_ == nullptr) return;
  if (!process_->Poll(on_progress)) return EnforceTimeLimit();
  absl::StatusOr<ArtifactDict> outputs = process_->Finish();
  process_.reset();
  absl::Status status = outputs.ok() && !canceled_ ? Publish(*std::move(outputs)) : outputs.status();
  if (status.ok() && !canceled_) return;
  if (!status.ok() && told_to_end_ != Clock::time_point()) {
    status = absl::DeadlineExceededError(absl::StrCat(
        "ended after its time limit of ", spec_.execution_options.execution_timeout_sec, " s (execution_timeout_sec)"));
  }
  Fail(status);
  if (MayRetry()) {
    ++result_.retries;
    result_.state = NodeState::kPending;
  }
}

bool NodeLauncher::MayRetry() const {
  return result_.state == NodeState::kFailed && result_.retries < spec_.execution_options.max_execution_retries;
}

void NodeLauncher::EnforceTimeLimit() {
  const int64_t limit = spec_.execution_options.execution_timeout_sec;
  const Clock::time_point now = Clock::now();
  if (limit <= 0 || now - process_started_ < std::chrono::seconds(limit)) return;
  if (told_to_end_ == Clock::time_point()) {
    told_to_end_ = now;
    process_->Signal(SIGTERM);
  } else if (now - told_to_end_ > kPatience) {
    process_->Signal(SIGKILL);
  }
}

absl::Status NodeLauncher::Publish(ArtifactDict outputs) {
  AddSystemProperties(&outputs);
  // First the artifacts, then the metadata: killed in between, the execution is still RUNNING and the next run clears
  // it away.
  RETURN_IF_ERROR(layout_.MoveIntoPlace(spec_, result_.execution_id, &outputs));
  result_.message = layout_.WithFinalPaths(spec_, result_.execution_id, result_.message);
  RETURN_IF_ERROR(metadata_->PublishExecution(result_.execution_id, spec_, key_.digest, &outputs));
  result_.outputs = std::move(outputs);
  result_.state = NodeState::kComplete;
  // It does not matter if this fails.
  layout_.RemoveTemp(result_.execution_id).IgnoreError();
  RemoveExecutionFiles(layout_.SystemDir(spec_.id, result_.execution_id)).IgnoreError();
  io::RemoveAll(layout_.CheckpointDir(spec_.id, key_.digest)).IgnoreError();
  return absl::OkStatus();
}

void NodeLauncher::Fail(const absl::Status& status) {
  result_.state = canceled_ ? NodeState::kCanceled : NodeState::kFailed;
  result_.status = canceled_ ? absl::CancelledError("interrupted") : status;
  if (result_.execution_id == 0) return;
  layout_.RemoveTemp(result_.execution_id).IgnoreError();
  layout_.RemoveArtifacts(spec_.id, result_.execution_id).IgnoreError();
  const absl::Status published =
      metadata_->PublishFailure(result_.execution_id, canceled_ ? Execution::CANCELED : Execution::FAILED);
  if (!published.ok()) {
    result_.status = absl::Status(
        result_.status.code(),
        absl::StrCat(result_.status.message(), "\n  and this could not be ", "recorded: ", published.message()));
  }
}

void NodeLauncher::Cancel(int signal) {
  canceled_ = true;
  if (process_ != nullptr) process_->Signal(signal);
}

}  // namespace tfxm
