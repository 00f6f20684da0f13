// SPDX-License-Identifier: Apache-2.0

#include "tfxm/distribution/run_pass.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tfxm/distribution/part.h"
#include "tfxm/distribution/pass_phases.h"
#include "tfxm/distribution/request.h"
#include "tfxm/util/files/temporary.h"
#include "tfxm/util/io.h"
#include "tfxm/util/process/python_part.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::distribution {
namespace {

using Clock = std::chrono::steady_clock;

constexpr char kBeamScript[] = "run_shards_on_beam.py";
constexpr std::chrono::milliseconds kPartsAreLookedFor(500);  // How often.

// One Beam pipeline instead of the workers: all of `jobs` are its elements, and `command` is what each begins with. It
// has the say over retries. The parts appear while it runs, in any order.
absl::Status RunOnBeam(const Launcher& launcher, const std::string& folder, const std::vector<std::string>& command,
                       const std::string& part_prefix, const std::vector<Job>& jobs,
                       const std::vector<std::string>& parts,
                       const std::function<void(const PoolProgress&)>& progress) {
  ASSIGN_OR_RETURN(const std::string script, FindPythonPart(kBeamScript));
  Job pipeline{.name = "the pass as a Beam pipeline"};
  pipeline.command = {Python(), script, absl::StrCat(jobs.size()), part_prefix};
  pipeline.command.insert(pipeline.command.end(), command.begin(), command.end());
  pipeline.command.push_back("--");
  pipeline.command.insert(pipeline.command.end(), launcher.words.begin(), launcher.words.end());
  pipeline.check = [&]() -> absl::Status {
    for (const Job& job : jobs) RETURN_IF_ERROR(Annotate(job.check(), job.name));
    return absl::OkStatus();
  };
  Launcher once = launcher;
  once.num_workers = once.max_attempts = 1;
  WorkerPool pool(std::move(once), folder);
  PoolProgress now{.num_jobs = static_cast<int>(jobs.size())};
  Clock::time_point next_look = Clock::now();
  return pool.Run(
      {pipeline}, [](int) { return absl::OkStatus(); },
      [&](const PoolProgress& of_pipeline) {
        if (Clock::now() >= next_look) {
          now.num_done = static_cast<int>(std::count_if(parts.begin(), parts.end(), io::Exists));
          next_look = Clock::now() + kPartsAreLookedFor;
        }
        now.num_running = of_pipeline.num_running;
        progress(now);
      });
}

}  // namespace

absl::Status RunPass(PassRequest request, const Workers& workers, Step* step, const OnProgress& progress) {
  const Launcher& launcher = workers.launcher;
  std::string parent = launcher.work_dir;
  if (parent.empty()) {
    parent = launcher.kind == Launcher::Kind::kProcesses ? std::filesystem::temp_directory_path().string() : ".";
  }
  // Workers elsewhere need not be in this folder.
  if (launcher.kind == Launcher::Kind::kCommand || launcher.kind == Launcher::Kind::kBeam) {
    request.set_working_directory(io::AbsolutePath("."));
  }
  RETURN_IF_ERROR(PlanRequest(&request));
  ASSIGN_OR_RETURN(const auto folder, io::TempDir::Make(io::AbsolutePath(parent), ".tfxm-pass-"));
  const std::string plan = io::JoinPath(folder->path(), "plan.pb");
  RETURN_IF_ERROR(WriteRequest(plan, request));
  const std::string hash = RequestHash(request);
  std::vector<std::string> of_all = workers.command;
  of_all.push_back(plan);
  int64_t num_examples = 0;
  const std::string part_prefix = io::JoinPath(folder->path(), "part-");
  std::vector<std::string> parts;
  std::vector<Job> jobs;
  for (int shard = 0; shard < request.shards_size(); ++shard) {
    parts.push_back(absl::StrCat(part_prefix, shard));
    std::vector<std::string> command = of_all;
    command.insert(command.end(), {absl::StrCat("--shard=", shard), absl::StrCat("--output=", parts.back())});
    const auto check = [&, shard]() -> absl::Status {
      ASSIGN_OR_RETURN(const Part part, ReadPartOf(request, hash, shard, step->kind(), parts[shard]));
      num_examples += part.header().num_examples;
      return absl::OkStatus();
    };
    jobs.push_back({.name = ShardName(request, shard), .command = std::move(command), .check = check});
  }
  const auto job_done = [&](int shard) -> absl::Status {
    RETURN_IF_ERROR(MergePart(request, hash, shard, parts[shard], step));
    return io::RemoveAll(parts[shard]);
  };
  const auto on_progress = [&](const PoolProgress& pool_progress) {
    if (progress) progress({.num_examples = num_examples, .pool = pool_progress});
  };
  if (launcher.kind != Launcher::Kind::kBeam) {
    return WorkerPool(launcher, folder->path()).Run(jobs, job_done, on_progress);
  }
  if (jobs.empty()) return absl::OkStatus();
  RETURN_IF_ERROR(RunOnBeam(launcher, folder->path(), of_all, part_prefix, jobs, parts, on_progress));
  for (int shard = 0; shard < request.shards_size(); ++shard) RETURN_IF_ERROR(job_done(shard));
  return absl::OkStatus();
}

}  // namespace tfxm::distribution
