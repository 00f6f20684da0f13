// SPDX-License-Identifier: Apache-2.0

// The SHA-256 of files' contents, remembered: a file of which size, times of modification and change, inode and device
// are what they were is not read again. (The time of change cannot be set, so a copy with `cp -p` over it is seen.)
//
//   FileHashes hashes(io::JoinPath(pipeline_root, ".file_hashes"));
//   ASSIGN_OR_RETURN(std::string hex, hashes.Hash("data/a.tfrecord"));
//   RETURN_IF_ERROR(hashes.Save());     // For the next process.
//
// Of a file in an object store (io.h) ETag, size and time have to be what they were.
//
// A file that was written so recently that another change could bear the same time is not remembered. Thread safe.
#ifndef TFXM_UTIL_FILES_FILE_HASHES_H_
#define TFXM_UTIL_FILES_FILE_HASHES_H_

#include <cstdint>
#include <map>
#include <mutex>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace tfxm {

class FileHashes {
 public:
  // `path`: the file that they are remembered in; empty: they are only by this object. A damaged one is as none.
  explicit FileHashes(absl::string_view path = "");

  // In hex. Links are followed. NOT_FOUND, or the error of reading, name the file.
  absl::StatusOr<std::string> Hash(absl::string_view file);
  // What is another one when the content is: the hash or, of a file in an object store, which is not read for it, one of
  // its ETag and size.
  absl::StatusOr<std::string> Identity(absl::string_view file);

  // Without those of files that exist no more. OK if nothing is new. Safe against other processes that do the same.
  absl::Status Save();

 private:
  struct Entry {
    int64_t size = 0, modified = 0, changed = 0;  // Times in nanoseconds.
    uint64_t inode = 0, device = 0;               // In an object store: of the ETag.
    std::string hash;
  };
  static absl::StatusOr<Entry> Look(const std::string& file);

  const std::string path_;
  std::mutex mutex_;
  std::map<std::string, Entry> entries_;
  bool changed_ = false;
};

}  // namespace tfxm

#endif  // TFXM_UTIL_FILES_FILE_HASHES_H_
