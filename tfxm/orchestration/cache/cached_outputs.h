// SPDX-License-Identifier: Apache-2.0

// The files that artifacts consist of: noted when they are published, and looked at again before they are used again.
#ifndef TFXM_ORCHESTRATION_CACHE_CACHED_OUTPUTS_H_
#define TFXM_ORCHESTRATION_CACHE_CACHED_OUTPUTS_H_

#include <string>

#include "absl/status/status.h"
#include "tfxm/metadata/artifact.h"
#include "tfxm/util/files/file_hashes.h"

namespace tfxm {

// The custom property that an artifact's FileManifest is kept in, as JSON.
inline constexpr char kFilesProperty[] = "files";

// Sets it for what is at the artifact's uri, a folder or a file. Not if there is anything else than files and folders:
// such an artifact is not looked at later.
absl::Status RecordFiles(Artifact* artifact, FileHashes* hashes);

// Why the artifacts cannot take the place of a new execution's, for people; empty if they can. Each file of an artifact
// must be there, with the size and the content that the artifact's property `files` says, and none beside them (hidden
// ones do not count). A model that was pushed must still be at its destination, whole, and the newest version there.
std::string WhyNotWhole(const ArtifactDict& outputs, FileHashes* hashes);

}  // namespace tfxm

#endif  // TFXM_ORCHESTRATION_CACHE_CACHED_OUTPUTS_H_
