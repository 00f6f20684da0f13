// SPDX-License-Identifier: Apache-2.0

#include "tfxm/components/modules/code_fingerprint.h"

#include <dlfcn.h>
#include <link.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tfxm/util/files/cache_dir.h"
#include "tfxm/util/files/fingerprint.h"
#include "tfxm/util/io.h"
#include "tfxm/util/plugin.h"
#include "tfxm/util/status_macros.h"

namespace tfxm {
namespace {

std::string RealPath(absl::string_view path) {
  std::error_code error;
  const std::filesystem::path real = std::filesystem::canonical(std::string(path), error);
  return error ? io::AbsolutePath(path) : real.string();
}

bool IsBelow(absl::string_view path, absl::string_view dir) { return absl::StartsWith(path, absl::StrCat(dir, "/")); }

// The program and the libraries that are loaded, by their real paths.
std::vector<std::string> LoadedFiles() {
  std::vector<std::string> files = {RealPath("/proc/self/exe")};
  dl_iterate_phdr(
      [](dl_phdr_info* info, size_t, void* data) {
        if (info->dlpi_name != nullptr && info->dlpi_name[0] == '/') {
          static_cast<std::vector<std::string>*>(data)->push_back(RealPath(info->dlpi_name));
        }
        return 0;
      },
      &files);
  std::sort(files.begin(), files.end());
  files.erase(std::unique(files.begin(), files.end()), files.end());
  return files;
}

bool IsThirdParty(const std::string& path) {
  const std::string name = io::Basename(path);
  return absl::StartsWith(name, "libtensorflow") || absl::StartsWith(name, "libLiteRt");
}

bool IsUserFile(const std::string& path) {
  if (IsBelow(path, RealPath(LibraryDir())) && absl::StartsWith(io::Basename(path), "libtfxm_")) return false;
  if (IsThirdParty(path)) return false;
  for (const char* system : {"/lib", "/lib64", "/usr/lib", "/usr/lib64"}) {
    if (IsBelow(path, system)) return false;
  }
  return io::Exists(path);
}

}  // namespace

FileHashes& SharedFileHashes() {
  static FileHashes* const hashes = [] {
    // Where others could write, or where there is no home, nothing is remembered.
    const absl::StatusOr<std::string> dir = MakeCacheDir("");
    return new FileHashes(dir.ok() ? io::JoinPath(*dir, "file_hashes") : "");
  }();
  return *hashes;
}

absl::StatusOr<std::string> LibrariesFingerprint() {
  Sha256 digest;
  digest.UpdatePart(TFXM_VERSION);
  ASSIGN_OR_RETURN(const std::vector<std::string> libraries,
                   io::Glob(io::JoinPath(io::EscapeGlob(LibraryDir()), "libtfxm_*.so")));
  for (const std::string& library : libraries) {
    ASSIGN_OR_RETURN(const std::string hash, SharedFileHashes().Hash(library));
    digest.UpdatePart(io::Basename(library));
    digest.UpdatePart(hash);
  }
  // Some hundred megabytes of other projects' pinned releases: their sizes tell them apart. By folder, since not every
  // process has loaded all of them.
  std::set<std::string> dirs;
  for (const std::string& file : LoadedFiles()) {
    if (IsThirdParty(file)) dirs.insert(io::Dirname(file));
  }
  for (const std::string& dir : dirs) {
    ASSIGN_OR_RETURN(const std::vector<std::string> beside, io::Glob(io::JoinPath(io::EscapeGlob(dir), "lib*.so*")));
    for (const std::string& library : beside) {
      if (!IsThirdParty(library)) continue;
      ASSIGN_OR_RETURN(const int64_t size, io::FileSize(library));
      digest.UpdatePart(absl::StrCat(io::Basename(library), " ", size));
    }
  }
  return digest.HexDigest();
}

bool IsUserCode(const void* address) {
  Dl_info info;
  return dladdr(address, &info) != 0 &&
         IsUserFile(info.dli_fname[0] == '/' ? RealPath(info.dli_fname) : RealPath("/proc/self/exe"));
}

absl::StatusOr<std::string> ProgramFingerprint() {
  Sha256 digest;
  for (const std::string& file : LoadedFiles()) {
    if (!IsUserFile(file)) continue;
    ASSIGN_OR_RETURN(const std::string hash, SharedFileHashes().Hash(file));
    digest.UpdatePart(hash);
  }
  return digest.HexDigest();
}

}  // namespace tfxm
