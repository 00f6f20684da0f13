// SPDX-License-Identifier: Apache-2.0

#include "tfxm/orchestration/cache/cached_outputs.h"

#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "tfxm/components/executor.h"
#include "tfxm/util/files/file_manifest.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"

namespace tfxm {
namespace {

// What is wrong with the files at `uri`; empty if nothing is.
std::string FirstDifference(const std::string& uri, const FileManifest& manifest, FileHashes* hashes) {
  if (!io::Exists(uri)) return absl::StrCat(uri, " is missing");
  if (!io::IsDirectory(uri)) {
    const auto now = DescribeFile(uri, hashes);
    return now.ok() && manifest.files.size() == 1 && manifest.files.begin()->second == *now
               ? ""
               : absl::StrCat(uri, " has another content");
  }
  const auto differences = CompareWithManifest(uri, manifest, /*with_others=*/true, hashes);
  if (!differences.ok()) return std::string(differences.status().message());
  for (const std::string& difference : *differences) {
    const bool hidden = difference[0] == '.' || absl::StrContains(difference, "/.");
    if (hidden && absl::EndsWith(difference, "is not in the manifest")) continue;  // A file manager's, not the node's.
    return absl::StrCat(io::JoinPath(uri, difference),
                        differences->size() > 1 ? absl::StrCat(" (and ", differences->size() - 1, " more)") : "");
  }
  return "";
}

std::string WhyNotPushed(const Artifact& artifact, const FileManifest& manifest, FileHashes* hashes) {
  const std::string destination = StringPropertyOr(artifact.custom_properties, "pushed_destination", "");
  if (destination.empty()) return "";
  if (!io::IsDirectory(destination)) return absl::StrCat("the pushed model ", destination, " is not there any more");
  if (const std::string difference = FirstDifference(destination, manifest, hashes); !difference.empty()) {
    return absl::StrCat("of the pushed model, ", difference);
  }
  int64_t version = 0, other = 0;
  if (!absl::SimpleAtoi(io::Basename(destination), &version)) return "";
  for (const std::string& name : io::ListDir(io::Dirname(destination)).value_or(std::vector<std::string>())) {
    if (absl::SimpleAtoi(name, &other) && other > version) {
      return absl::StrCat("the pushed model ", destination, " is not the newest any more: version ", name, " is");
    }
  }
  return "";
}

}  // namespace

absl::Status RecordFiles(Artifact* artifact, FileHashes* hashes) {
  if (!io::Exists(artifact->uri)) return absl::OkStatus();
  absl::StatusOr<FileManifest> manifest = FileManifest();
  if (io::IsDirectory(artifact->uri)) {
    manifest = MakeFileManifest(artifact->uri, hashes);
    if (absl::IsFailedPrecondition(manifest.status())) return absl::OkStatus();
    RETURN_IF_ERROR(manifest.status());
  } else {
    ASSIGN_OR_RETURN(manifest->files[io::Basename(artifact->uri)], DescribeFile(artifact->uri, hashes));
  }
  artifact->custom_properties[kFilesProperty] = ManifestJson(*manifest);
  return absl::OkStatus();
}

std::string WhyNotWhole(const ArtifactDict& outputs, FileHashes* hashes) {
  for (const auto& [key, artifacts] : outputs) {
    for (const Artifact& artifact : artifacts) {
      if (!io::Exists(artifact.uri)) return absl::StrCat(artifact.uri, " is missing");
      const std::string json = StringPropertyOr(artifact.custom_properties, kFilesProperty, "");
      if (json.empty()) continue;
      const absl::StatusOr<FileManifest> manifest = ParseFileManifest(json);
      if (!manifest.ok()) return absl::StrCat(artifact.uri, ": ", manifest.status().message());
      if (std::string difference = FirstDifference(artifact.uri, *manifest, hashes); !difference.empty()) {
        return difference;
      }
      if (artifact.type_name != "PushedModel") continue;
      if (std::string why = WhyNotPushed(artifact, *manifest, hashes); !why.empty()) return why;
    }
  }
  return "";
}

}  // namespace tfxm
