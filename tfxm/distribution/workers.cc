// SPDX-License-Identifier: Apache-2.0

#include "tfxm/distribution/workers.h"

#include <filesystem>
#include <utility>

#include "absl/strings/str_cat.h"

namespace tfxm::distribution {

absl::StatusOr<Workers> WorkersOfThisProgram(Launcher launcher, const std::vector<std::string>& words) {
  std::error_code error;
  const std::string program = std::filesystem::read_symlink("/proc/self/exe", error).string();
  if (error) return absl::InternalError(absl::StrCat("cannot find this program: ", error.message()));
  Workers workers{.launcher = std::move(launcher), .command = {program}};
  workers.command.insert(workers.command.end(), words.begin(), words.end());
  return workers;
}

std::string ToText(const PassProgress& progress) {
  std::string text = absl::StrCat(progress.num_examples, " examples");
  const PoolProgress& pool = progress.pool;
  if (pool.num_jobs == 0) return text;
  text = absl::StrCat(pool.num_done, " of ", pool.num_jobs, " shards, ", text, ", ", pool.num_running, " workers");
  if (pool.num_failed > 0) absl::StrAppend(&text, ", ", pool.num_failed, " failed and run again");
  return text;
}

}  // namespace tfxm::distribution
