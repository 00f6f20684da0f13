// SPDX-License-Identifier: Apache-2.0

// The folder that compiled modules are kept in from one run to the next. They are code, and run: so nobody else may be
// able to put something there.
//
//   ASSIGN_OR_RETURN(const std::string modules, MakeCacheDir("modules"));
#ifndef TFXM_UTIL_FILES_CACHE_DIR_H_
#define TFXM_UTIL_FILES_CACHE_DIR_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace tfxm {

// $TFXM_CACHE, else .cache/tfxm in the user's home: $HOME or, where that is not set, what the system's list of users
// says. FAILED_PRECONDITION if there is no home, with what to do.
absl::StatusOr<std::string> CacheDir();

// CacheDir()/name, made if need be. FAILED_PRECONDITION as of CheckOnlyOurs.
absl::StatusOr<std::string> MakeCacheDir(absl::string_view name);

// Whether only this user and root can have made `path` and can change it: it belongs to one of them, and neither all
// users nor another group may write to it. FAILED_PRECONDITION says what is wrong and what to do.
absl::Status CheckOnlyOurs(absl::string_view path);

}  // namespace tfxm

#endif  // TFXM_UTIL_FILES_CACHE_DIR_H_
