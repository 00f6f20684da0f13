// SPDX-License-Identifier: Apache-2.0

#include "tfxm/components/modules/module_sources.h"

#include <sys/stat.h>
#include <unistd.h>

#include <map>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "tfxm/components/modules/code_fingerprint.h"
#include "tfxm/util/files/fingerprint.h"
#include "tfxm/util/io.h"
#include "tfxm/util/process/environment.h"
#include "tfxm/util/status_macros.h"
#include "tfxm/util/subprocess.h"

namespace tfxm {
namespace {

constexpr absl::string_view kHeader = "tfxm module sources 1";

// Where the compiler looks besides its arguments.
constexpr const char* kVariables[] = {"CPATH", "CPLUS_INCLUDE_PATH", "GCC_EXEC_PREFIX", "COMPILER_PATH"};

// What a scan has found: the files, and the folders in which a new file could take the place of one of them.
struct Scan {
  std::string compiler;                                  // Its hash.
  std::vector<std::pair<std::string, std::string>> own;  // Path and hash.
  std::map<std::string, std::string> system;             // The same.
  std::map<std::string, int64_t> folders;                // Path and time of modification.
};

int64_t ModifiedAt(const std::string& path) {
  struct stat info;
  if (stat(path.c_str(), &info) != 0) return -1;
  return info.st_mtim.tv_sec * int64_t{1000000000} + info.st_mtim.tv_nsec;
}

std::string ToText(const Scan& scan) {
  std::string text = absl::StrCat(kHeader, "\ncompiler ", scan.compiler, "\n");
  for (const auto& [path, hash] : scan.own) absl::StrAppend(&text, "own ", hash, " ", path, "\n");
  for (const auto& [path, hash] : scan.system) absl::StrAppend(&text, "system ", hash, " ", path, "\n");
  for (const auto& [path, time] : scan.folders) absl::StrAppend(&text, "folder ", time, " ", path, "\n");
  return text;
}

std::optional<Scan> Parse(absl::string_view text) {
  const std::vector<absl::string_view> lines = absl::StrSplit(text, '\n', absl::SkipEmpty());
  if (lines.empty() || lines[0] != kHeader) return std::nullopt;
  Scan scan;
  for (size_t i = 1; i < lines.size(); ++i) {
    const std::vector<std::string> cells = absl::StrSplit(lines[i], absl::MaxSplits(' ', 2));
    if (cells.size() == 2 && cells[0] == "compiler") {
      scan.compiler = cells[1];
    } else if (cells.size() == 3 && cells[0] == "own") {
      scan.own.emplace_back(cells[2], cells[1]);
    } else if (cells.size() == 3 && cells[0] == "system") {
      scan.system[cells[2]] = cells[1];
    } else if (cells.size() != 3 || !absl::SimpleAtoi(cells[1], &scan.folders[cells[2]])) {
      return std::nullopt;
    }
  }
  return scan;
}

// Whether a scan made now would give the same. Without a compiler, what is missing of the system does not matter.
bool Holds(const Scan& scan, const std::string& compiler) {
  const auto same = [](const std::string& path, const std::string& hash) {
    const absl::StatusOr<std::string> now = SharedFileHashes().Hash(path);
    return now.ok() && *now == hash;
  };
  for (const auto& [path, hash] : scan.own) {
    if (!same(path, hash)) return false;
  }
  if (compiler.empty()) return true;
  if (compiler != scan.compiler) return false;
  for (const auto& [path, time] : scan.folders) {
    if (ModifiedAt(path) != time) return false;
  }
  for (const auto& [path, hash] : scan.system) {
    if (!same(path, hash)) return false;
  }
  return true;
}

// The prerequisites of the one rule that -M prints: words, in which the compiler writes a space as "\ " and a # as
// "\#".
std::vector<std::string> ParseRule(absl::string_view rule) {
  std::vector<std::string> words(1);
  for (size_t i = 0; i < rule.size(); ++i) {
    const char c = rule[i];
    const char next = i + 1 < rule.size() ? rule[i + 1] : '\n';
    if (c == '\\' && next == '\n') {
      ++i;
      words.emplace_back();
    } else if (c == '\\' && (next == ' ' || next == '#' || next == '\\')) {
      words.back() += next;
      ++i;
    } else if (c == '$' && next == '$') {
      words.back() += '$';
      ++i;
    } else if (c == ' ' || c == '\n') {
      words.emplace_back();
    } else {
      words.back() += c;
    }
  }
  std::erase_if(words, [](const std::string& word) { return word.empty(); });
  if (!words.empty()) words.erase(words.begin());  // The target, "x:".
  return words;
}

std::vector<std::string> SystemFolders(const std::vector<std::string>& arguments) {
  std::vector<std::string> folders = {"/usr/include", "/usr/lib", "/usr/local/include"};
  for (size_t i = 0; i + 1 < arguments.size(); ++i) {
    if (arguments[i] == "-isystem") folders.push_back(io::AbsolutePath(arguments[i + 1]));
  }
  return folders;
}

absl::StatusOr<Scan> ScanNow(const std::string& path, const std::string& compiler_hash,
                             const std::vector<std::string>& command, const std::vector<std::string>& arguments) {
  Scan scan{.compiler = compiler_hash};
  ASSIGN_OR_RETURN(const SubprocessResult result, RunSubprocess(command));
  if (result.exit_code != 0) {
    ASSIGN_OR_RETURN(const std::string hash, SharedFileHashes().Hash(path));
    scan.own = {{path, hash}, {"what the compiler says of it", Sha256::HexHash(result.output)}};
    return scan;
  }
  const std::vector<std::string> system = SystemFolders(arguments);
  const std::string home = io::Dirname(path);
  const auto is_below = [](absl::string_view file, absl::string_view dir) {
    return absl::StartsWith(file, absl::StrCat(dir, "/"));
  };
  std::set<std::string> seen;
  for (const std::string& word : ParseRule(result.output)) {
    const std::string file = io::AbsolutePath(word);
    if (!seen.insert(file).second) continue;
    ASSIGN_OR_RETURN(std::string hash, SharedFileHashes().Hash(file));
    bool is_system = false;
    for (const std::string& dir : system) is_system = is_system || is_below(file, dir);
    if (is_system && !is_below(file, home)) {
      scan.system[file] = std::move(hash);
    } else {
      scan.own.emplace_back(file, std::move(hash));
      scan.folders[io::Dirname(file)] = 0;
    }
  }
  for (const char* name : kVariables) {
    for (const absl::string_view dir : absl::StrSplit(EnvironmentOr(name), ':', absl::SkipEmpty())) {
      if (io::IsDirectory(dir)) scan.folders[std::string(dir)] = 0;
    }
  }
  for (auto& [folder, time] : scan.folders) time = ModifiedAt(folder);
  return scan;
}

}  // namespace

std::string ModuleSources::Fingerprint() const {
  Sha256 digest;
  for (const auto& [path, hash] : files) digest.UpdatePart(hash);
  digest.UpdatePart(system);
  return digest.HexDigest();
}

absl::StatusOr<ModuleSources> FindSources(const std::string& path, const std::string& compiler,
                                          const std::vector<std::string>& arguments, const std::string& memory) {
  std::vector<std::string> command = {compiler, path};
  command.insert(command.end(), arguments.begin(), arguments.end());
  command.insert(command.end(), {"-M", "-MT", "x"});
  Sha256 name;
  for (const std::string& argument : command) name.UpdatePart(argument);
  for (const char* variable : kVariables) name.UpdatePart(EnvironmentOr(variable));
  const std::string remembered = io::JoinPath(memory, "sources", name.HexDigest().substr(0, 24));

  const std::string program = FindProgram(compiler);
  std::string compiler_hash;
  if (!program.empty()) {
    ASSIGN_OR_RETURN(compiler_hash, SharedFileHashes().Hash(program));
  }
  std::optional<Scan> scan = Parse(io::ReadFile(remembered).value_or(""));
  if (!scan.has_value() || !Holds(*scan, compiler_hash)) {
    if (program.empty()) return absl::UnavailableError(absl::StrCat("there is no compiler ", compiler));
    ASSIGN_OR_RETURN(scan, ScanNow(path, compiler_hash, command, arguments));
    RETURN_IF_ERROR(io::MakeDirs(io::Dirname(remembered)));
    RETURN_IF_ERROR(io::WriteFile(remembered, ToText(*scan)));
    RETURN_IF_ERROR(SharedFileHashes().Save());
  }
  ModuleSources sources{.files = scan->own};
  Sha256 system;
  system.UpdatePart(scan->compiler);
  for (const auto& [file, hash] : scan->system) system.UpdatePart(hash);
  sources.system = system.HexDigest();
  return sources;
}

}  // namespace tfxm
