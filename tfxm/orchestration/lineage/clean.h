// SPDX-License-Identifier: Apache-2.0

// Removes artifacts of old runs from the disk. The store keeps what it knows of them; their state becomes DELETED.
//
//   ASSIGN_OR_RETURN(const RunLock lock, RunLock::Acquire(path));
//   ASSIGN_OR_RETURN(auto store, MetadataStore::Open(path, database::Mode::kReadWrite));
//   ASSIGN_OR_RETURN(std::vector<OldArtifact> old, FindOldArtifacts(store.get(), /*keep=*/3));
//   RETURN_IF_ERROR(RemoveArtifacts(store.get(), old));
#ifndef TFXM_ORCHESTRATION_LINEAGE_CLEAN_H_
#define TFXM_ORCHESTRATION_LINEAGE_CLEAN_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tfxm/metadata/metadata_store.h"

namespace tfxm {

struct OldArtifact {
  int64_t id = 0;
  std::string type_name, uri;
  int64_t bytes = 0;  // On disk.
};

// Live artifacts that tfxm's executors made, at the place below pipeline_root that is theirs, and that nothing points
// to: no execution of the `keep` newest complete runs of their pipeline, or of any run after those, has read or put
// them out, and they are not the latest blessed model of a node, nor its blessing. Imported artifacts, those of other
// programs, and what has been pushed somewhere are never among them. In order of id. REQUIRES: keep > 0.
absl::StatusOr<std::vector<OldArtifact>> FindOldArtifacts(MetadataStore* store, int keep);

// Killed at any instant, the next call for the same store goes on. REQUIRES: no run is going on (run_lock.h).
absl::Status RemoveArtifacts(MetadataStore* store, const std::vector<OldArtifact>& artifacts);

}  // namespace tfxm

#endif  // TFXM_ORCHESTRATION_LINEAGE_CLEAN_H_
