// SPDX-License-Identifier: Apache-2.0

#include "tfxm/util/filesystem/file_system.h"

#include <sys/stat.h>

#include <map>
#include <mutex>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "tfxm/util/filesystem/remote_files.h"
#include "tfxm/util/plugin.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::io {

absl::string_view Scheme(absl::string_view path) {
  const size_t end = path.find("://");
  if (end == absl::string_view::npos || end == 0 || !absl::ascii_isalpha(path[0])) return "";
  for (const char c : path.substr(0, end)) {
    if (!absl::ascii_isalnum(c) && c != '+' && c != '-' && c != '.') return "";
  }
  return path.substr(0, end);
}

absl::Status CheckNoSecrets(absl::string_view path) {
  const absl::string_view scheme = Scheme(path);
  if (scheme.empty()) return absl::OkStatus();
  const absl::string_view rest = path.substr(scheme.size() + 3);
  if (rest.substr(0, rest.find('/')).find('@') == absl::string_view::npos) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("a ", scheme,
                   ":// path has a user or a key before an @; paths are recorded and logged, so keys do not "
                   "belong there: give them by the environment (AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or "
                   "GOOGLE_APPLICATION_CREDENTIALS)"));
}

absl::StatusOr<FileSystem*> FileSystemOf(absl::string_view path) {
  static std::mutex* const mutex = new std::mutex;
  static auto* const kept = new std::map<std::string, std::unique_ptr<FileSystem>>;  // Used until the process ends.
  const std::string scheme(Scheme(path));
  RETURN_IF_ERROR(CheckNoSecrets(path));
  const std::lock_guard lock(*mutex);
  if (const auto found = kept->find(scheme); found != kept->end()) return found->second.get();
  if (!FileSystemRegistry::Get().Has(scheme) && (scheme == "s3" || scheme == "gs")) {
    RETURN_IF_ERROR(Annotate(LoadPlugin("object_stores"), path));
  }
  if (!FileSystemRegistry::Get().Has(scheme)) {
    return absl::UnimplementedError(absl::StrCat(path, ": tfxm has no files at ", scheme,
                                                 "://; it has local ones, s3://BUCKET/KEY and gs://BUCKET/KEY. Mount "
                                                 "the others, or copy them"));
  }
  ASSIGN_OR_RETURN(std::unique_ptr<FileSystem> made, FileSystemRegistry::Get().Create(scheme));
  return kept->emplace(scheme, std::move(made)).first->second.get();
}

absl::StatusOr<PathInfo> InfoOf(absl::string_view path) {
  if (IsRemote(path)) return remote::Info(path);
  struct stat info;
  if (stat(std::string(path).c_str(), &info) != 0) return PathInfo();
  return PathInfo{.kind = S_ISDIR(info.st_mode) ? PathInfo::Kind::kDirectory : PathInfo::Kind::kFile,
                  .size = info.st_size,
                  .modified = int64_t{info.st_mtim.tv_sec} * 1'000'000'000 + info.st_mtim.tv_nsec};
}

absl::StatusOr<PathInfo::Kind> KindOf(absl::string_view path) {
  ASSIGN_OR_RETURN(const PathInfo info, InfoOf(path));
  return info.kind;
}

}  // namespace tfxm::io
