// SPDX-License-Identifier: Apache-2.0

#include "tfxm/orchestration/executor/run_executor.h"

#include <exception>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tfxm/components/executor.h"
#include "tfxm/distribution/launcher.h"
#include "tfxm/distribution/workers.h"
#include "tfxm/orchestration/executor/executor_protocol.h"
#include "tfxm/util/io.h"
#include "tfxm/util/plugin.h"
#include "tfxm/util/status_macros.h"

namespace tfxm {

absl::Status RunExecutor(const ExecutionRequest& request,
                         const std::function<void(absl::string_view message, double fraction)>& progress,
                         ArtifactDict* outputs) {
  if (!request.plugin.empty()) RETURN_IF_ERROR(LoadPlugin(request.plugin));
  ASSIGN_OR_RETURN(std::unique_ptr<Executor> executor, ExecutorRegistry::Get().Create(request.executor));
  RETURN_IF_ERROR(io::MakeDirs(request.tmp_dir));
  for (const auto& [key, artifacts] : *outputs) {
    for (const Artifact& artifact : artifacts) RETURN_IF_ERROR(io::MakeDirs(artifact.uri));
  }
  ExecutorContext context;
  context.node_id = request.node_id;
  context.tmp_dir = request.tmp_dir;
  context.checkpoint_dir = request.checkpoint_dir;
  ASSIGN_OR_RETURN(distribution::Launcher launcher, distribution::ParseLauncher(request.launcher));
  if (launcher.work_dir.empty()) launcher.work_dir = request.tmp_dir;
  ASSIGN_OR_RETURN(context.workers, distribution::WorkersOfThisProgram(std::move(launcher), {kPassMapFlag}));
  context.progress = progress;
  // User code may throw although this project's does not.
  try {
    return executor->Do(request.inputs, request.exec_properties, context, outputs);
  } catch (const std::exception& e) {
    return absl::InternalError(absl::StrCat("an exception left the executor: ", e.what()));
  } catch (...) {
    return absl::InternalError("an exception that is not a std::exception left the executor");
  }
}

}  // namespace tfxm
