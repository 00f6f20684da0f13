// SPDX-License-Identifier: Apache-2.0

#include "tfxm/model_analysis/output/output_folder.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tfxm/util/exit_status.h"
#include "tfxm/util/files/clean_up.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::model_analysis {
namespace {

namespace fs = std::filesystem;

// Also of a link that leads nowhere.
fs::file_type TypeOf(const std::string& path) {
  std::error_code error;
  return fs::symlink_status(path, error).type();
}

constexpr char kWayOut[] = "give another folder, or remove it if nobody needs it";

}  // namespace

absl::StatusOr<std::unique_ptr<OutputFolder>> OutputFolder::Open(const std::string& path,
                                                                 std::vector<std::string> names, bool replace) {
  std::unique_ptr<OutputFolder> folder(new OutputFolder(path, replace));
  const std::string mark = io::JoinPath(path, kEvaluationMark);
  if (replace && TypeOf(mark) == fs::file_type::regular) {
    ASSIGN_OR_RETURN(folder->earlier_, ReadFileManifest(mark));
  } else {
    names.emplace_back(kEvaluationMark);
  }
  RETURN_IF_ERROR(folder->CheckNames(names));
  RETURN_IF_ERROR(folder->CheckEarlier());
  const NoInterruption until_it_is_known_what_to_remove;
  RETURN_IF_ERROR(folder->made_.Make());
  ASSIGN_OR_RETURN(folder->staging_, io::TempDir::Make(path, ".writing-"));
  return folder;
}

absl::Status OutputFolder::CheckNames(const std::vector<std::string>& names) const {
  for (const std::string& name : names) {
    const std::string file = io::JoinPath(path_, name);
    const fs::file_type type = TypeOf(file);
    if (type == fs::file_type::not_found || type == fs::file_type::none) continue;
    // A folder is known by one of its files; others in it are left alone.
    const bool known = std::any_of(earlier_.files.begin(), earlier_.files.end(), [&](const auto& e) {
      return type == fs::file_type::directory ? absl::StartsWith(e.first, name + "/") : e.first == name;
    });
    if (known) continue;
    return UsageError(
        absl::StrCat(path_, " holds ", name, ", which no earlier evaluation of tfxm has left there: ", kWayOut));
  }
  return absl::OkStatus();
}

absl::Status OutputFolder::CheckEarlier() const {
  if (earlier_.files.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::vector<std::string> differences,
                   CompareWithManifest(path_, earlier_, /*with_others=*/false));
  for (const std::string& difference : differences) {
    if (absl::EndsWith(difference, " is missing")) continue;  // Somebody has removed it already.
    return UsageError(
        absl::StrCat("the earlier evaluation in ", path_, " has been changed: ", difference, "; ", kWayOut));
  }
  return absl::OkStatus();
}

absl::Status OutputFolder::CheckTargets(const FileManifest& files) const {
  for (const auto& [name, file] : files.files) {
    for (fs::path parent = fs::path(name).parent_path(); !parent.empty(); parent = parent.parent_path()) {
      const fs::file_type type = TypeOf(io::JoinPath(path_, parent.string()));
      if (type == fs::file_type::directory || type == fs::file_type::not_found) continue;
      return UsageError(absl::StrCat(io::JoinPath(path_, parent.string()), " is not a folder: ", kWayOut));
    }
    if (TypeOf(io::JoinPath(path_, name)) != fs::file_type::not_found && earlier_.files.count(name) == 0) {
      return UsageError(absl::StrCat(io::JoinPath(path_, name), " has appeared meanwhile: ", kWayOut));
    }
  }
  return absl::OkStatus();
}

absl::Status OutputFolder::RemoveEarlier() const {
  for (const auto& [name, file] : earlier_.files) {
    RETURN_IF_ERROR(io::RemoveAll(io::JoinPath(path_, name)));
    for (fs::path parent = fs::path(name).parent_path(); !parent.empty(); parent = parent.parent_path()) {
      if (rmdir(io::JoinPath(path_, parent.string()).c_str()) != 0) break;  // It holds something else.
    }
  }
  return absl::OkStatus();
}

absl::Status OutputFolder::Commit() {
  ASSIGN_OR_RETURN(const FileManifest files, MakeFileManifest(staging()));
  const NoInterruption until_it_is_in_place;
  RETURN_IF_ERROR(CheckTargets(files));
  RETURN_IF_ERROR(CheckEarlier());
  RETURN_IF_ERROR(RemoveEarlier());
  if (replace_) RETURN_IF_ERROR(io::WriteFile(io::JoinPath(path_, kEvaluationMark), ManifestJson(files)));
  for (const auto& [name, file] : files.files) {
    const std::string target = io::JoinPath(path_, name);
    RETURN_IF_ERROR(io::MakeDirs(io::Dirname(target)));
    RETURN_IF_ERROR(io::Rename(io::JoinPath(staging(), name), target));
  }
  made_.Keep();
  return absl::OkStatus();
}

}  // namespace tfxm::model_analysis
