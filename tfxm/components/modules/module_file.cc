// SPDX-License-Identifier: Apache-2.0

#include "tfxm/components/modules/module_file.h"

#include <cxxabi.h>
#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <sys/stat.h>

#include <cstdlib>
#include <cstring>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "tfxm/components/modules/code_fingerprint.h"
#include "tfxm/components/modules/compiler_messages.h"
#include "tfxm/components/modules/module_sources.h"
#include "tfxm/components/modules/python_module.h"
#include "tfxm/util/files/cache_dir.h"
#include "tfxm/util/files/clean_up.h"
#include "tfxm/util/files/fingerprint.h"
#include "tfxm/util/files/temporary.h"
#include "tfxm/util/io.h"
#include "tfxm/util/plugin.h"
#include "tfxm/util/process/environment.h"
#include "tfxm/util/status_macros.h"
#include "tfxm/util/subprocess.h"

namespace tfxm {
namespace {

// The compiler, and the flags that a module is compiled with.
struct Toolchain {
  std::string compiler;
  std::vector<std::string> arguments;
};

absl::StatusOr<Toolchain> FindToolchain(bool program) {
  Toolchain toolchain{.compiler = EnvironmentOr("CXX", "g++")};
  const std::string path = io::JoinPath(LibraryDir(), program ? "pipeline_flags.txt" : "module_flags.txt");
  ASSIGN_OR_RETURN(const std::string content, io::ReadFile(path));
  for (const absl::string_view line : absl::StrSplit(content, '\n', absl::SkipEmpty())) {
    toolchain.arguments.push_back(absl::StrReplaceAll(line, {{"@LIBRARY_DIR@", LibraryDir()}}));
  }
  return toolchain;
}

std::vector<std::string> IncludeDirs(const Toolchain& toolchain) {
  std::vector<std::string> dirs;
  for (size_t i = 1; i < toolchain.arguments.size(); ++i) {
    if (toolchain.arguments[i - 1] == "-isystem") dirs.push_back(toolchain.arguments[i]);
  }
  return dirs;
}

constexpr char kCompiling[] = ".compiling-";

absl::Status NoCompiler(const Toolchain& toolchain, absl::string_view path) {
  return absl::FailedPreconditionError(
      absl::StrCat("no C++ compiler (", toolchain.compiler, ") to compile ", path, " with; install g++ or set CXX"));
}

std::string Demangle(const char* name) {
  int status = 0;
  char* text = abi::__cxa_demangle(name, nullptr, nullptr, &status);
  std::string result = status == 0 ? text : name;
  std::free(text);
  return result;
}

}  // namespace

absl::StatusOr<ModuleSources> FindModuleSources(absl::string_view path) {
  if (!io::Exists(path)) return absl::NotFoundError(absl::StrCat("module file ", path, " does not exist"));
  if (IsPythonModule(path)) return FindPythonSources(path);
  // A program is compiled with the same flags. The libraries that it is linked with are not for a call that only lists
  // headers: the compiler warns of each that is a file.
  ASSIGN_OR_RETURN(const Toolchain toolchain, FindToolchain(/*program=*/false));
  ASSIGN_OR_RETURN(const std::string modules, MakeCacheDir("modules"));
  absl::StatusOr<ModuleSources> sources =
      FindSources(io::AbsolutePath(path), toolchain.compiler, toolchain.arguments, modules);
  return absl::IsUnavailable(sources.status()) ? NoCompiler(toolchain, path) : sources;
}

absl::StatusOr<std::string> CompileModule(absl::string_view path, bool program,
                                          const std::function<void()>& before_compiling) {
  if (IsPythonModule(path)) {
    return absl::UnimplementedError(
        absl::StrCat("module file ", path,
                     " is in Python, but this takes one in C++ only (.cc): Python may define run_fn, "
                     "tuner_fn and preprocessing_fn; custom metrics are written in C++"));
  }
  ASSIGN_OR_RETURN(const ModuleSources sources, FindModuleSources(path));
  ASSIGN_OR_RETURN(const Toolchain toolchain, FindToolchain(program));
  ASSIGN_OR_RETURN(const std::string libraries, LibrariesFingerprint());
  const std::string source = io::AbsolutePath(path);
  Sha256 key;
  // The path too: the module's __FILE__ and its relative includes depend on it.
  for (const std::string& part :
       {sources.Fingerprint(), libraries, toolchain.compiler, absl::StrJoin(toolchain.arguments, "\n"), source}) {
    key.UpdatePart(part);
  }
  const std::string name = io::Basename(path);
  const std::string stem = name.substr(0, name.rfind('.'));
  ASSIGN_OR_RETURN(const std::string dir, MakeCacheDir(io::JoinPath("modules", key.HexDigest().substr(0, 24))));
  std::string target = io::JoinPath(dir, absl::StrCat(stem, program ? "" : ".so"));
  if (io::Exists(target)) {
    // Of two processes that compiled it at once, one may have been killed.
    io::RemoveAbandoned(dir, kCompiling);
    RETURN_IF_ERROR(CheckOnlyOurs(target));
    return target;
  }
  if (before_compiling) before_compiling();
  // The compiler's own temporary files are there too: killed, it would leave them.
  ASSIGN_OR_RETURN(const auto making, io::TempDir::Make(dir, kCompiling));
  const std::string temporary = io::JoinPath(making->path(), io::Basename(target));
  std::vector<std::string> command = {toolchain.compiler, source, "-o", temporary};
  if (!program) command.insert(command.end(), {"-shared", "-fPIC"});
  command.insert(command.end(), toolchain.arguments.begin(), toolchain.arguments.end());
  const absl::StatusOr<SubprocessResult> result = RunSubprocess(command, {"TMPDIR=" + making->path()});
  if (absl::IsNotFound(result.status())) return NoCompiler(toolchain, path);
  RETURN_IF_ERROR(result.status());
  if (result->exit_code != 0) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, " does not compile:\n", ExplainCompilerOutput(result->output, IncludeDirs(toolchain))));
  }
  struct stat info;
  if (stat(temporary.c_str(), &info) == 0) chmod(temporary.c_str(), info.st_mode & 0755);  // Whatever the umask.
  const NoInterruption until_it_is_in_place;
  RETURN_IF_ERROR(io::Rename(temporary, target));
  return target;
}

absl::StatusOr<ModuleFile> ModuleFile::Load(absl::string_view path) {
  ModuleFile module;
  module.path_ = std::string(path);
  std::string library = module.path_;
  if (!absl::EndsWith(path, ".so")) {
    ASSIGN_OR_RETURN(library, CompileModule(path));
  }
  module.handle_ = dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (module.handle_ == nullptr) {
    return absl::InvalidArgumentError(absl::StrCat("cannot load module file ", path, ": ", dlerror(),
                                                   "; is something declared in it but not defined?"));
  }
  return module;
}

// Walks the symbols of the library and compares them as people read them: without knowing how the name is mangled, and
// so that a function of the right name but the wrong type can be told from none.
absl::StatusOr<void*> ModuleFile::Find(absl::string_view name, const std::type_info& signature) const {
  const std::string type = Demangle(signature.name());
  const std::string wanted = absl::StrCat(name, type.substr(type.find('(')));
  link_map* map = nullptr;
  if (dlinfo(handle_, RTLD_DI_LINKMAP, &map) != 0) return absl::InternalError(dlerror());
  const ElfW(Sym)* symbols = nullptr;
  const char* strings = nullptr;
  const ElfW(Word)* table = nullptr;  // DT_HASH: the second word is the number of symbols.
  for (const ElfW(Dyn)* entry = map->l_ld; entry->d_tag != DT_NULL; ++entry) {
    if (entry->d_tag == DT_SYMTAB) symbols = reinterpret_cast<const ElfW(Sym)*>(entry->d_un.d_ptr);
    if (entry->d_tag == DT_STRTAB) strings = reinterpret_cast<const char*>(entry->d_un.d_ptr);
    if (entry->d_tag == DT_HASH) table = reinterpret_cast<const ElfW(Word)*>(entry->d_un.d_ptr);
  }
  if (symbols == nullptr || strings == nullptr || table == nullptr) {
    return absl::InvalidArgumentError(absl::StrCat(path_, " has no symbol table; link it with -Wl,--hash-style=both"));
  }
  const std::string prefix = absl::StrCat("_Z", name.size(), name);
  std::string other;
  for (ElfW(Word) i = 0; i < table[1]; ++i) {
    const char* symbol = strings + symbols[i].st_name;
    if (symbols[i].st_shndx == SHN_UNDEF || !absl::StartsWith(symbol, prefix)) continue;
    const std::string found = Demangle(symbol);
    if (found == wanted) return reinterpret_cast<void*>(map->l_addr + symbols[i].st_value);
    if (absl::StartsWith(found, absl::StrCat(name, "("))) other = found;
  }
  return absl::NotFoundError(
      other.empty()
          ? absl::StrCat("module file ", path_, " has no function ", wanted, "; define it outside of any namespace")
          : absl::StrCat("module file ", path_, " has ", other, " but ", wanted, " is expected"));
}

}  // namespace tfxm
