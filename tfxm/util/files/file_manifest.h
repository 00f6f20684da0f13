// SPDX-License-Identifier: Apache-2.0

// The files below a folder with their sizes and hashes, to find out later whether they are still the same.
//
//   ASSIGN_OR_RETURN(FileManifest manifest, MakeFileManifest(dir));
//   RETURN_IF_ERROR(io::WriteFile(io::JoinPath(dir, kManifestFile), ManifestJson(manifest)));
//   …
//   ASSIGN_OR_RETURN(FileManifest before, ReadFileManifest(io::JoinPath(dir, kManifestFile)));
//   ASSIGN_OR_RETURN(std::vector<std::string> differences, CompareWithManifest(dir, before));
//
// On disk it is JSON, in the order of the paths, with nothing else in it:
//
// ```text
//   {
//    "files": {
//     "assets/vocabulary": {
//      "size": 665,
//      "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
//     },
//     …
// ```
#ifndef TFXM_UTIL_FILES_FILE_MANIFEST_H_
#define TFXM_UTIL_FILES_FILE_MANIFEST_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tfxm/util/files/file_hashes.h"

namespace tfxm {

// Beside the files of a pushed model.
inline constexpr char kManifestFile[] = "manifest.json";

struct FileManifest {
  struct File {
    int64_t size = 0;
    std::string sha256;  // 64 hex digits, small.
    bool operator==(const File&) const = default;
  };
  std::map<std::string, File> files;  // By path relative to the folder.
};

// Of all regular files below `dir` but a manifest.json in `dir` itself. Anything that is neither a file nor a folder (a
// link, a device) is an error. With `hashes`, what is known of a file that has not changed is not computed again.
absl::StatusOr<FileManifest> MakeFileManifest(absl::string_view dir, FileHashes* hashes = nullptr);
absl::StatusOr<FileManifest::File> DescribeFile(absl::string_view path, FileHashes* hashes = nullptr);

std::string ManifestJson(const FileManifest& manifest);
// Whose paths are relative and stay inside the folder. DATA_LOSS says what is wrong.
absl::StatusOr<FileManifest> ParseFileManifest(absl::string_view json);
absl::StatusOr<FileManifest> ReadFileManifest(absl::string_view path);

// A line for each file that is missing, changed or not in the manifest, in the order of the paths; empty if the folder
// is what it was. `with_others`: whether files that are not in the manifest count.
absl::StatusOr<std::vector<std::string>> CompareWithManifest(absl::string_view dir, const FileManifest& manifest,
                                                             bool with_others = true, FileHashes* hashes = nullptr);

}  // namespace tfxm

#endif  // TFXM_UTIL_FILES_FILE_MANIFEST_H_
