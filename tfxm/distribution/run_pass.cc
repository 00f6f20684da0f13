// SPDX-License-Identifier: Apache-2.0

#include "tfxm/distribution/run_pass.h"

#include <filesystem>
#include <memory>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tfxm/distribution/part.h"
#include "tfxm/distribution/pass_phases.h"
#include "tfxm/distribution/request.h"
#include "tfxm/util/files/temporary.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::distribution {

absl::Status RunPass(PassRequest request, const Workers& workers, Step* step, const OnProgress& progress) {
  const Launcher& launcher = workers.launcher;
  std::string parent = launcher.work_dir;
  if (parent.empty()) {
    parent = launcher.kind == Launcher::Kind::kProcesses ? std::filesystem::temp_directory_path().string() : ".";
  }
  // Workers elsewhere need not be in this folder.
  if (launcher.kind == Launcher::Kind::kCommand) request.set_working_directory(io::AbsolutePath("."));
  RETURN_IF_ERROR(PlanRequest(&request));
  ASSIGN_OR_RETURN(const auto folder, io::TempDir::Make(io::AbsolutePath(parent), ".tfxm-pass-"));
  const std::string plan = io::JoinPath(folder->path(), "plan.pb");
  RETURN_IF_ERROR(WriteRequest(plan, request));
  const std::string hash = RequestHash(request);
  int64_t num_examples = 0;
  std::vector<std::string> parts;
  std::vector<Job> jobs;
  for (int shard = 0; shard < request.shards_size(); ++shard) {
    parts.push_back(io::JoinPath(folder->path(), absl::StrCat("part-", shard)));
    std::vector<std::string> command = workers.command;
    command.insert(command.end(), {plan, absl::StrCat("--shard=", shard), absl::StrCat("--output=", parts.back())});
    const auto check = [&, shard]() -> absl::Status {
      ASSIGN_OR_RETURN(const Part part, ReadPartOf(request, hash, shard, step->kind(), parts[shard]));
      num_examples += part.header().num_examples;
      return absl::OkStatus();
    };
    jobs.push_back({.name = ShardName(request, shard), .command = std::move(command), .check = check});
  }
  WorkerPool pool(launcher, folder->path());
  return pool.Run(
      jobs,
      [&](int shard) -> absl::Status {
        RETURN_IF_ERROR(MergePart(request, hash, shard, parts[shard], step));
        return io::RemoveAll(parts[shard]);
      },
      [&](const PoolProgress& pool_progress) {
        if (progress) progress({.num_examples = num_examples, .pool = pool_progress});
      });
}

}  // namespace tfxm::distribution
