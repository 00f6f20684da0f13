// SPDX-License-Identifier: Apache-2.0

// Where a path leads: to this machine's files or, with a scheme, into an object store. The functions of io.h and the
// readers take both; this is what they stand on, and what another store has to have.
//
//   io::Scheme("s3://bucket/train/a.gz");                                       // "s3"
//   ASSIGN_OR_RETURN(io::FileSystem* const store, io::FileSystemOf(path));
//   ASSIGN_OR_RETURN(const io::PathInfo info, store->Info(path));               // A file of so many bytes
//
// s3:// and gs:// are there, by Arrow, in a plugin (util/plugin.h) that the first such path loads; docs/files.md says
// by which environment variables they are set up. An object appears whole or not at all, but there are no renames and no
// locks. "Folders" are what keys have in common up to a "/".
#ifndef TFXM_UTIL_FILESYSTEM_FILE_SYSTEM_H_
#define TFXM_UTIL_FILESYSTEM_FILE_SYSTEM_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tfxm/util/registry.h"

namespace tfxm::io {

// What stands before "://"; empty for a local path.
absl::string_view Scheme(absl::string_view path);
inline bool IsRemote(absl::string_view path) { return !Scheme(path).empty(); }

struct PathInfo {
  enum class Kind { kNothing, kFile, kDirectory };
  Kind kind = Kind::kNothing;
  int64_t size = 0;      // Of a file.
  int64_t modified = 0;  // Of a file, in nanoseconds since 1970-01-01.
};

struct PathEntry {
  std::string path;  // Below the folder.
  PathInfo info;
};

// An object that is read. Thread safe.
class RemoteFile {
 public:
  virtual ~RemoteFile() = default;
  virtual int64_t size() const = 0;
  // n bytes from `offset` on, which the object has.
  virtual absl::Status ReadAt(int64_t offset, char* to, size_t n) = 0;
};

// An object that is written. Without Close there is none.
class OutputFile {
 public:
  virtual ~OutputFile() = default;
  virtual absl::Status Write(absl::string_view bytes) = 0;
  virtual absl::Status Close() = 0;
};

// Paths have their scheme. Thread safe. Errors name the path: NOT_FOUND, PERMISSION_DENIED, INVALID_ARGUMENT for a path
// that can be none, UNAVAILABLE for the network and what the store itself says. They have no keys and no passwords.
class FileSystem {
 public:
  virtual ~FileSystem() = default;
  // kNothing, and no error, if there is nothing of that name.
  virtual absl::StatusOr<PathInfo> Info(const std::string& path) = 0;
  // Of a file: what changes when its content does (the ETag).
  virtual absl::StatusOr<std::string> Version(const std::string& path) = 0;
  // What is in a folder, sorted; nothing, if it does not exist. `recursive`: the files below it, and no folders.
  virtual absl::StatusOr<std::vector<PathEntry>> List(const std::string& dir, bool recursive) = 0;
  virtual absl::StatusOr<std::unique_ptr<RemoteFile>> Open(const std::string& path) = 0;
  // Replaces what there is, when it is closed.
  virtual absl::StatusOr<std::unique_ptr<OutputFile>> Create(const std::string& path) = 0;
  // A file, or all below a folder, and the folder. That above it may stay as an empty one.
  virtual absl::Status RemoveAll(const std::string& path) = 0;
};

// By scheme; there is one of each, which is kept.
using FileSystemRegistry = Registry<FileSystem>;

// Of a path with a scheme. UNIMPLEMENTED names a scheme that there is not. INVALID_ARGUMENT, which does not repeat the
// path, if there seem to be keys in it.
absl::StatusOr<FileSystem*> FileSystemOf(absl::string_view path);

// What there is, here or in a store, with size and time if it is a file. An error if a store does not tell, or if there is no
// such scheme; io::Exists and io::IsDirectory then say no.
absl::StatusOr<PathInfo> InfoOf(absl::string_view path);
absl::StatusOr<PathInfo::Kind> KindOf(absl::string_view path);

// INVALID_ARGUMENT, which does not repeat the path, if it has a user or a password ("s3://KEY:SECRET@bucket/a").
absl::Status CheckNoSecrets(absl::string_view path);

}  // namespace tfxm::io

#endif  // TFXM_UTIL_FILESYSTEM_FILE_SYSTEM_H_
