// SPDX-License-Identifier: Apache-2.0

// What is in a folder and the folders below it, but for the folders themselves.
//
//   ASSIGN_OR_RETURN(const std::vector<TreeFile> files, ListTree(dir));
//   for (const TreeFile& file : files) std::cout << file.path;   // "variables/variables.index"
#ifndef TFXM_UTIL_FILES_LIST_TREE_H_
#define TFXM_UTIL_FILES_LIST_TREE_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace tfxm {

struct TreeFile {
  std::string path;  // Below the folder.
  // A regular file, or a symbolic link to one or to nothing: reading the latter says what is wrong.
  bool is_file = false;
  bool is_link = false;
};

// Sorted by path. Links to folders are not followed.
absl::StatusOr<std::vector<TreeFile>> ListTree(absl::string_view dir);

}  // namespace tfxm

#endif  // TFXM_UTIL_FILES_LIST_TREE_H_
