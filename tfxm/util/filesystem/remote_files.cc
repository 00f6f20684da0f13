// SPDX-License-Identifier: Apache-2.0

#include "tfxm/util/filesystem/remote_files.h"

#include <fcntl.h>
#include <fnmatch.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "tfxm/util/files/file_descriptor.h"
#include "tfxm/util/files/list_tree.h"
#include "tfxm/util/filesystem/input_file.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::io::remote {
namespace {

constexpr size_t kBlock = 1 << 20;

// The part of a pattern without a special character, as it is meant.
std::string Unescaped(absl::string_view pattern) {
  std::string text;
  for (size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == '\\' && i + 1 < pattern.size()) ++i;
    text += pattern[i];
  }
  return text;
}

bool HasWildcard(absl::string_view part) {
  for (size_t i = 0; i < part.size(); ++i) {
    if (part[i] == '\\')
      ++i;
    else if (part[i] == '*' || part[i] == '?' || part[i] == '[')
      return true;
  }
  return false;
}

// The files that `parts`, from the given one on, stand for below `dir`.
absl::Status GlobBelow(FileSystem* store, const std::string& dir, const std::vector<std::string>& parts, size_t at,
                       std::vector<std::string>* found) {
  std::string path = dir;
  while (at < parts.size() && !HasWildcard(parts[at])) path = JoinPath(path, Unescaped(parts[at++]));
  if (at == parts.size()) {
    ASSIGN_OR_RETURN(const PathInfo info, store->Info(path));
    if (info.kind == PathInfo::Kind::kFile) found->push_back(path);
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(const std::vector<PathEntry> entries, store->List(path, /*recursive=*/false));
  const bool is_last = at + 1 == parts.size();
  for (const PathEntry& entry : entries) {
    if (fnmatch(parts[at].c_str(), entry.path.c_str(), FNM_PATHNAME | FNM_PERIOD) != 0) continue;
    const std::string inside = JoinPath(path, entry.path);
    if (!is_last && entry.info.kind == PathInfo::Kind::kDirectory) {
      RETURN_IF_ERROR(GlobBelow(store, inside, parts, at + 1, found));
    } else if (is_last && entry.info.kind == PathInfo::Kind::kFile) {
      found->push_back(inside);
    }
  }
  return absl::OkStatus();
}

// For a file that is being made; `file` may be of a store or of this machine.
absl::Status CopyToStore(absl::string_view from, absl::string_view to) {
  ASSIGN_OR_RETURN(const std::unique_ptr<InputFile> input, InputFile::Open(from));
  ASSIGN_OR_RETURN(FileSystem* const store, FileSystemOf(to));
  ASSIGN_OR_RETURN(const std::unique_ptr<OutputFile> output, store->Create(std::string(to)));
  std::string block(kBlock, '\0');
  while (true) {
    ASSIGN_OR_RETURN(const size_t n, input->Read(block.data(), block.size()));
    if (n > 0) RETURN_IF_ERROR(output->Write(absl::string_view(block).substr(0, n)));
    if (n < block.size()) return output->Close();
  }
}

absl::Status CopyToHere(absl::string_view from, absl::string_view to) {
  ASSIGN_OR_RETURN(const std::unique_ptr<InputFile> input, InputFile::Open(from));
  const FileDescriptor output(open(std::string(to).c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
  if (output.get() < 0) return absl::ErrnoToStatus(errno, absl::StrCat("cannot write ", to));
  std::string block(kBlock, '\0');
  while (true) {
    ASSIGN_OR_RETURN(const size_t n, input->Read(block.data(), block.size()));
    for (size_t done = 0; done < n;) {
      const ssize_t w = write(output.get(), block.data() + done, n - done);
      if (w < 0 && errno == EINTR) continue;
      if (w < 0) return absl::ErrnoToStatus(errno, absl::StrCat("cannot write ", to));
      done += static_cast<size_t>(w);
    }
    if (n < block.size()) return absl::OkStatus();
  }
}

// A store takes any key; here "a/../../b" would be a file of somebody else.
absl::Status CheckStaysInside(absl::string_view path) {
  for (const absl::string_view part : absl::StrSplit(path, '/')) {
    if (part.empty() || part == "." || part == "..") {
      return absl::InvalidArgumentError(absl::StrCat("\"", path, "\" can be no path below a folder of this machine"));
    }
  }
  return absl::OkStatus();
}

absl::Status CopyFile(absl::string_view from, absl::string_view to) {
  if (IsRemote(to)) return CopyToStore(from, to);
  RETURN_IF_ERROR(MakeDirs(Dirname(to)));
  return CopyToHere(from, to);
}

}  // namespace

absl::StatusOr<PathInfo> Info(absl::string_view path) {
  ASSIGN_OR_RETURN(FileSystem* const store, FileSystemOf(path));
  return store->Info(Normalized(path));
}

absl::StatusOr<std::vector<PathEntry>> List(absl::string_view dir, bool recursive) {
  ASSIGN_OR_RETURN(FileSystem* const store, FileSystemOf(dir));
  return store->List(Normalized(dir), recursive);
}

absl::StatusOr<std::string> ReadFile(absl::string_view path) {
  ASSIGN_OR_RETURN(const std::unique_ptr<InputFile> file, InputFile::Open(path));
  ASSIGN_OR_RETURN(const int64_t size, file->Size());
  std::string content(static_cast<size_t>(size), '\0');
  ASSIGN_OR_RETURN(const size_t n, file->Read(content.data(), content.size()));
  content.resize(n);
  return content;
}

absl::Status WriteFile(absl::string_view path, absl::string_view content) {
  ASSIGN_OR_RETURN(FileSystem* const store, FileSystemOf(path));
  ASSIGN_OR_RETURN(const std::unique_ptr<OutputFile> file, store->Create(std::string(path)));
  RETURN_IF_ERROR(file->Write(content));
  return file->Close();
}

absl::StatusOr<std::vector<std::string>> Glob(absl::string_view pattern) {
  ASSIGN_OR_RETURN(FileSystem* const store, FileSystemOf(pattern));
  const size_t bucket = Scheme(pattern).size() + 3;
  const std::vector<std::string> parts = absl::StrSplit(pattern.substr(bucket), '/', absl::SkipEmpty());
  if (parts.empty() || HasWildcard(parts[0])) {
    return absl::InvalidArgumentError(absl::StrCat(pattern, ": a bucket is named, without * ? ["));
  }
  std::vector<std::string> found;
  RETURN_IF_ERROR(GlobBelow(store, absl::StrCat(pattern.substr(0, bucket), Unescaped(parts[0])), parts, 1, &found));
  std::sort(found.begin(), found.end());
  return found;
}

absl::Status RemoveAll(absl::string_view path) {
  ASSIGN_OR_RETURN(FileSystem* const store, FileSystemOf(path));
  return store->RemoveAll(Normalized(path));
}

absl::Status CopyTree(absl::string_view from, absl::string_view to) {
  ASSIGN_OR_RETURN(const PathInfo::Kind kind, KindOf(from));
  if (kind == PathInfo::Kind::kNothing) return absl::NotFoundError(absl::StrCat("there is no ", from));
  if (kind == PathInfo::Kind::kFile) return CopyFile(from, to);
  if (!IsRemote(to)) RETURN_IF_ERROR(MakeDirs(to));
  ASSIGN_OR_RETURN(const std::vector<TreeFile> files, ListTree(from));
  for (const TreeFile& file : files) {
    RETURN_IF_ERROR(Annotate(CheckStaysInside(file.path), from));
    RETURN_IF_ERROR(CopyFile(JoinPath(from, file.path), JoinPath(to, file.path)));
  }
  return absl::OkStatus();
}

std::string Normalized(absl::string_view path) {
  const size_t least = Scheme(path).size() + 3;
  while (path.size() > least && absl::EndsWith(path, "/")) path.remove_suffix(1);
  return std::string(path);
}

absl::Status LocalOnly(absl::string_view what, absl::string_view path) {
  return absl::UnimplementedError(absl::StrCat("cannot ", what, " ", path,
                                               ": it takes local files; give a folder of this "
                                               "machine, and copy from there"));
}

}  // namespace tfxm::io::remote
