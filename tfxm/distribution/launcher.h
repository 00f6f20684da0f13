// SPDX-License-Identifier: Apache-2.0

// How the workers of a pass are started: on threads of this process, as processes of this machine, by a command that
// brings them to where they run, or by the runner of an Apache Beam pipeline.
//
//   ASSIGN_OR_RETURN(const Launcher launcher, ParseLauncher("srun -n1 {command}"));
//   WorkerCommand(launcher, {"tfxm", "pass", "map"}, /*host=*/"");  // The words srun, -n1, tfxm, pass and map.
//
// A command is split into words once, here, and no shell of this machine sees it: {command} becomes the worker's words,
// {host} one of the hosts. Where the command is ssh (or dsh, rsh), each of the worker's words is quoted for the shell of
// the other machine.
#ifndef TFXM_DISTRIBUTION_LAUNCHER_H_
#define TFXM_DISTRIBUTION_LAUNCHER_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace tfxm::distribution {

struct Launcher {
  enum class Kind { kThreads, kProcesses, kCommand, kBeam };
  Kind kind = Kind::kThreads;
  std::vector<std::string> words;  // kCommand: its words; kBeam: the pipeline's arguments.
  std::vector<std::string> hosts;  // kCommand: one worker at a time on each; one named twice has two.
  int num_workers = 1;             // At a time.
  // Where the plan and the parts are as long as a pass goes on: a folder that all workers see. Empty: RunPass chooses.
  std::string work_dir;

  double shard_timeout_seconds = 0;  // A worker that takes longer is ended; 0: none is.
  int max_attempts = 4;              // Of a shard, until the pass fails.
  double backoff_seconds = 0.5;      // Before the second attempt; then twice as long each time.
  // A worker that takes twice as long as half of the others have, and at least this, gets a second one beside it if
  // there is room; what is ready first is taken.
  double straggler_seconds = 10;
};

inline constexpr int kMaxWorkers = 10000;

// A launcher as a person writes it, in flags or as a pipeline's parameter (docs/distribution.md).
struct LauncherOptions {
  // "threads", "processes", "processes:8", "srun -n1 {command}", "beam --runner=FlinkRunner"; empty: threads.
  std::string launcher;
  std::string hosts;         // "a,b": of a command with {host}.
  int workers = 0;           // Of a command at a time; 0: as many as hosts, or as cores.
  std::string work_dir;      // Launcher::work_dir
  double shard_timeout = 0;  // Launcher::shard_timeout_seconds
};

// "threads"; "processes" (one for each core) or "processes:N"; a command with {command} in it; or "beam" and arguments
// of a Beam pipeline. `hosts`: separated by commas, for a command with {host}. `num_workers`: of a command at a time; 0: as many as hosts, or as cores.
// A UsageError (util/exit_status.h) says what is expected.
absl::StatusOr<Launcher> ParseLauncher(absl::string_view text, absl::string_view hosts = "", int num_workers = 0);
// The same, and whether there is a work_dir.
absl::StatusOr<Launcher> ParseLauncher(const LauncherOptions& options);

// Of a node for which TFX would give Beam these arguments (beam_pipeline_args): added to a launcher that is "beam"; one
// of "beam" if there is no launcher and they name a --runner other than DirectRunner; else `options` as they are.
LauncherOptions WithBeamArgs(LauncherOptions options, const std::vector<std::string>& beam_pipeline_args);

// What is run for a worker whose own command is `command`.
std::vector<std::string> WorkerCommand(const Launcher& launcher, const std::vector<std::string>& command,
                                       absl::string_view host);

// Words separated by blanks; '…', "…" and \ as in a shell, and nothing else of one. INVALID_ARGUMENT if a quote is open.
absl::StatusOr<std::vector<std::string>> SplitWords(absl::string_view text);
// A word that a POSIX shell takes as it is.
std::string QuoteForShell(absl::string_view word);

}  // namespace tfxm::distribution

#endif  // TFXM_DISTRIBUTION_LAUNCHER_H_
