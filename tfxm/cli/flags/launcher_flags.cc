// SPDX-License-Identifier: Apache-2.0

#include "tfxm/cli/flags/launcher_flags.h"

#include <unistd.h>

#include <cstdio>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "tfxm/distribution/run_pass.h"
#include "tfxm/util/exit_status.h"
#include "tfxm/util/io.h"
#include "tfxm/util/process/environment.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::cli {
namespace {

// A line that is written over as things go on.
class ProgressLine {
 public:
  ~ProgressLine() {
    if (!shown_.empty()) std::fputs("\r\033[K", stderr);
  }
  void Show(const distribution::PoolProgress& progress, int64_t num_examples) {
    if (!on_a_terminal_) return;
    std::string text = absl::StrCat(progress.num_done, " of ", progress.num_jobs, " shards, ", num_examples,
                                    " examples, ", progress.num_running, " workers");
    if (progress.num_failed > 0) absl::StrAppend(&text, ", ", progress.num_failed, " failed and run again");
    if (text == shown_) return;
    std::fprintf(stderr, "\r\033[K%s", text.c_str());
    shown_ = text;
  }

 private:
  const bool on_a_terminal_ = isatty(STDERR_FILENO) != 0;
  std::string shown_;
};

}  // namespace

void LauncherFlags::AddTo(Flags* flags) {
  flags->Add(
      "launcher", &launcher_, "WHAT",
      "who does the work: threads (the default), processes, processes:N, or a command that starts a worker "
      "elsewhere, 'srun -n1 {command}' or 'ssh {host} {command}'; else $TFXM_LAUNCHER says so. The result is the "
      "same");
  flags->Add("hosts", &hosts_, "A,B,…", "--launcher with {host}: the hosts, a worker each; else $TFXM_HOSTS");
  flags
      ->Add("workers", &workers_, "N", "--launcher that is a command: how many at a time; 0: as many as hosts or cores")
      .Between(0, distribution::kMaxWorkers);
  flags->Add("work_dir", &work_dir_, "DIR",
             "--launcher: a folder that all workers see, for files that are gone at the end; else this one, or that of "
             "temporary files for processes of this machine");
  flags
      ->Add("shard_timeout", &shard_timeout_, "SECONDS",
            "--launcher: a worker that takes longer for its shard is ended, and another one begins; 0: none is")
      .AtLeast(0);
}

absl::StatusOr<distribution::Launcher> LauncherFlags::Get() const {
  const std::string text = given() ? launcher_ : EnvironmentOr("TFXM_LAUNCHER");
  std::string hosts = hosts_;
  if (hosts.empty() && absl::string_view(text).find("{host}") != absl::string_view::npos)
    hosts = EnvironmentOr("TFXM_HOSTS");
  ASSIGN_OR_RETURN(distribution::Launcher launcher, distribution::ParseLauncher(text, hosts, workers_));
  if (launcher.kind == distribution::Launcher::Kind::kThreads && (!work_dir_.empty() || shard_timeout_ > 0)) {
    return UsageError("--work_dir and --shard_timeout are for a --launcher of processes");
  }
  if (!work_dir_.empty() && !io::IsDirectory(work_dir_)) {
    return UsageError(absl::StrCat("--work_dir=", work_dir_, ": there is no such folder"));
  }
  launcher.shard_timeout_seconds = shard_timeout_;
  return launcher;
}

absl::Status LauncherFlags::Run(const distribution::PassRequest& request, const distribution::Launcher& launcher,
                                distribution::Step* step) const {
  std::error_code error;
  const std::string program = std::filesystem::read_symlink("/proc/self/exe", error).string();
  if (error) return absl::InternalError(absl::StrCat("cannot find this program: ", error.message()));
  ProgressLine line;
  return distribution::RunPass(
      request, launcher,
      {.program = program,
       .work_dir = work_dir_,
       .progress = [&](const distribution::PoolProgress& progress, int64_t n) { line.Show(progress, n); }},
      step);
}

}  // namespace tfxm::cli
