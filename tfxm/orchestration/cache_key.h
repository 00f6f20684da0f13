// When a node's former outputs may be used again: if a node with the same key has run before.
#ifndef TFXM_ORCHESTRATION_CACHE_KEY_H_
#define TFXM_ORCHESTRATION_CACHE_KEY_H_

#include <string>

#include "absl/status/statusor.h"
#include "tfxm/dsl/node.h"
#include "tfxm/metadata/artifact.h"

namespace tfxm {

// SHA-256, in hex, of all that decides what an executor makes: this project's version, the pipeline's and the node's
// name and type, its executor, exec properties, output types, the ids, uris and properties of its input artifacts, and
// the contents of the files that exec properties named *_file hold (for module_file with what it includes:
// ModuleFingerprint). NOT_FOUND names a module file that does not exist.
absl::StatusOr<std::string> CacheKey(const std::string& pipeline_name, const NodeSpec& spec, const ArtifactDict& inputs,
                                     const Properties& exec_properties);

}  // namespace tfxm

#endif  // TFXM_ORCHESTRATION_CACHE_KEY_H_
