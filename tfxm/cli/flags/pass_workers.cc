// SPDX-License-Identifier: Apache-2.0

#include "tfxm/cli/flags/pass_workers.h"

#include <unistd.h>

#include <cstdio>
#include <utility>

#include "tfxm/util/status_macros.h"

namespace tfxm::cli {

absl::StatusOr<distribution::Workers> PassWorkers(const distribution::LauncherFlags& flags) {
  ASSIGN_OR_RETURN(distribution::Launcher launcher, distribution::ParseLauncher(flags.Get()));
  return distribution::WorkersOfThisProgram(std::move(launcher), {"pass", "map"});
}

ProgressLine::ProgressLine() : on_a_terminal_(isatty(STDERR_FILENO) != 0) {}

ProgressLine::~ProgressLine() {
  if (!shown_.empty()) std::fputs("\r\033[K", stderr);
}

distribution::OnProgress ProgressLine::OfWorkers() {
  return [this](const distribution::PassProgress& progress) {
    if (!on_a_terminal_ || progress.pool.num_jobs == 0) return;
    std::string text = distribution::ToText(progress);
    if (text == shown_) return;
    std::fprintf(stderr, "\r\033[K%s", text.c_str());
    shown_ = std::move(text);
  };
}

}  // namespace tfxm::cli
