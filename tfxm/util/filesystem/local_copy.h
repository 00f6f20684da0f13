// SPDX-License-Identifier: Apache-2.0

// For what reads files by itself, as the runtime of models does.
//
//   ASSIGN_OR_RETURN(const std::string dir, io::LocalCopy("s3://bucket/serving/1795955312"));
//   // dir == "/tmp/tfxm-copies-4711.1.tmp/1/1795955312"
#ifndef TFXM_UTIL_FILESYSTEM_LOCAL_COPY_H_
#define TFXM_UTIL_FILESYSTEM_LOCAL_COPY_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace tfxm::io {

// `path`, if it is of this machine; else a copy of the file or the tree in the folder for temporary files, made once and kept
// as long as the process lives. NOT_FOUND if there is nothing. Thread safe.
absl::StatusOr<std::string> LocalCopy(absl::string_view path);

}  // namespace tfxm::io

#endif  // TFXM_UTIL_FILESYSTEM_LOCAL_COPY_H_
