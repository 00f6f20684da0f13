// SPDX-License-Identifier: Apache-2.0

// Which code runs: for cache keys, so that another version computes anew.
#ifndef TFXM_COMPONENTS_MODULES_CODE_FINGERPRINT_H_
#define TFXM_COMPONENTS_MODULES_CODE_FINGERPRINT_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tfxm/util/files/file_hashes.h"

namespace tfxm {

// The hashes of files that are no pipeline's (compilers, headers, libraries), for all of this process; remembered in
// the cache (util/files/cache_dir.h).
FileHashes& SharedFileHashes();

// Of the content of tfxm's libraries, and of name and size of those of others that it is made with.
absl::StatusOr<std::string> LibrariesFingerprint();

// Whether the program or library that holds `address` is a user's: neither tfxm's nor TensorFlow's nor the system's.
bool IsUserCode(const void* address);
// Of the content of all such programs and libraries that are loaded in this process.
absl::StatusOr<std::string> ProgramFingerprint();

}  // namespace tfxm

#endif  // TFXM_COMPONENTS_MODULES_CODE_FINGERPRINT_H_
