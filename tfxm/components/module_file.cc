#include "tfxm/components/module_file.h"

#include <cxxabi.h>
#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "tfxm/util/cache_dir.h"
#include "tfxm/util/clean_up.h"
#include "tfxm/util/fingerprint.h"
#include "tfxm/util/io.h"
#include "tfxm/util/plugin.h"
#include "tfxm/util/status_macros.h"
#include "tfxm/util/subprocess.h"

namespace tfxm {
namespace {

// Adds `path` and the files that it includes with quotes and that exist relative to it.
absl::Status AddSources(const std::string& path, std::set<std::string>* seen, Sha256* hash) {
  if (!seen->insert(path).second) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::string content, io::ReadFile(path));
  hash->UpdatePart(content);
  for (absl::string_view line : absl::StrSplit(content, '\n')) {
    line = absl::StripLeadingAsciiWhitespace(line);
    if (!absl::ConsumePrefix(&line, "#")) continue;
    line = absl::StripLeadingAsciiWhitespace(line);
    if (!absl::ConsumePrefix(&line, "include")) continue;
    const std::vector<absl::string_view> parts = absl::StrSplit(line, '"');
    if (parts.size() < 3) continue;
    const std::string included = io::JoinPath(io::Dirname(path), parts[1]);
    if (io::Exists(included)) RETURN_IF_ERROR(AddSources(included, seen, hash));
  }
  return absl::OkStatus();
}

// The flags a module is compiled with, and beside them what a compiled module depends on: when tfxm itself is rebuilt,
// its classes may have changed.
struct Flags {
  std::vector<std::string> arguments;
  std::string fingerprint;
};

absl::StatusOr<Flags> ReadFlags(bool program) {
  Flags flags;
  const std::string path = io::JoinPath(LibraryDir(), program ? "pipeline_flags.txt" : "module_flags.txt");
  ASSIGN_OR_RETURN(const std::string content, io::ReadFile(path));
  Sha256 hash;
  hash.UpdatePart(content);
  for (const absl::string_view line : absl::StrSplit(content, '\n', absl::SkipEmpty())) {
    flags.arguments.push_back(absl::StrReplaceAll(line, {{"@LIBRARY_DIR@", LibraryDir()}}));
  }
  ASSIGN_OR_RETURN(const std::vector<std::string> libraries, io::Glob(io::JoinPath(LibraryDir(), "libtfxm_*.so")));
  for (const std::string& library : libraries) {
    struct stat info;
    if (stat(library.c_str(), &info) == 0)
      hash.UpdatePart(absl::StrCat(io::Basename(library), info.st_size, info.st_mtim.tv_sec));
  }
  flags.fingerprint = hash.HexDigest();
  return flags;
}

std::string Demangle(const char* name) {
  int status = 0;
  char* text = abi::__cxa_demangle(name, nullptr, nullptr, &status);
  std::string result = status == 0 ? text : name;
  std::free(text);
  return result;
}

}  // namespace

absl::StatusOr<std::string> ModuleFingerprint(absl::string_view path) {
  if (!io::Exists(path)) {
    return absl::NotFoundError(absl::StrCat("module file ", path, " does not exist"));
  }
  Sha256 hash;
  std::set<std::string> seen;
  RETURN_IF_ERROR(AddSources(io::AbsolutePath(path), &seen, &hash));
  return hash.HexDigest();
}

absl::StatusOr<std::string> CompileModule(absl::string_view path, bool program,
                                          const std::function<void()>& compiling) {
  ASSIGN_OR_RETURN(const std::string sources, ModuleFingerprint(path));
  ASSIGN_OR_RETURN(const Flags flags, ReadFlags(program));
  const char* const cxx = std::getenv("CXX");
  const std::string compiler = cxx != nullptr && *cxx ? cxx : "g++";
  const std::string source = io::AbsolutePath(path);
  Sha256 key;
  // The path too: the module's __FILE__ and its relative includes depend on it.
  for (const std::string& part : {sources, flags.fingerprint, compiler, source}) key.UpdatePart(part);
  const std::string name = io::Basename(path);
  const std::string stem = name.substr(0, name.rfind('.'));
  ASSIGN_OR_RETURN(const std::string dir, MakeCacheDir(io::JoinPath("modules", key.HexDigest().substr(0, 24))));
  const std::string target = io::JoinPath(dir, absl::StrCat(stem, program ? "" : ".so"));
  if (io::Exists(target)) {
    RETURN_IF_ERROR(CheckOnlyOurs(target));
    return target;
  }
  if (compiling) compiling();
  const std::string temporary = absl::StrCat(target, ".", getpid(), ".tmp");
  CleanUp remove_temporary([temporary] { io::RemoveAll(temporary).IgnoreError(); });
  std::vector<std::string> command = {compiler, source, "-o", temporary};
  if (!program) command.insert(command.end(), {"-shared", "-fPIC"});
  command.insert(command.end(), flags.arguments.begin(), flags.arguments.end());
  const absl::StatusOr<SubprocessResult> result = RunSubprocess(command);
  if (absl::IsNotFound(result.status())) {
    return absl::FailedPreconditionError(
        absl::StrCat("no C++ compiler (", compiler, ") to compile ", path, " with; install g++ or set CXX"));
  }
  RETURN_IF_ERROR(result.status());
  if (result->exit_code != 0) {
    return absl::InvalidArgumentError(absl::StrCat(path, " does not compile:\n", result->output));
  }
  struct stat info;
  if (stat(temporary.c_str(), &info) == 0) chmod(temporary.c_str(), info.st_mode & 0755);  // Whatever the umask.
  const NoInterruption until_it_is_in_place;
  RETURN_IF_ERROR(io::Rename(temporary, target));
  remove_temporary.Cancel();
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
