// SPDX-License-Identifier: Apache-2.0

// Files and paths. Every error names the path and what the system said; nothing half-written is ever visible under its
// final name.
//
//   const std::string dir = io::JoinPath(model_uri, "Format-Serving");
//   RETURN_IF_ERROR(io::MakeDirs(dir));
//   RETURN_IF_ERROR(io::WriteFile(io::JoinPath(dir, "tflite"), bytes));
//
// Paths are local ones or, but for Rename and temporary directories, in an object store ("s3://bucket/a", "gs://bucket/a":
// filesystem/file_system.h, which also has KindOf, for who must tell what is not there from what does not answer).
//
// All functions are thread safe as far as the file system is.
#ifndef TFXM_UTIL_IO_H_
#define TFXM_UTIL_IO_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tfxm/util/files/clean_up.h"

namespace google::protobuf {
class Message;
}

namespace tfxm::io {

// "a", "b/c" -> "a/b/c". An absolute second part wins, as in Python's os.path.join.
std::string JoinPath(absl::string_view a, absl::string_view b);
template <typename... Rest>
std::string JoinPath(absl::string_view a, absl::string_view b, absl::string_view c, const Rest&... rest) {
  return JoinPath(JoinPath(a, b), c, rest...);
}
std::string Basename(absl::string_view path);
std::string Dirname(absl::string_view path);
// Absolute, if it is a local one, and without "." and "..", whether it exists or not.
std::string AbsolutePath(absl::string_view path);

bool Exists(absl::string_view path);
bool IsDirectory(absl::string_view path);
absl::StatusOr<int64_t> FileSize(absl::string_view path);
// Bytes of all regular files below `path` (or of the file itself).
absl::StatusOr<int64_t> TreeSize(absl::string_view path);

absl::StatusOr<std::string> ReadFile(absl::string_view path);
// Writes a temporary file beside `path`, flushes it to disk and renames it: readers see the old content or the new,
// whole. The umask decides who may read it. A full disk is RESOURCE_EXHAUSTED.
absl::Status WriteFile(absl::string_view path, absl::string_view content);

absl::Status MakeDirs(absl::string_view path);
// Removes a file or a tree; OK if there is none. Symbolic links are removed, not followed.
absl::Status RemoveAll(absl::string_view path);
absl::Status Rename(absl::string_view from, absl::string_view to);
absl::Status CopyTree(absl::string_view from, absl::string_view to);
// A new, empty directory inside `parent`, its name starting with `prefix`, for this user only. temporary.h has those
// that are removed.
absl::StatusOr<std::string> MakeTempDir(absl::string_view parent, absl::string_view prefix);

// Whether the two are one file or directory, by whatever paths; false if one does not exist.
bool IsSameFile(absl::string_view a, absl::string_view b);
// Whether two directories hold the same files and directories, byte for byte.
absl::StatusOr<bool> SameTree(absl::string_view a, absl::string_view b);
// Whether `path` is `folder` or below it, links resolved; neither needs to exist.
bool IsInside(absl::string_view path, absl::string_view folder);

// A directory with those above it that are missing. They are removed at the end of the scope, or if the user interrupts
// the program (clean_up.h), as far as they are empty then, unless Keep() was called.
//
//   io::NewDirs output(output_dir);
//   RETURN_IF_ERROR(output.Make());
class NewDirs {
 public:
  explicit NewDirs(absl::string_view path);
  absl::Status Make();
  void Keep() { remove_->Cancel(); }

 private:
  std::string path_;
  std::vector<std::string> made_;
  std::optional<CleanUp> remove_;
};

// Names (not paths) in a directory, sorted.
absl::StatusOr<std::vector<std::string>> ListDir(absl::string_view path);
// Regular files that match, sorted; hidden ones are left out unless the pattern names them. No match is an empty list.
absl::StatusOr<std::vector<std::string>> Glob(absl::string_view pattern);
// The pattern that matches this path and no other: for a path in front of a pattern, as in JoinPath(EscapeGlob(dir), "*").
std::string EscapeGlob(absl::string_view path);
// The paths of the regular files in a directory, sorted, without hidden ones; none if it does not exist.
absl::StatusOr<std::vector<std::string>> ListFiles(absl::string_view dir);

// Protos in a file: binary, text (.pbtxt) or JSON, with proto3 JSON's rules and the proto's own field names. Reading an
// ill-formed file says the line and column.
absl::Status ReadBinaryProto(absl::string_view path, google::protobuf::Message* message);
absl::Status WriteBinaryProto(absl::string_view path, const google::protobuf::Message& message);
absl::Status ReadTextProto(absl::string_view path, google::protobuf::Message* message);
absl::Status WriteTextProto(absl::string_view path, const google::protobuf::Message& message);
absl::Status ParseTextProto(absl::string_view text, google::protobuf::Message* message);
absl::Status ParseJson(absl::string_view json, google::protobuf::Message* message);
// Indented, with original field names, keys in field order: what TFX puts into exec properties.
absl::StatusOr<std::string> ToJson(const google::protobuf::Message& message);
// The same bytes for the same message (maps sorted).
std::string SerializeDeterministically(const google::protobuf::Message& message);

}  // namespace tfxm::io

#endif  // TFXM_UTIL_IO_H_
