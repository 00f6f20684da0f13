// SPDX-License-Identifier: Apache-2.0

#include "tfxm/util/files/file_hashes.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "tfxm/util/files/fingerprint.h"
#include "tfxm/util/filesystem/remote_files.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"

namespace tfxm {
namespace {

constexpr absl::string_view kHeader = "tfxm file hashes 1";
constexpr int64_t kSecond = 1'000'000'000;

int64_t Nanoseconds(const timespec& t) { return t.tv_sec * kSecond + t.tv_nsec; }

int64_t Now() {
  timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return Nanoseconds(now);
}

// How far apart two changes may be and bear the same time: a tick of the kernel, or what a coarse file system keeps.
int64_t Granularity(int64_t time) { return time % 1000 == 0 ? 2 * kSecond : kSecond / 20; }

absl::StatusOr<std::string> RemoteVersion(absl::string_view file) {
  ASSIGN_OR_RETURN(io::FileSystem* const store, io::FileSystemOf(file));
  return store->Version(std::string(file));
}

}  // namespace

FileHashes::FileHashes(absl::string_view path) : path_(path) {
  if (path_.empty() || !io::Exists(path_)) return;
  const std::string content = io::ReadFile(path_).value_or("");
  const std::vector<absl::string_view> lines = absl::StrSplit(content, '\n', absl::SkipEmpty());
  if (lines.empty() || lines[0] != kHeader) return;
  for (size_t i = 1; i < lines.size(); ++i) {
    const std::vector<absl::string_view> cells = absl::StrSplit(lines[i], absl::MaxSplits(' ', 6));
    Entry entry;
    std::string file;
    if (cells.size() == 7 && absl::SimpleAtoi(cells[0], &entry.size) && absl::SimpleAtoi(cells[1], &entry.modified) &&
        absl::SimpleAtoi(cells[2], &entry.changed) && absl::SimpleAtoi(cells[3], &entry.inode) &&
        absl::SimpleAtoi(cells[4], &entry.device) && cells[5].size() == 64 && absl::CUnescape(cells[6], &file)) {
      entry.hash = std::string(cells[5]);
      entries_[file] = std::move(entry);
    }
  }
}

absl::StatusOr<FileHashes::Entry> FileHashes::Look(const std::string& file) {
  if (io::IsRemote(file)) {
    ASSIGN_OR_RETURN(const io::PathInfo info, io::remote::Info(file));
    ASSIGN_OR_RETURN(const std::string version, RemoteVersion(file));
    const Sha256Digest digest = Sha256::Hash(version);
    Entry entry{.size = info.size, .modified = info.modified, .changed = info.modified};
    memcpy(&entry.inode, digest.data(), sizeof(entry.inode));
    memcpy(&entry.device, digest.data() + sizeof(entry.inode), sizeof(entry.device));
    return entry;
  }
  struct stat info;
  if (stat(file.c_str(), &info) != 0) return absl::ErrnoToStatus(errno, absl::StrCat("cannot read ", file));
  return Entry{.size = info.st_size,
               .modified = Nanoseconds(info.st_mtim),
               .changed = Nanoseconds(info.st_ctim),
               .inode = info.st_ino,
               .device = info.st_dev};
}

absl::StatusOr<std::string> FileHashes::Hash(absl::string_view file) {
  const std::string path = io::AbsolutePath(file);
  const auto same = [](const Entry& a, const Entry& b) {
    return a.size == b.size && a.modified == b.modified && a.changed == b.changed && a.inode == b.inode &&
           a.device == b.device;
  };
  ASSIGN_OR_RETURN(Entry entry, Look(path));
  {
    const std::lock_guard lock(mutex_);
    const auto known = entries_.find(path);
    if (known != entries_.end() && same(known->second, entry)) return known->second.hash;
  }
  const int64_t started = Now();
  Sha256 sha;
  RETURN_IF_ERROR(HashFile(path, &sha).status());
  entry.hash = sha.HexDigest();
  const absl::StatusOr<Entry> after = Look(path);
  const bool told_by_time =
      started - entry.changed > Granularity(entry.changed) && started - entry.modified > Granularity(entry.modified);
  const bool settled = after.ok() && same(*after, entry) && (told_by_time || io::IsRemote(path));
  const std::lock_guard lock(mutex_);
  if (settled) {
    entries_[path] = entry;
    changed_ = true;
  }
  return entry.hash;
}

absl::StatusOr<std::string> FileHashes::Identity(absl::string_view file) {
  if (!io::IsRemote(file)) return Hash(file);
  ASSIGN_OR_RETURN(const int64_t size, io::FileSize(file));
  ASSIGN_OR_RETURN(const std::string version, RemoteVersion(file));
  return Sha256::HexHash(absl::StrCat(version, " ", size));
}

absl::Status FileHashes::Save() {
  const std::lock_guard lock(mutex_);
  if (path_.empty() || !changed_) return absl::OkStatus();
  std::string text = absl::StrCat(kHeader, "\n");
  for (const auto& [file, e] : entries_) {
    if (!io::IsRemote(file) && !io::Exists(file)) continue;
    absl::StrAppend(&text, e.size, " ", e.modified, " ", e.changed, " ", e.inode, " ", e.device, " ");
    absl::StrAppend(&text, e.hash, " ", absl::CEscape(file), "\n");
  }
  RETURN_IF_ERROR(io::WriteFile(path_, text));
  changed_ = false;
  return absl::OkStatus();
}

}  // namespace tfxm
