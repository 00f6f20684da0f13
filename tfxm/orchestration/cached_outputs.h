// Whether what a former execution has put out is still what it was.
#ifndef TFXM_ORCHESTRATION_CACHED_OUTPUTS_H_
#define TFXM_ORCHESTRATION_CACHED_OUTPUTS_H_

#include <string>

#include "tfxm/metadata/artifact.h"
#include "tfxm/util/file_hashes.h"

namespace tfxm {

// Why the artifacts cannot take the place of a new execution's, for people; empty if they can. Each file of an artifact
// must be there, with the size and the content that the artifact's property `files` says, and none beside them (hidden
// ones do not count). A model that was pushed must still be at its destination, whole, and the newest version there.
std::string WhyNotWhole(const ArtifactDict& outputs, FileHashes* hashes);

}  // namespace tfxm

#endif  // TFXM_ORCHESTRATION_CACHED_OUTPUTS_H_
