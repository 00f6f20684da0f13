// SPDX-License-Identifier: Apache-2.0

#include "tfxm/distribution/launcher.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "tfxm/compute/pass.h"
#include "tfxm/util/exit_status.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::distribution {
namespace {

constexpr absl::string_view kCommand = "{command}", kHost = "{host}", kBeam = "beam";

bool IsBeam(const std::vector<std::string>& words) { return !words.empty() && words[0] == kBeam; }

// Of a Beam pipeline's arguments; the last one counts.
std::string RunnerOf(const std::vector<std::string>& beam_pipeline_args) {
  std::string runner;
  for (size_t i = 0; i < beam_pipeline_args.size(); ++i) {
    absl::string_view rest = beam_pipeline_args[i];
    if (absl::ConsumePrefix(&rest, "--runner=")) {
      runner = std::string(rest);
    } else if (rest == "--runner" && i + 1 < beam_pipeline_args.size()) {
      runner = beam_pipeline_args[i + 1];
    }
  }
  return runner;
}

bool RunsARemoteShell(const std::vector<std::string>& words) {
  const std::string program = io::Basename(words[0]);
  return program == "ssh" || program == "rsh" || program == "dsh";
}

absl::Status CheckCommand(absl::string_view text, const Launcher& launcher) {
  const std::vector<std::string>& words = launcher.words;
  if (std::count(words.begin(), words.end(), kCommand) != 1) {
    return UsageError(absl::StrCat("--launcher=", text,
                                   ": expected threads, processes, processes:N, or a command with {command}, a word of "
                                   "its own, where the worker's goes, such as 'srun -n1 {command}'"));
  }
  if (words[0] == kCommand) return UsageError(absl::StrCat("--launcher=", text, ": {command} needs one before it"));
  const bool has_host =
      std::any_of(words.begin(), words.end(), [](const std::string& word) { return absl::StrContains(word, kHost); });
  if (has_host && launcher.hosts.empty()) {
    return UsageError(absl::StrCat("--launcher=", text, " needs --hosts=A,B,… for its {host}"));
  }
  if (!has_host && !launcher.hosts.empty()) {
    return UsageError("--hosts is for a --launcher with {host}, such as 'ssh {host} {command}'");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Launcher> ParseLauncher(absl::string_view text, absl::string_view hosts, int num_workers) {
  Launcher launcher;
  const auto number = [&](absl::string_view digits, int* workers) -> absl::Status {
    if (absl::SimpleAtoi(digits, workers) && *workers >= 1 && *workers <= kMaxWorkers) return absl::OkStatus();
    return UsageError(absl::StrCat("--launcher=", text, ": expected a number of processes from 1 to ", kMaxWorkers));
  };
  launcher.hosts = absl::StrSplit(hosts, ',', absl::SkipEmpty());
  absl::string_view rest = text;
  if (text == "threads" || text.empty()) {
    launcher.num_workers = 1;
  } else if (absl::ConsumePrefix(&rest, "processes") && (rest.empty() || rest[0] == ':')) {
    launcher.kind = Launcher::Kind::kProcesses;
    launcher.num_workers = compute::NumThreads();
    if (!rest.empty()) RETURN_IF_ERROR(number(rest.substr(1), &launcher.num_workers));
  } else {
    launcher.kind = Launcher::Kind::kCommand;
    auto words = SplitWords(text);
    if (!words.ok()) return UsageError(absl::StrCat("--launcher=", text, ": ", words.status().message()));
    launcher.words = *std::move(words);
    if (IsBeam(launcher.words)) {
      launcher.kind = Launcher::Kind::kBeam;
      launcher.words.erase(launcher.words.begin());
      if (launcher.hosts.empty() && num_workers <= 0) return launcher;
      return UsageError(
          "--hosts and --workers are not for --launcher=beam; how many workers there are, its runner's options say");
    }
    RETURN_IF_ERROR(CheckCommand(text, launcher));
    const int usual = launcher.hosts.empty() ? compute::NumThreads() : static_cast<int>(launcher.hosts.size());
    launcher.num_workers = num_workers > 0 ? num_workers : usual;
    return launcher;
  }
  if (!launcher.hosts.empty() || num_workers > 0) {
    return UsageError("--hosts and --workers are for a --launcher that is a command; see also processes:N");
  }
  return launcher;
}

absl::StatusOr<Launcher> ParseLauncher(const LauncherOptions& options) {
  ASSIGN_OR_RETURN(Launcher launcher, ParseLauncher(options.launcher, options.hosts, options.workers));
  const std::string& folder = options.work_dir;
  if (launcher.kind == Launcher::Kind::kThreads && (!folder.empty() || options.shard_timeout > 0)) {
    return UsageError(
        "--work_dir and --shard_timeout are for a --launcher of processes, and --work_dir for beam as well");
  }
  if (!folder.empty() && !io::IsDirectory(folder)) {
    return UsageError(absl::StrCat("--work_dir=", folder, ": there is no such folder"));
  }
  if (launcher.kind == Launcher::Kind::kBeam && options.shard_timeout > 0) {
    return UsageError("--shard_timeout is not for --launcher=beam: Beam's runner sees to its workers");
  }
  if (!(options.shard_timeout >= 0)) return UsageError("--shard_timeout: expected a number of seconds, at least 0");
  if (!folder.empty()) launcher.work_dir = io::AbsolutePath(folder);
  launcher.shard_timeout_seconds = options.shard_timeout;
  return launcher;
}

LauncherOptions WithBeamArgs(LauncherOptions options, const std::vector<std::string>& beam_pipeline_args) {
  if (options.launcher.empty()) {
    const std::string runner = absl::AsciiStrToLower(RunnerOf(beam_pipeline_args));
    if (runner.empty() || runner == "direct" || absl::EndsWith(runner, "directrunner")) return options;
    options.launcher = std::string(kBeam);
  }
  if (options.launcher == kBeam) {
    for (const std::string& word : beam_pipeline_args) absl::StrAppend(&options.launcher, " ", QuoteForShell(word));
  }
  return options;
}

std::vector<std::string> WorkerCommand(const Launcher& launcher, const std::vector<std::string>& command,
                                       absl::string_view host) {
  if (launcher.kind != Launcher::Kind::kCommand) return command;
  const bool quote = RunsARemoteShell(launcher.words);
  std::vector<std::string> words;
  for (const std::string& word : launcher.words) {
    if (word != kCommand) {
      words.push_back(absl::StrReplaceAll(word, {{kHost, host}}));
      continue;
    }
    for (const std::string& own : command) words.push_back(quote ? QuoteForShell(own) : own);
  }
  return words;
}

absl::StatusOr<std::vector<std::string>> SplitWords(absl::string_view text) {
  std::vector<std::string> words;
  bool in_word = false;
  char quote = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quote == 0 && (c == ' ' || c == '\t' || c == '\n')) {
      in_word = false;
      continue;
    }
    if (!in_word) words.emplace_back();
    in_word = true;
    if (quote == 0 && (c == '\'' || c == '"')) {
      quote = c;
    } else if (quote != 0 && c == quote) {
      quote = 0;
    } else if (c == '\\' && quote != '\'' && i + 1 < text.size()) {
      words.back().push_back(text[++i]);
    } else {
      words.back().push_back(c);
    }
  }
  if (quote != 0) return absl::InvalidArgumentError(absl::StrCat("a quote ", std::string(1, quote), " is not closed"));
  return words;
}

std::string QuoteForShell(absl::string_view word) {
  return absl::StrCat("'", absl::StrReplaceAll(word, {{"'", "'\\''"}}), "'");
}

}  // namespace tfxm::distribution
