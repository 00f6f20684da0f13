// SPDX-License-Identifier: Apache-2.0

#include "tfxm/saved_model/internal/saved_model_copy.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string>

#include "absl/strings/str_cat.h"
#include "tfxm/saved_model/saved_model_files.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::internal {

absl::StatusOr<std::unique_ptr<io::TempDir>> CopySavedModel(absl::string_view original,
                                                            const tensorflow::SavedModel& changed) {
  std::error_code error;
  std::string temporary = std::filesystem::temp_directory_path(error).string();
  if (error) return absl::InternalError(absl::StrCat("no directory for temporary files: ", error.message()));
  if (io::EscapeGlob(temporary) != temporary) temporary = "/tmp";  // What RestoreV2 would take for a pattern.
  ASSIGN_OR_RETURN(std::unique_ptr<io::TempDir> dir, io::TempDir::Make(temporary, "tfxm_saved_model-"));
  RETURN_IF_ERROR(io::WriteBinaryProto(io::JoinPath(dir->path(), kSavedModelFile), changed));
  for (const char* folder : {"variables", "assets"}) {
    const std::string from = io::AbsolutePath(io::JoinPath(original, folder));
    if (!io::Exists(from)) continue;
    if (const std::string to = io::JoinPath(dir->path(), folder); symlink(from.c_str(), to.c_str()) != 0) {
      return absl::InternalError(absl::StrCat(to, ": ", std::strerror(errno)));
    }
  }
  return dir;
}

}  // namespace tfxm::internal
